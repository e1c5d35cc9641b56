"""When somebody comes (预约上门): proposed, agreed to, changed and called off over HTTP, and who may do which."""

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from services.kit import clock, testing

if TYPE_CHECKING:
    from tests.tickets.conftest import Estate

HOUR = timedelta(hours=1)


def in_hours(begins: float, lasts: float = 3) -> dict[str, str]:
    """Return a window that begins so many hours from now, on the whole second."""
    at = clock.now().replace(microsecond=0) + begins * HOUR
    return {"from": at.isoformat(), "to": (at + lasts * HOUR).isoformat()}


def seen(ticket: dict[str, Any]) -> dict[str, int]:
    """Return what an answer to the ticket's appointment says it saw."""
    return {"seen": ticket["appointment"]["version"]} if ticket["appointment"] else {}


def same(window: dict[str, Any], given: dict[str, str]) -> bool:
    """Whether two windows are the same moments."""
    return all(datetime.fromisoformat(window[name]) == datetime.fromisoformat(given[name]) for name in ("from", "to"))


def refused(answer: Any) -> tuple[int, list[str]]:
    """Return the status of a refusal, and the fields it names."""
    return answer.status_code, [one["field"] for one in answer.get_json()["errors"]]


def became(estate: "Estate", ticket: dict[str, Any], who: str = "resident") -> list[str]:
    """Return what became of every window of a ticket."""
    answer = estate.get(who, f"/tickets/{ticket['id']}/appointments").get_json()
    return [one["became"] for one in answer["items"]]


def claimed(estate: "Estate", **body: Any) -> dict[str, Any]:
    """File a request, and let the crew take it."""
    return estate.step("crew", estate.file(**body), "claim")


def agreed(estate: "Estate", begins: float = 2, lasts: float = 3) -> dict[str, Any]:
    """Return a ticket whose household agreed to what the crew proposed."""
    ticket = estate.step("crew", claimed(estate), "propose", in_hours(begins, lasts))
    return estate.step("resident", ticket, "agree", seen(ticket))


def test_the_crew_proposes_the_household_asks_for_another_and_the_desk_agrees(estate: "Estate") -> None:
    first, other = in_hours(2), in_hours(26)
    ticket = claimed(estate)
    assert ticket["appointment"] is None
    ticket = estate.step("crew", ticket, "propose", first)
    proposed = ticket["appointment"]["proposed"]
    assert same(proposed, first)
    assert (proposed["by"], ticket["appointment"]["agreed"]) == ("desk", None)
    ticket = estate.step("resident", ticket, "propose", {**other, **seen(ticket), "note": "周二更方便"})
    assert ticket["appointment"]["proposed"]["by"] == "household"
    ticket = estate.step("dispatcher", ticket, "agree", seen(ticket))
    assert same(ticket["appointment"]["agreed"], other)
    assert ticket["appointment"]["proposed"] is None
    assert became(estate, ticket) == ["replaced", "agreed"]
    entries = estate.get("resident", f"/tickets/{ticket['id']}/history").get_json()["items"]
    assert [one["action"] for one in entries][-3:] == ["propose", "propose", "agree"]
    assert entries[-2]["note"] == "周二更方便"


def test_what_was_agreed_stands_until_the_other_side_agrees_to_the_change(estate: "Estate") -> None:
    ticket = agreed(estate)
    before = ticket["appointment"]["agreed"]
    ticket = estate.step("crew", ticket, "propose", {**in_hours(30), **seen(ticket)})
    assert ticket["appointment"]["agreed"] == before
    ticket = estate.step("resident", ticket, "call-off", seen(ticket))
    assert (ticket["appointment"]["agreed"], ticket["appointment"]["proposed"]) == (before, None)
    assert became(estate, ticket) == ["agreed", "called_off"]
    ticket = estate.step("crew", ticket, "propose", {**in_hours(30), **seen(ticket)})
    ticket = estate.step("resident", ticket, "agree", seen(ticket))
    assert ticket["appointment"]["agreed"] != before
    assert became(estate, ticket) == ["replaced", "called_off", "agreed"]
    ticket = estate.step("resident", ticket, "call-off", seen(ticket))
    assert ticket["appointment"] is None
    assert became(estate, ticket) == ["replaced", "called_off", "called_off"]


def test_of_two_proposals_that_cross_the_later_is_told_of_the_first(estate: "Estate") -> None:
    ticket = claimed(estate)
    first = estate.step("crew", ticket, "propose", in_hours(2))
    answer = estate.post("resident", f"/tickets/{ticket['id']}/propose", in_hours(5))
    told = answer.get_json()
    assert (answer.status_code, told["code"], told["why"]) == (409, "conflict", "appointment_changed")
    assert told["appointment"] == first["appointment"]
    for verb in ("agree", "call-off"):
        late = estate.post("resident", f"/tickets/{ticket['id']}/{verb}", {"seen": 1})
        assert (late.status_code, late.get_json()["appointment"]) == (409, first["appointment"])
    # What else happens to a ticket is no change of its appointment.
    estate.step("dispatcher", first, "comments", {"body": "请带梯子"})
    assert estate.step("resident", first, "agree", seen(first))["appointment"]["agreed"]
    gone = estate.post("resident", f"/tickets/{ticket['id']}/agree", seen(first))
    assert (gone.status_code, gone.get_json()["why"]) == (409, "appointment_changed")


def test_nobody_agrees_to_their_own_proposal(estate: "Estate") -> None:
    ticket = estate.step("resident", claimed(estate), "propose", in_hours(2))
    assert "agree" not in ticket["actions"]
    answer = estate.post("resident", f"/tickets/{ticket['id']}/agree", seen(ticket))
    assert (answer.status_code, answer.get_json()["why"]) == (409, "own_proposal")
    ticket = estate.step("crew", claimed(estate), "propose", in_hours(2))
    for who in ("crew", "dispatcher"):
        answer = estate.post(who, f"/tickets/{ticket['id']}/agree", seen(ticket))
        assert (answer.status_code, answer.get_json()["why"]) == (409, "own_proposal")
    assert "agree" in estate.get("resident", f"/tickets/{ticket['id']}").get_json()["actions"]
    nothing = estate.post("resident", f"/tickets/{claimed(estate)['id']}/agree", {})
    assert (nothing.status_code, nothing.get_json()["why"]) == (409, "nothing_proposed")


def test_the_desk_records_what_the_household_said_on_the_phone_and_says_so(estate: "Estate") -> None:
    ticket = estate.file()
    unsaid = estate.post("dispatcher", f"/tickets/{ticket['id']}/agree", in_hours(2))
    assert refused(unsaid) == (422, ["spoken"])
    ticket = estate.step("dispatcher", ticket, "agree", {**in_hours(2), "spoken": True})
    assert ticket["appointment"]["agreed"]
    (one,) = estate.get("crew", f"/tickets/{ticket['id']}/appointments").get_json()["items"]
    assert (one["spoken"], one["proposed_by"], one["became"]) == (True, "desk", "agreed")
    ticket = estate.step("crew", claimed(estate), "propose", in_hours(2))
    ticket = estate.step("crew", ticket, "agree", {**seen(ticket), "spoken": True})
    (one,) = estate.get("crew", f"/tickets/{ticket['id']}/appointments").get_json()["items"]
    assert (one["spoken"], one["became"]) == (True, "agreed")
    resident = estate.post("resident", f"/tickets/{ticket['id']}/agree", {**in_hours(2), **seen(ticket)})
    assert refused(resident) == (422, ["from"])


@pytest.mark.parametrize(
    ("sentence", "window", "field"),
    [
        ("past", in_hours(-1), "from"),
        ("further than sixty days", in_hours(24 * 61), "from"),
        ("longer than eight hours", in_hours(2, 8.1), "to"),
        ("shorter than a quarter of an hour", in_hours(2, 0.2), "to"),
        ("its end before its beginning", in_hours(2, -1), "to"),
        ("no zone", {**in_hours(2), "from": "2026-11-25T09:00:00"}, "from"),
        ("no end", {"from": in_hours(2)["from"]}, "to"),
        ("seen is no number", {**in_hours(2), "seen": "x"}, "seen"),
        ("beyond the calendar", {"from": "9999-12-31T23:00:00-14:00", "to": "9999-12-31T23:30:00-14:00"}, "from"),
    ],
    ids=lambda value: value.replace(" ", "_") if isinstance(value, str) else "",
)
def test_a_window_that_cannot_be_is_refused_by_its_field(
    estate: "Estate", sentence: str, window: dict[str, Any], field: str
) -> None:
    ticket = claimed(estate)
    answer = estate.post("crew", f"/tickets/{ticket['id']}/propose", window)
    assert refused(answer) == (422, [field]), sentence
    half = estate.post("dispatcher", f"/tickets/{ticket['id']}/agree", {"from": in_hours(1)["from"], "spoken": True})
    assert refused(half) == (422, ["to"])


def test_strangers_and_colleagues_keep_their_hands_off(estate: "Estate", new_estate: Any) -> None:
    ticket = agreed(estate)
    for verb in ("propose", "agree", "call-off"):
        body = {**(in_hours(3) if verb == "propose" else {}), **seen(ticket)}
        assert estate.post("neighbour", f"/tickets/{ticket['id']}/{verb}", body).status_code == 404
        assert estate.post("colleague", f"/tickets/{ticket['id']}/{verb}", body).status_code == 403
        assert new_estate().post("dispatcher", f"/tickets/{ticket['id']}/{verb}", body).status_code == 404
    assert estate.get("neighbour", f"/tickets/{ticket['id']}/appointments").status_code == 404


def test_a_job_that_is_over_or_moves_with_another_has_no_appointment(estate: "Estate") -> None:
    ticket = agreed(estate)
    for verb in ("arrive", "start", "complete"):
        ticket = estate.step("crew", ticket, verb)
    assert ticket["appointment"] is None
    for verb in ("propose", "agree", "call-off"):
        body = in_hours(2) if verb == "propose" else {}
        answer = estate.post("dispatcher", f"/tickets/{ticket['id']}/{verb}", body)
        assert (answer.status_code, answer.get_json()["why"]) == (409, "not_now")
    assert estate.step("resident", ticket, "reopen", {"reason": "还在漏"})["appointment"] is None
    lead = estate.file(unit_id=None, community_id=estate.community_id, name="dispatcher", catalogue_code="lift-fault")
    other = estate.file(unit_id=None, community_id=estate.community_id, name="dispatcher", catalogue_code="lift-fault")
    other = estate.step("dispatcher", other, "agree", {**in_hours(2), "spoken": True})
    other = estate.step("dispatcher", other, "join", {"to": lead["id"]})
    assert (other["appointment"], "propose" in other["actions"]) == (None, False)
    assert became(estate, other, "dispatcher") == ["ended"]
    answer = estate.post("dispatcher", f"/tickets/{other['id']}/propose", in_hours(2))
    assert (answer.status_code, answer.get_json()["joined_to"]) == (409, lead["id"])


def test_an_appointment_goes_with_the_job_to_whoever_gets_it(estate: "Estate") -> None:
    ticket = agreed(estate)
    ticket = estate.step("crew", ticket, "assign", {"to": estate.people["colleague"].id})
    assert ticket["appointment"]["agreed"]
    assert estate.step("colleague", ticket, "release", {"reason": "请假"})["appointment"]["agreed"]


def test_if_match_is_heeded_where_it_is_given(estate: "Estate") -> None:
    ticket = claimed(estate)
    path = f"/tickets/{ticket['id']}"
    tag = estate.get("crew", path).headers["ETag"]
    estate.step("dispatcher", ticket, "comments", {"body": "请带梯子"})
    assert estate.post("crew", f"{path}/propose", in_hours(2), If_Match=tag).status_code == 412
    tag = estate.get("crew", path).headers["ETag"]
    assert estate.step("crew", ticket, "propose", in_hours(2), If_Match=tag)["appointment"]


def test_a_window_that_is_over_cannot_be_agreed_to(estate: "Estate") -> None:
    ticket = estate.step("crew", claimed(estate), "propose", in_hours(2))
    with testing.at(clock.now() + 6 * HOUR):
        answer = estate.post("resident", f"/tickets/{ticket['id']}/agree", seen(ticket))
    assert (answer.status_code, answer.get_json()["why"]) == (409, "window_over")


def test_a_phone_without_signal_proposes_and_counts_from_when_it_was_heard(estate: "Estate") -> None:
    ticket = claimed(estate)
    now = datetime.now(UTC)
    said = {"acted_at": (now - HOUR).isoformat(), "sent_at": now.isoformat(), "expected_status": "claimed"}
    estate.step("crew", ticket, "propose", {**in_hours(2), **said})
    entry = estate.get("crew", f"/tickets/{ticket['id']}/history").get_json()["items"][-1]
    assert entry["data"]["acted"]["bound"] == "when_heard"


def test_my_jobs_are_sorted_by_when_i_am_expected(estate: "Estate") -> None:
    later, sooner = claimed(estate), claimed(estate)
    later = estate.step("crew", later, "agree", {**in_hours(3, 1), "spoken": True})
    sooner = estate.step("crew", sooner, "agree", {**in_hours(0.2, 0.5), "spoken": True})
    jobs = [one["ticket"]["id"] for one in estate.get("crew", "/jobs").get_json()["items"]]
    assert jobs.index(sooner["id"]) < jobs.index(later["id"])
