"""A pause needs a listed reason, a note and an end; it is objected to, taken back, and ends by itself."""

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import Engine, select

from services.kit import clock, testing
from services.kit.identity import system_actor
from services.tickets import commands
from services.tickets.models import clocks, outbox, tickets
from tests.tickets.refusals import fields_of, is_problem
from tests.tickets.walking import waiting

if TYPE_CHECKING:
    from tests.tickets.conftest import Estate

DAY = timedelta(days=1)
BURST = "水管爆了，水漫到客厅"  # An emergency: done within eight hours.


def started(estate: "Estate", description: str = "厨房水管漏水", ago: timedelta = timedelta()) -> dict[str, Any]:
    """File a request that came in a while ago and let the crew begin at once."""
    with testing.at(clock.now() - ago):
        ticket = estate.file(description)
        for verb in ("claim", "start"):
            ticket = estate.step("crew", ticket, verb)
    return ticket


def told(engine: Engine, ticket: dict[str, Any], kind: str) -> list[dict[str, Any]]:
    """Return the data of the events of a type about a ticket."""
    with engine.connect() as db:
        rows = select(outbox.c.data).where(outbox.c.subject == ticket["id"], outbox.c.type == kind)
        return list(db.execute(rows.order_by(outbox.c.occurred_at)).scalars())


def last_entry(estate: "Estate", ticket: dict[str, Any], name: str = "manager") -> dict[str, Any]:
    """Return the newest step as somebody reads it."""
    return dict(estate.get(name, f"/tickets/{ticket['id']}/history").json["items"][-1])


def resolve_clock(estate: "Estate", ticket: dict[str, Any], name: str = "manager") -> dict[str, Any]:
    """Return the resolve clock as somebody reads it now."""
    items = estate.get(name, f"/tickets/{ticket['id']}/clocks").json["items"]
    return next(item for item in items if item["clock"] == "resolve")


def expire(engine: Engine, estate: "Estate", ticket: dict[str, Any]) -> bool:
    """End the pause as the timer does; True where it did."""
    with engine.begin() as db:
        return commands.expire_pause(db, system_actor(estate.organisation_id), ticket["id"]) is not None


def test_a_pause_says_why_and_until_when(estate: "Estate", worker_engine: Engine) -> None:
    body = waiting("parts", hours=5)
    ticket = estate.step("crew", started(estate), "pause", body)
    assert (ticket["status"], ticket["waiting_reason"], ticket["paused_until"]) == ("waiting", "parts", body["until"])
    seen = last_entry(estate, ticket, "resident")
    assert (seen["data"]["waiting_reason"], seen["data"]["until"], seen["note"]) == (
        "parts", body["until"], body["note"],
    )  # fmt: skip
    (fact,) = told(worker_engine, ticket, "ticket.paused.v1")
    assert (fact["waiting_reason"], datetime.fromisoformat(fact["paused_until"])) == (
        "parts", datetime.fromisoformat(body["until"]),
    )  # fmt: skip
    assert resolve_clock(estate, ticket, "resident")["paused_until"] == body["until"]
    resumed = estate.step("crew", ticket, "resume")
    assert (resumed["waiting_reason"], resumed["paused_until"]) == (None, None)


@pytest.mark.parametrize("missing", ["reason", "note", "until"])
def test_a_pause_without_its_reason_note_or_end_is_refused(estate: "Estate", missing: str) -> None:
    ticket = started(estate)
    body = {name: value for name, value in waiting().items() if name != missing}
    answer = estate.post("crew", f"/tickets/{ticket['id']}/pause", body)
    is_problem(answer, 422)
    assert fields_of(answer) == {missing}
    assert estate.get("crew", f"/tickets/{ticket['id']}").json["status"] == "in_progress"


@pytest.mark.parametrize(
    ("language", "word"), [("en", "let the crew in may last 3 days"), ("zh-CN", "“无法入户”为由的暂停最长为3天")]
)
def test_a_pause_longer_than_the_policy_allows_is_refused_with_what_it_allows(
    estate: "Estate", language: str, word: str
) -> None:
    ticket = started(estate)
    body = waiting("access", days=3, minutes=1)
    answer = estate.post("crew", f"/tickets/{ticket['id']}/pause", body, Accept_Language=language)
    is_problem(answer, 422)
    assert fields_of(answer) == {"until"}
    assert word in answer.json["detail"]
    assert answer.json["longest_seconds"] == 3 * DAY.total_seconds()
    estate.step("crew", ticket, "pause", waiting("access", days=2, hours=23))


@pytest.mark.parametrize("ago", [timedelta(), timedelta(days=1)])
def test_a_pause_that_would_be_over_before_it_began_is_refused(estate: "Estate", ago: timedelta) -> None:
    body = {**waiting(), "until": (clock.now() - ago).isoformat()}
    answer = estate.post("crew", f"/tickets/{started(estate)['id']}/pause", body)
    is_problem(answer, 422)
    assert fields_of(answer) == {"until"}


def test_a_household_objects_once_a_pause_and_staff_read_why(estate: "Estate", worker_engine: Engine) -> None:
    ticket = estate.step("crew", started(estate), "pause", waiting())
    assert "object" in estate.get("resident", f"/tickets/{ticket['id']}").json["actions"]
    objected = estate.step("resident", ticket, "object", {"reason": "配件店就在楼下"})
    assert objected["status"] == "waiting"
    assert (objected["objected_at"], "object" in objected["actions"]) == (objected["changed_at"], False)
    assert estate.get("dispatcher", f"/tickets/{ticket['id']}").json["objected_at"] == objected["objected_at"]
    for name in ("crew", "dispatcher", "manager"):
        seen = last_entry(estate, ticket, name)
        assert (seen["action"], seen["actor_role"], seen["note"]) == ("object", "resident", "配件店就在楼下")
    assert [fact["waiting_reason"] for fact in told(worker_engine, ticket, "ticket.objected.v1")] == ["parts"]
    estate.join("spouse", "resident", unit_ids=(estate.home,))
    for name in ("resident", "spouse"):
        is_problem(estate.post(name, f"/tickets/{ticket['id']}/object", {"reason": "还是不同意"}), 409)
    assert estate.step("crew", ticket, "resume")["objected_at"] is None
    is_problem(estate.post("resident", f"/tickets/{ticket['id']}/object", {"reason": "?"}), 409)
    estate.step("crew", ticket, "pause", waiting("weather"))
    estate.step("resident", ticket, "object", {"reason": "今天没有下雨"})
    assert len(told(worker_engine, ticket, "ticket.objected.v1")) == 2


def test_only_the_household_objects(estate: "Estate") -> None:
    ticket = estate.step("crew", started(estate), "pause", waiting())
    assert estate.post("neighbour", f"/tickets/{ticket['id']}/object", {"reason": "a"}).status_code == 404
    for name in ("crew", "dispatcher", "manager", "admin"):
        assert estate.post(name, f"/tickets/{ticket['id']}/object", {"reason": "a"}).status_code == 403, name


def test_a_disallowed_pause_gives_no_credit_and_may_breach(estate: "Estate", worker_engine: Engine) -> None:
    ticket = started(estate, BURST, timedelta(hours=9))
    with testing.at(clock.now() - timedelta(hours=8)):
        ticket = estate.step("crew", ticket, "pause", waiting("parts", days=1))
    before = resolve_clock(estate, ticket)
    assert (before["state"], before["breached_at"]) == ("paused", None)
    ticket = estate.step("dispatcher", ticket, "disallow", {"reason": "配件在库房里"})
    assert (ticket["status"], ticket["waiting_reason"], ticket["paused_until"]) == ("in_progress", None, None)
    after = resolve_clock(estate, ticket)
    filed_at = datetime.fromisoformat(ticket["filed_at"])
    assert datetime.fromisoformat(after["breached_at"]) == filed_at + timedelta(hours=8)
    assert (after["state"], after["pauses"]) == ("breached", [])
    seen = last_entry(estate, ticket, "resident")
    assert (seen["note"], seen["data"]["waiting_reason"]) == ("配件在库房里", "parts")
    assert [fact["waiting_reason"] for fact in told(worker_engine, ticket, "ticket.disallowed.v1")] == ["parts"]
    with worker_engine.connect() as db:
        key = (clocks.c.ticket_id == ticket["id"], clocks.c.kind == "resolve")
        row = db.execute(select(clocks).where(*key)).one()
    assert row.breached_at == filed_at + timedelta(hours=8)
    assert row.next_fire_at is not None


def test_a_pause_ends_by_itself_when_its_time_is_over(estate: "Estate", worker_engine: Engine) -> None:
    ticket = started(estate)
    with testing.at(clock.now() - timedelta(hours=3)):
        body = waiting("parts", hours=2)
        early = started(estate)
        early = estate.step("crew", early, "pause", body)
    ticket = estate.step("crew", ticket, "pause", waiting())
    assert not expire(worker_engine, estate, ticket), "it is not over yet"
    assert expire(worker_engine, estate, early)
    assert not expire(worker_engine, estate, early), "it has ended already"
    now = estate.get("resident", f"/tickets/{early['id']}").json
    assert (now["status"], now["paused_until"], now["owner"]["id"]) == ("in_progress", None, estate.people["crew"].id)
    seen = last_entry(estate, early)
    assert (seen["action"], seen["actor_role"]) == ("resume", "system")
    assert seen["data"] == {"expired": True, "paused_until": body["until"]}
    assert [fact["expired"] for fact in told(worker_engine, early, "ticket.resumed.v1")] == [True]
    ((begin, end),) = resolve_clock(estate, early)["pauses"]
    assert end == body["until"]
    assert datetime.fromisoformat(end) - datetime.fromisoformat(begin) == timedelta(hours=2)


def test_a_pause_nobody_noticed_the_end_of_gives_no_more_credit_than_it_was_to(
    estate: "Estate", worker_engine: Engine
) -> None:
    """The same job, its pause of two hours noticed in time, late, or never: one verdict."""
    found = []
    for noticed_after in (timedelta(hours=2), timedelta(hours=6), None):
        ticket = started(estate, BURST, timedelta(hours=12))
        with testing.at(clock.now() - timedelta(hours=11)):
            paused_at = clock.now()
            ticket = estate.step("crew", ticket, "pause", waiting("parts", hours=2))
        if noticed_after is not None:
            with testing.at(paused_at + noticed_after):
                assert expire(worker_engine, estate, ticket)
        else:
            estate.step("crew", ticket, "resume")
        done = estate.step("crew", ticket, "complete")
        verdict = resolve_clock(estate, done)
        due = datetime.fromisoformat(verdict["due_at"]) - datetime.fromisoformat(done["filed_at"])
        found.append((verdict["state"], round(due.total_seconds()), round(verdict["pause_seconds"])))
    assert found == [("breached", 36_000, 7_200)] * 3


def test_an_older_pause_without_an_end_is_left_to_people(estate: "Estate", worker_engine: Engine) -> None:
    ticket = estate.step("crew", started(estate), "pause", waiting())
    with worker_engine.begin() as db:
        db.execute(tickets.update().where(tickets.c.id == ticket["id"]).values(paused_until=None))
    assert not expire(worker_engine, estate, ticket)
    assert estate.step("dispatcher", ticket, "resume")["status"] == "in_progress"


def test_a_pause_may_only_be_for_what_the_policy_of_the_ticket_lists(estate: "Estate") -> None:
    path = f"/communities/{estate.community_id}/policy"
    older = started(estate)
    policy = estate.get("manager", path)
    document = {**policy.json["document"], "pauses": {"parts": {"longest_seconds": 3600}}}
    answer = estate.put("manager", path, {"document": document, "note": "少等待"}, If_Match=policy.headers["ETag"])
    assert answer.status_code == 200, answer.json
    ticket = started(estate)
    refusal = estate.post("crew", f"/tickets/{ticket['id']}/pause", waiting("weather"), Accept_Language="en")
    is_problem(refusal, 422)
    assert fields_of(refusal) == {"reason"}
    assert refusal.json["reasons"] == ["parts"]
    assert "because of the weather. It allows: parts." in refusal.json["detail"]
    refusal = estate.post("crew", f"/tickets/{ticket['id']}/pause", waiting("weather"), Accept_Language="zh-CN")
    assert "以“天气原因”为由暂停，可用的原因：等待配件（parts）" in refusal.json["detail"]
    too_long = estate.post("crew", f"/tickets/{ticket['id']}/pause", waiting("parts", minutes=61), Accept_Language="en")
    assert "1 hour " in too_long.json["detail"]
    estate.step("crew", ticket, "pause", waiting("parts", minutes=59))
    # What was filed before the change still runs by its own policy.
    estate.step("crew", older, "pause", waiting("weather", days=2))
