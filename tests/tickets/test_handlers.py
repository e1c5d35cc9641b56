"""What surveys and the gateway tell this service: at least once, in any order, with one effect."""

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import Engine, select

from services.contracts import to_event
from services.contracts.gateway import AccountChanged
from services.contracts.surveys import SurveyAnswered, SurveyExpired
from services.kit import clock, inbox, testing
from services.kit.events import Event, PermanentError
from services.tickets import handlers, models
from services.tickets.models import outbox, people, tickets

if TYPE_CHECKING:
    from tests.tickets.conftest import Estate


def answered(
    estate: "Estate",
    ticket: dict[str, Any],
    *,
    solved: bool = False,
    completion: int = 1,
    satisfaction: int | None = None,
) -> Event:
    """Return the event of an answered survey."""
    fact = SurveyAnswered(
        survey_id=testing.fresh(),
        ticket_id=ticket["id"],
        number=ticket["number"],
        community_id=ticket["community_id"],
        unit_id=ticket["unit_id"],
        requester_id=ticket["requester_id"],
        completion=completion,
        solved=solved,
        satisfaction=satisfaction if solved else 1,
        has_comment=False,
    )
    return to_event(fact, organisation_id=estate.organisation_id, subject=fact.survey_id, at=clock.now())


def tell(engine: Engine, *events: Event) -> int:
    """Hand events to the service as its consumer does; returns how many were new."""
    with engine.begin() as db:
        return sum(len(inbox.handle_once(db, models.inbox, [event], handlers.handle)) for event in events)


def state(estate: "Estate", ticket: dict[str, Any]) -> tuple[str, int]:
    """Return a ticket's status and version."""
    now = estate.get("manager", f"/tickets/{ticket['id']}").json
    return now["status"], now["version"]


def test_not_solved_reopens_once(estate: "Estate", worker_engine: Engine) -> None:
    done = estate.completed()
    event = answered(estate, done)
    assert tell(worker_engine, event, event) == 1
    assert tell(worker_engine, event) == 0
    assert state(estate, done) == ("reopened", done["version"] + 1)
    now = estate.get("resident", f"/tickets/{done['id']}").json
    assert now["owner"]["id"] == estate.people["crew"].id
    assert now["first_completed_at"] == done["first_completed_at"]
    last = estate.get("manager", f"/tickets/{done['id']}/history").json["items"][-1]
    assert (last["actor_role"], last["data"]["cause"]) == ("system", "survey")
    with worker_engine.connect() as db:
        told = select(outbox.c.data).where(outbox.c.subject == done["id"], outbox.c.type == "ticket.reopened.v1")
        (data,) = db.execute(told).scalars()
    assert (data["cause"], data["crew_id"]) == ("survey", estate.people["crew"].id)


def test_another_survey_of_the_same_completion_reopens_nothing_twice(estate: "Estate", worker_engine: Engine) -> None:
    done = estate.completed()
    tell(worker_engine, answered(estate, done))
    tell(worker_engine, answered(estate, done))
    assert state(estate, done) == ("reopened", done["version"] + 1)


def columns(engine: Engine, ticket: dict[str, Any]) -> tuple[bool | None, int | None]:
    """Return what the ticket's row keeps of a human's answer."""
    with engine.connect() as db:
        row = db.execute(select(tickets.c.solved, tickets.c.satisfaction).where(tickets.c.id == ticket["id"])).one()
    return row.solved, row.satisfaction


def test_solved_goes_on_record_once_and_answers_the_call(estate: "Estate", worker_engine: Engine) -> None:
    done = estate.completed()
    assert columns(worker_engine, done) == (None, None)
    event = answered(estate, done, solved=True, satisfaction=5)
    tell(worker_engine, event, event, answered(estate, done, solved=True, satisfaction=1))
    assert state(estate, done) == ("completed", done["version"] + 1)
    assert columns(worker_engine, done) == (True, 5)
    last = estate.get("manager", f"/tickets/{done['id']}/history").json["items"][-1]
    assert (last["action"], last["actor_role"]) == ("answer", "system")
    survey = {"survey_id": event.data["survey_id"], "completion": 1, "solved": True, "satisfaction": 5}
    assert last["data"] == survey
    with worker_engine.connect() as db:
        told = select(outbox.c.data).where(outbox.c.subject == done["id"], outbox.c.type == "ticket.answered.v1")
        assert [data["satisfaction"] for data in db.execute(told).scalars()] == [5]
        rows = db.execute(select(models.clocks).where(models.clocks.c.ticket_id == done["id"])).mappings()
        callback = [row for row in rows if row["kind"] == "callback"]
    assert all(row["state"] == "met" for row in callback)


def test_an_answer_of_solved_to_a_job_that_is_open_again_changes_nothing(
    estate: "Estate", worker_engine: Engine
) -> None:
    done = estate.completed()
    ticket = estate.step("resident", done, "reopen", {"reason": "又漏了"})
    tell(worker_engine, answered(estate, done, solved=True))
    assert state(estate, done) == ("reopened", ticket["version"])
    assert columns(worker_engine, done) == (None, None)


def test_a_new_completion_has_not_been_answered_yet(estate: "Estate", worker_engine: Engine) -> None:
    done = estate.completed()
    tell(worker_engine, answered(estate, done))
    assert columns(worker_engine, done) == (False, 1)
    last = estate.get("manager", f"/tickets/{done['id']}/history").json["items"][-1]
    assert (last["data"]["solved"], last["data"]["satisfaction"], last["data"]["completion"]) == (False, 1, 1)
    for verb in ("start", "complete"):
        estate.step("crew", done, verb)
    assert columns(worker_engine, done) == (None, None)
    tell(worker_engine, answered(estate, done, solved=True, completion=1))
    assert columns(worker_engine, done) == (None, None)
    tell(worker_engine, answered(estate, done, solved=True, completion=2))
    assert columns(worker_engine, done) == (True, None)


def test_not_solved_counts_also_after_somebody_else_of_the_home_said_solved(
    estate: "Estate", worker_engine: Engine
) -> None:
    done = estate.completed()
    tell(worker_engine, answered(estate, done, solved=True), answered(estate, done))
    assert state(estate, done) == ("reopened", done["version"] + 2)
    assert columns(worker_engine, done) == (False, 1)


def test_an_answer_about_an_earlier_completion_is_superseded(estate: "Estate", worker_engine: Engine) -> None:
    done = estate.completed()
    ticket = estate.step("resident", done, "reopen", {"reason": "又漏了"})
    for verb in ("start", "complete"):
        ticket = estate.step("crew", ticket, verb)
    tell(worker_engine, answered(estate, done, completion=1))
    assert state(estate, done) == ("completed", ticket["version"])
    tell(worker_engine, answered(estate, done, completion=2))
    assert state(estate, done) == ("reopened", ticket["version"] + 1)


def test_an_answer_before_its_time_changes_nothing(estate: "Estate", worker_engine: Engine) -> None:
    done = estate.completed()
    tell(worker_engine, answered(estate, done, completion=2))
    assert state(estate, done) == ("completed", done["version"])


@pytest.mark.parametrize("verb", ["reopen", "cancel"])
def test_an_answer_to_a_job_that_moved_on_changes_nothing(estate: "Estate", worker_engine: Engine, verb: str) -> None:
    done = estate.completed()
    ticket = estate.step("resident", done, "reopen", {"reason": "又漏了"})
    if verb == "cancel":
        ticket = estate.step("dispatcher", ticket, "cancel")
    tell(worker_engine, answered(estate, done))
    assert state(estate, done) == (ticket["status"], ticket["version"])


def test_a_confirmed_and_a_closed_job_are_reopened_too(estate: "Estate", worker_engine: Engine) -> None:
    done = estate.step("resident", estate.completed(), "confirm")
    tell(worker_engine, answered(estate, done))
    assert state(estate, done)[0] == "reopened"


def test_what_can_never_be_handled_is_said_to_be_permanent(estate: "Estate", worker_engine: Engine) -> None:
    done = estate.completed()
    stray = answered(estate, {**done, "id": testing.fresh()})
    foreign = replace(answered(estate, done), organisation_id=testing.fresh())
    broken = replace(answered(estate, done), data={"solved": "perhaps"})
    garbled = answered(estate, {**done, "id": "no id"})
    for event in (stray, foreign, broken, garbled):
        with pytest.raises(PermanentError):
            tell(worker_engine, event)
    assert state(estate, done) == ("completed", done["version"])


def test_events_for_others_are_let_pass(estate: "Estate", worker_engine: Engine) -> None:
    done = estate.completed()
    event = answered(estate, done)
    fields = {
        name: value for name, value in event.data.items() if name not in ("solved", "satisfaction", "has_comment")
    }
    assert tell(worker_engine, replace(event, type=SurveyExpired.type, data=fields)) == 1
    assert state(estate, done) == ("completed", done["version"])


def account(who: Any, revision: int, **changes: Any) -> AccountChanged:
    """Return what the gateway tells of a crew member at a revision."""
    whole = {
        "account_id": who.id, "revision": revision, "role": "crew", "active": True, "locale": "zh-CN",
        "community_ids": (), "unit_ids": (), "skills": ("plumbing",), "badge": f"badge {revision}",
    }  # fmt: skip
    return AccountChanged(**(whole | changes))


def test_the_newest_revision_of_an_account_wins_in_any_order(estate: "Estate", worker_engine: Engine) -> None:
    who = testing.actor("crew", organisation_id=estate.organisation_id)

    def event(fact: AccountChanged) -> Event:
        return to_event(fact, organisation_id=estate.organisation_id, subject=who.id, at=clock.now())

    tell(worker_engine, event(account(who, 2)), event(account(who, 4, active=False)))
    tell(worker_engine, event(account(who, 3)), event(account(who, 1)), event(account(who, 4, badge="again")))
    with worker_engine.connect() as db:
        row = db.execute(select(people).where(people.c.id == who.id)).one()
    assert (row.revision, row.badge, row.active) == (4, "badge 4", False)


def test_a_reopened_job_of_somebody_who_left_is_the_desks(estate: "Estate", worker_engine: Engine) -> None:
    done = estate.completed()
    crew = estate.people["crew"]
    gone = account(crew, 9, active=False)
    tell(worker_engine, to_event(gone, organisation_id=estate.organisation_id, subject=crew.id, at=clock.now()))
    tell(worker_engine, answered(estate, done))
    now = estate.get("manager", f"/tickets/{done['id']}").json
    assert now["owner"]["desk"] == "dispatch"
    assert done["id"] in {job["id"] for job in estate.get("colleague", "/pool").json["items"]}
    assert estate.step("colleague", now, "claim")["status"] == "claimed"
