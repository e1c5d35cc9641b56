"""Return visits fall due, are withdrawn, invite and expire: once each, whatever the order of events."""

import itertools
import threading
from datetime import UTC, datetime, time, timedelta
from unittest import mock

import pytest
from flask.testing import FlaskClient
from sqlalchemy import Engine, select

from services.kit.events import Event, PermanentError
from services.kit.identity import NOBODY
from services.kit.testing import fresh
from services.surveys import commands, worker
from services.surveys.links import Links, fingerprint
from services.surveys.models import return_visits
from services.surveys.visiting import Night, Rules
from tests.surveys.conftest import AT_ONCE, NOON, Desk, Ticket

LATER = Rules(delay=timedelta(days=40000), night=None)


def test_a_completion_lets_a_visit_fall_due_a_day_later(desk: Desk, ticket: Ticket) -> None:
    desk.hear(ticket.completed(at=datetime(2026, 3, 4, 6, 0, tzinfo=UTC)), rules=Rules())
    (visit,) = desk.visits(ticket)
    assert visit.state == "scheduled"
    assert visit.due_at == datetime(2026, 3, 5, 6, 0, tzinfo=UTC)
    assert (visit.number, visit.completion, visit.organisation_id) == ("T-2026-000042", 1, ticket.organisation_id)


def test_a_completion_without_its_moment_counts_from_the_event(desk: Desk, ticket: Ticket) -> None:
    desk.hear(ticket.completed(completed_at=None))
    assert desk.visits(ticket)[0].completed_at == NOON


def test_nobody_is_asked_about_what_nobody_requested(desk: Desk, ticket: Ticket) -> None:
    desk.hear(ticket.completed(requester_id=NOBODY))
    assert desk.visits(ticket) == []


def test_a_completion_told_twice_is_one_visit(desk: Desk, ticket: Ticket) -> None:
    desk.hear(ticket.completed(), ticket.completed())
    assert len(desk.visits(ticket)) == 1
    desk.invite()
    desk.hear(ticket.completed())
    assert [visit.state for visit in desk.visits(ticket)] == ["invited"]


def test_a_reopened_ticket_is_not_visited(desk: Desk, ticket: Ticket) -> None:
    desk.hear(ticket.completed(), ticket.reopened())
    (visit,) = desk.visits(ticket)
    assert (visit.state, visit.withdrawn_because) == ("withdrawn", "reopened")
    assert desk.invite() == 0
    assert desk.emitted(ticket, "survey.invited.v1") == []


def story(ticket: Ticket) -> list[Event]:
    """Completed, reopened, completed again, reopened again, completed for good."""
    return [
        ticket.completed(version=6, completion=1),
        ticket.reopened(version=7),
        ticket.completed(version=12, completion=2),
        ticket.reopened(version=13),
        ticket.completed(version=20, completion=3),
    ]


@pytest.mark.parametrize("order", list(itertools.permutations(range(5)))[::4])
def test_whatever_the_order_only_the_last_completion_is_visited(
    desk: Desk, ticket: Ticket, order: tuple[int, ...]
) -> None:
    told = story(ticket)
    desk.hear(*(told[n] for n in order), *(told[n] for n in order))
    states = {visit.completion: visit.state for visit in desk.visits(ticket)}
    assert states == {1: "withdrawn", 2: "withdrawn", 3: "scheduled"}


def test_a_reopening_that_arrives_first_still_withdraws_its_completion(desk: Desk, ticket: Ticket) -> None:
    desk.hear(ticket.reopened(version=7), ticket.completed(version=6))
    (visit,) = desk.visits(ticket)
    assert (visit.state, visit.withdrawn_because) == ("withdrawn", "reopened")


def test_a_late_reopening_leaves_the_next_completion_its_visit(desk: Desk, ticket: Ticket) -> None:
    desk.hear(ticket.completed(version=12, completion=2))
    desk.invite()
    desk.hear(ticket.reopened(version=7))
    assert [visit.state for visit in desk.visits(ticket)] == ["invited"]


def test_a_reopening_withdraws_an_invitation_but_never_an_answer(
    desk: Desk, ticket: Ticket, client: FlaskClient
) -> None:
    token = desk.invited(ticket)
    client.post(f"/api/v1/surveys/{token}", json={"solved": False})
    desk.hear(ticket.reopened(cause="survey"))
    assert [visit.state for visit in desk.visits(ticket)] == ["answered"]
    desk.hear(ticket.completed(version=12, completion=2))
    desk.invite()
    desk.hear(ticket.reopened(version=13))
    assert [visit.state for visit in desk.visits(ticket)] == ["answered", "withdrawn"]


def test_an_unknown_time_zone_is_set_aside_for_good(desk: Desk, ticket: Ticket) -> None:
    for zone in ("Middle-earth/Shire", "../etc/passwd", ""):
        with pytest.raises(PermanentError):
            desk.hear(ticket.completed(timezone=zone))
    assert desk.visits(ticket) == []


def test_an_event_without_what_its_type_promises_is_set_aside_for_good(desk: Desk, ticket: Ticket) -> None:
    event = ticket.completed()
    del event.data["number"]
    with pytest.raises(PermanentError):
        desk.hear(event)


def test_a_due_visit_invites_once_and_keeps_no_token(desk: Desk, ticket: Ticket) -> None:
    desk.hear(ticket.completed())
    assert desk.invite() == 1
    assert desk.invite() == 0
    (visit,) = desk.visits(ticket)
    (event,) = desk.emitted(ticket, "survey.invited.v1")
    assert visit.state == "invited"
    assert visit.expires_at - visit.invited_at == timedelta(days=14)
    assert event.subject == event.data["survey_id"] == visit.id
    assert (event.data["ticket_id"], event.data["completion"]) == (ticket.id, 1)
    assert datetime.fromisoformat(event.data["expires_at"]) == visit.expires_at
    assert visit.token_sha256 == fingerprint(event.data["link_token"])
    assert event.data["link_token"] not in str(visit)


def test_nobody_is_invited_before_the_visit_is_due(desk: Desk, ticket: Ticket) -> None:
    desk.hear(ticket.completed(), rules=LATER)
    assert desk.invite(LATER) == 0
    assert desk.visits(ticket)[0].state == "scheduled"


def test_a_visit_left_over_into_the_night_waits_for_the_morning(desk: Desk, ticket: Ticket) -> None:
    desk.hear(ticket.completed())
    three_at_night = datetime(2026, 3, 6, 3, 0, tzinfo=UTC) - timedelta(hours=8)
    with mock.patch.object(commands.visits, "database_now", return_value=three_at_night):
        assert desk.invite(Rules(night=Night(time(21), time(9)))) == 1
    (visit,) = desk.visits(ticket)
    assert visit.state == "scheduled"
    assert visit.due_at == datetime(2026, 3, 6, 1, 0, tzinfo=UTC)
    assert desk.emitted(ticket, "survey.invited.v1") == []


def test_two_workers_at_once_invite_each_household_once(desk: Desk, ticket: Ticket) -> None:
    tickets = [Ticket(fresh(), ticket.organisation_id) for _ in range(150)]
    desk.hear(*(other.completed() for other in tickets))
    start = threading.Barrier(2)

    def work() -> None:
        start.wait()
        while desk.invite():
            pass

    threads = [threading.Thread(target=work) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    invited = [event.data["ticket_id"] for event in desk.emitted(ticket, "survey.invited.v1")]
    assert sorted(invited) == sorted(other.id for other in tickets)


def test_a_worker_passes_over_a_visit_another_one_holds(desk: Desk, ticket: Ticket, links: Links) -> None:
    desk.hear(ticket.completed())
    with desk.engine.begin() as first:
        assert commands.invite_due(first, AT_ONCE, links.sign) == 1
        assert desk.invite() == 0
    assert len(desk.emitted(ticket, "survey.invited.v1")) == 1


def test_an_invitation_that_fails_midway_leaves_the_visit_due(desk: Desk, ticket: Ticket, links: Links) -> None:
    desk.hear(ticket.completed())
    with desk.engine.connect() as db:
        commands.invite_due(db, AT_ONCE, links.sign)
        db.rollback()
    assert desk.visits(ticket)[0].state == "scheduled"
    assert desk.emitted(ticket, "survey.invited.v1") == []
    assert desk.invite() == 1


def test_a_household_that_does_not_answer_leaves_no_answer(desk: Desk, ticket: Ticket) -> None:
    desk.invited(ticket)
    assert desk.expire() == 0
    desk.let_time_run_out(ticket)
    assert desk.expire() == 1
    assert desk.expire() == 0
    (visit,) = desk.visits(ticket)
    (event,) = desk.emitted(ticket, "survey.expired.v1")
    assert visit.state == "expired"
    assert visit.ended_at == event.occurred_at == visit.expires_at
    assert set(event.data) == {
        "survey_id", "ticket_id", "number", "community_id", "unit_id", "requester_id", "completion"
    }  # fmt: skip
    assert desk.answers(ticket) == []


def test_a_backlog_is_worked_off_batch_by_batch(desk: Desk, ticket: Ticket, links: Links) -> None:
    desk.hear(*(Ticket(fresh(), ticket.organisation_id).completed() for _ in range(commands.BATCH + 5)))
    woken = mock.Mock()
    worker.until_done(desk.engine, woken, lambda db: commands.invite_due(db, AT_ONCE, links.sign))
    assert len(desk.emitted(ticket, "survey.invited.v1")) == commands.BATCH + 5
    assert woken.wake.call_count == 2


def test_what_is_due_is_found_through_its_partial_index(worker: Engine) -> None:
    due = select(return_visits.c.id).where(return_visits.c.state == "scheduled", return_visits.c.due_at <= NOON)
    query = due.compile(worker, compile_kwargs={"literal_binds": True})
    with worker.begin() as db:
        db.exec_driver_sql("SET LOCAL enable_seqscan = off")
        plan = db.exec_driver_sql(f"EXPLAIN {query}").scalars().all()
    assert any("ix_return_visits_due" in line for line in plan)
