"""Lists of tickets, narrowed by the words of the reports, so that a figure leads to its tickets."""

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

import pytest

from services.kit import clock, testing
from services.tickets.sla.policy import STANDARD_VERSION
from tests.tickets.refusals import fields_of

if TYPE_CHECKING:
    from tests.tickets.conftest import Estate

BURST = "水管爆了，水漫到客厅"  # An emergency: 10 minutes, 1 hour, 8 hours.


def listed(estate: "Estate", name: str = "manager", **query: Any) -> set[str]:
    """Return the ids of the tickets a query finds."""
    sent = urlencode({key.rstrip("_"): value for key, value in query.items()})
    answer = estate.get(name, f"/tickets?limit=100&{sent}")
    assert answer.status_code == 200, answer.json
    return {item["id"] for item in answer.json["items"]}


def filed(estate: "Estate", ago: timedelta, *verbs: str, after: timedelta = timedelta(minutes=1)) -> dict[str, Any]:
    """File a request that came in a while ago and let the crew take steps on it soon after."""
    with testing.at(clock.now() - ago):
        ticket = estate.file(BURST)
    with testing.at(clock.now() - ago + after):
        for verb in verbs:
            ticket = estate.step("crew", ticket, verb)
    return ticket


def test_verdicts_of_a_clock(estate: "Estate") -> None:
    fresh = filed(estate, timedelta(0))
    overdue = filed(estate, timedelta(hours=9))
    kept = filed(estate, timedelta(hours=9), "claim", "start", "complete")
    late = filed(estate, timedelta(hours=12), "claim", "start", "complete", after=timedelta(hours=10))
    gone = filed(estate, timedelta(0))
    estate.step("resident", gone, "cancel")
    found = {
        verdict: listed(estate, clock="resolve", verdict=verdict)
        for verdict in ("met", "breached", "open_overdue", "open_in_time")
    }
    assert found == {
        "met": {kept["id"]},
        "breached": {overdue["id"], late["id"]},
        "open_overdue": {overdue["id"]},
        "open_in_time": {fresh["id"]},
    }
    everything = {ticket["id"] for ticket in (fresh, overdue, kept, late, gone)}
    assert listed(estate, clock="resolve") == everything
    assert listed(estate, verdict="breached") == {overdue["id"], late["id"]}
    assert listed(estate, clock="callback") == set()
    assert listed(estate, clock="attend", verdict="met") == {kept["id"]}


def test_whose_work_it_is_counts_by_who_completed_it_else_who_has_it(estate: "Estate") -> None:
    done = filed(estate, timedelta(hours=1), "claim", "start", "complete")
    taken = estate.step("colleague", estate.file(), "claim")
    estate.file()
    assert listed(estate, crew_id=estate.people["crew"].id) == {done["id"]}
    assert listed(estate, crew_id=estate.people["colleague"].id) == {taken["id"]}
    reopened = estate.step("resident", done, "reopen", {"reason": "又漏了"})
    reopened = estate.step("dispatcher", reopened, "assign", {"to": estate.people["colleague"].id})
    assert listed(estate, crew_id=estate.people["crew"].id) == {done["id"]}


def test_by_time_of_filing_the_end_not_included(estate: "Estate") -> None:
    old, new = filed(estate, timedelta(days=2)), estate.file()
    border = datetime.fromisoformat(new["filed_at"])
    assert listed(estate, to=border.isoformat()) == {old["id"]}
    assert listed(estate, from_=border.isoformat()) == {new["id"]}
    day = timedelta(days=1)
    assert listed(estate, from_=(border - day).isoformat(), to=(border + day).isoformat()) == {new["id"]}


def test_the_ends_of_time_are_times_too(estate: "Estate") -> None:
    ticket = estate.file()
    first, last = "0001-01-01T00:00:00+23:59", "9999-12-31T23:59:59-23:59"
    assert listed(estate, from_=first, to=last) == {ticket["id"]}
    assert listed(estate, from_=last, to=first) == set()


def test_what_is_over_and_what_is_still_to_be_done(estate: "Estate") -> None:
    done, gone, running = estate.completed(), estate.file(), estate.file()
    estate.step("resident", gone, "cancel")
    assert listed(estate, "dispatcher", over="true") == {done["id"], gone["id"]}
    assert listed(estate, "dispatcher", over="false") == {running["id"]}
    assert listed(estate, "dispatcher", over="true", status="cancelled") == {gone["id"]}
    assert set(fields_of(estate.get("dispatcher", "/tickets?over=perhaps"))) == {"over"}


def test_by_home(estate: "Estate") -> None:
    mine, theirs = estate.file(), estate.file(name="neighbour")
    assert listed(estate, "dispatcher", unit_id=estate.home) == {mine["id"]}
    assert listed(estate, "dispatcher", unit_id=estate.other_home) == {theirs["id"]}
    assert listed(estate, "dispatcher", unit_id=testing.fresh()) == set()
    assert listed(estate, "resident", unit_id=estate.other_home) == set()


def test_by_policy(estate: "Estate") -> None:
    older = estate.file()
    path = f"/communities/{estate.community_id}/policy"
    document = {**estate.get("manager", path).json["document"], "pauses": {}}
    estate.put("manager", path, {"document": document, "note": "a"}, If_Match="*")
    newer = estate.file()
    assert listed(estate, policy_version=STANDARD_VERSION) == {older["id"]}
    assert listed(estate, policy_version="own-1") == {newer["id"]}
    assert listed(estate, policy_version="own-2") == set()


@pytest.mark.parametrize("name", ["resident", "neighbour", "crew", "dispatcher"])
def test_a_filter_shows_nobody_more_than_the_list_does(estate: "Estate", name: str) -> None:
    filed(estate, timedelta(hours=9))
    expected = set() if name == "neighbour" else listed(estate)
    assert listed(estate, name, clock="resolve", verdict="breached") == expected


def test_filters_go_along_from_page_to_page(estate: "Estate") -> None:
    wanted = {filed(estate, timedelta(hours=9 + number))["id"] for number in range(3)}
    filed(estate, timedelta(0))
    seen: set[str] = set()
    where: str | None = "/tickets?clock=resolve&verdict=open_overdue&limit=2"
    while where:
        answer = estate.get("manager", where)
        seen |= {item["id"] for item in answer.json["items"]}
        link = answer.headers.get("Link", "")
        where = link[link.index("<") + 1 : link.index(">")].removeprefix("/api/v1") if link else None
    assert seen == wanted


def test_a_promise_and_a_quality_are_asked_for_together(estate: "Estate") -> None:
    filed(estate, timedelta(days=2), "claim")
    assert listed(estate, promise="moved", quality="broken_promise", verdict="void", clock="make_safe") == set()
