"""Before an agreed visit both sides are reminded: once, at its moment, and of nothing that is off or under way."""

import threading
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import Engine, select

from services.kit import testing
from services.tickets.agreed import remind_of_visits
from services.tickets.appointments import remind_at
from services.tickets.models import outbox, tickets
from tests.tickets.test_appointments import claimed, seen

if TYPE_CHECKING:
    from tests.tickets.conftest import Estate

HOUR, MINUTE, SECOND = timedelta(hours=1), timedelta(minutes=1), timedelta(seconds=1)
NOON = datetime(2026, 3, 4, 4, 0, tzinfo=UTC)  # Twelve o'clock in Shanghai.
EVENING = NOON + 6 * HOUR
TOMORROW = NOON + 21 * HOUR  # Nine o'clock in the morning.
TODAY = NOON + 4 * HOUR


def agreed(estate: "Estate", begins: datetime = TOMORROW, **body: Any) -> dict[str, Any]:
    """Return a ticket whose household agreed at noon to what the crew proposed."""
    with testing.at(NOON):
        return anew(estate, claimed(estate, **body), begins)


def anew(estate: "Estate", ticket: dict[str, Any], begins: datetime) -> dict[str, Any]:
    """Let the crew propose a window and the household agree to it."""
    window = {"from": begins.isoformat(), "to": (begins + 3 * HOUR).isoformat()}
    ticket = estate.step("crew", ticket, "propose", {**window, **seen(ticket)})
    return estate.step("resident", ticket, "agree", seen(ticket))


def reminded(engine: Engine, ticket: dict[str, Any], at: datetime) -> list[Any]:
    """Let the worker look at a moment; return every reminder of the ticket so far."""
    with testing.at(at):
        remind_of_visits(engine, lambda: None)
    wanted = select(outbox).where(outbox.c.subject == ticket["id"], outbox.c.type == "appointment.reminded.v1")
    with engine.connect() as db:
        return list(db.execute(wanted.order_by(outbox.c.id)))


@pytest.mark.parametrize(
    ("sentence", "agreed_at", "begins_at", "due"),
    [
        ("days before", NOON - 48 * HOUR, TOMORROW, EVENING),
        ("three hours before the evening before", EVENING - 3 * HOUR, TOMORROW, EVENING),
        ("less than three hours before that", EVENING - 3 * HOUR + SECOND, TOMORROW, TOMORROW - 2 * HOUR),
        ("on the evening itself", EVENING, TOMORROW, TOMORROW - 2 * HOUR),
        ("at night", EVENING + 5 * HOUR, TOMORROW, TOMORROW - 2 * HOUR),
        ("three hours before", TOMORROW - 3 * HOUR, TOMORROW, TOMORROW - 2 * HOUR),
        ("less than three hours before", TOMORROW - 3 * HOUR + SECOND, TOMORROW, None),
    ],
    ids=lambda value: value.replace(" ", "_") if isinstance(value, str) else "",
)
def test_the_moment_is_the_evening_before_or_two_hours_before(
    sentence: str, agreed_at: datetime, begins_at: datetime, due: datetime | None
) -> None:
    assert remind_at(agreed_at, begins_at, "Asia/Shanghai") == due


def test_the_evening_is_that_of_the_communitys_clocks_also_when_they_change() -> None:
    # The clock of Berlin goes forward in the night before the visit.
    begins = datetime(2026, 3, 29, 7, 0, tzinfo=UTC)
    assert remind_at(NOON, begins, "Europe/Berlin") == datetime(2026, 3, 28, 17, 0, tzinfo=UTC)
    # At one o'clock in the night of Shanghai it is still the day before in London.
    night = datetime(2026, 3, 10, 17, 0, tzinfo=UTC)
    assert remind_at(NOON, night, "Asia/Shanghai") == datetime(2026, 3, 10, 10, 0, tzinfo=UTC)
    assert remind_at(NOON, night, "Europe/London") == datetime(2026, 3, 9, 18, 0, tzinfo=UTC)


def test_household_and_crew_are_reminded_once_on_the_evening_before(estate: "Estate", worker_engine: Engine) -> None:
    ticket = agreed(estate)
    assert reminded(worker_engine, ticket, EVENING - SECOND) == []
    (told,) = reminded(worker_engine, ticket, EVENING)
    assert told.occurred_at == EVENING
    assert told.data["requester_id"] == estate.people["resident"].id
    assert told.data["owner_id"] == estate.people["crew"].id
    assert told.data["by_household"] is False
    assert datetime.fromisoformat(told.data["begins_at"]) == TOMORROW
    assert datetime.fromisoformat(told.data["ends_at"]) == TOMORROW + 3 * HOUR
    for later in (EVENING + MINUTE, TOMORROW - HOUR, TOMORROW + HOUR):
        assert reminded(worker_engine, ticket, later) == [told]
    after = estate.get("resident", f"/tickets/{ticket['id']}").get_json()
    assert (after["version"], after["appointment"]) == (ticket["version"], ticket["appointment"])


def test_what_was_agreed_today_for_today_is_reminded_of_two_hours_before(
    estate: "Estate", worker_engine: Engine
) -> None:
    ticket = agreed(estate, TODAY)
    assert reminded(worker_engine, ticket, TODAY - 2 * HOUR - SECOND) == []
    assert len(reminded(worker_engine, ticket, TODAY - 2 * HOUR)) == 1
    soon = agreed(estate, NOON + 2 * HOUR)
    assert reminded(worker_engine, soon, NOON + HOUR) == []


def test_any_number_of_workers_remind_once(estate: "Estate", worker_engine: Engine) -> None:
    waiting = [agreed(estate) for _ in range(3)]

    def work() -> None:
        remind_of_visits(worker_engine, lambda: None)

    with testing.at(EVENING):
        workers = [threading.Thread(target=work) for _ in range(3)]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join()
    assert [len(reminded(worker_engine, ticket, EVENING)) for ticket in waiting] == [1, 1, 1]


def test_a_worker_that_ends_after_the_commit_has_reminded_and_one_before_it_has_not(
    estate: "Estate", worker_engine: Engine
) -> None:
    first, second = agreed(estate), agreed(estate)

    class Killed(BaseException):
        """What a worker does not survive."""

    def die() -> None:
        raise Killed

    with testing.at(EVENING), pytest.raises(Killed):
        remind_of_visits(worker_engine, die)
    # The row that is locked by a worker which never commits is the next one's.
    with worker_engine.connect() as db:
        mine = tickets.c.id.in_([first["id"], second["id"]])
        held = db.execute(select(tickets.c.id).where(mine, tickets.c.remind_at.is_not(None)).with_for_update()).all()
        assert len(held) == 1
        assert reminded(worker_engine, {"id": held[0].id}, EVENING) == []
        db.rollback()
    for ticket in (first, second):
        assert len(reminded(worker_engine, ticket, EVENING + MINUTE)) == 1


def test_what_is_called_off_is_not_reminded_of(estate: "Estate", worker_engine: Engine) -> None:
    ticket = agreed(estate)
    with testing.at(NOON + HOUR):
        estate.step("resident", ticket, "call-off", seen(ticket))
    assert reminded(worker_engine, ticket, EVENING) == []


def test_what_takes_its_place_is_and_what_was_only_proposed_is_not(estate: "Estate", worker_engine: Engine) -> None:
    ticket, day = agreed(estate), 24 * HOUR
    with testing.at(NOON + HOUR):
        ticket = anew(estate, ticket, TOMORROW + day)
    assert reminded(worker_engine, ticket, EVENING) == []
    with testing.at(EVENING + HOUR):
        window = {"from": (TOMORROW + 3 * day).isoformat(), "to": (TOMORROW + 3 * day + HOUR).isoformat()}
        estate.step("crew", ticket, "propose", {**window, **seen(ticket)})
    (told,) = reminded(worker_engine, ticket, EVENING + day)
    assert datetime.fromisoformat(told.data["begins_at"]) == TOMORROW + day, "it stands until both agree to another"
    assert reminded(worker_engine, ticket, EVENING + 3 * day) == [told]


@pytest.mark.parametrize("last", [["complete"], []], ids=["done", "there"])
def test_nobody_is_reminded_of_a_visit_that_is_done_or_under_way(
    estate: "Estate", worker_engine: Engine, last: list[str]
) -> None:
    ticket = agreed(estate, TODAY)
    with testing.at(NOON + HOUR):
        for verb in ("depart", "arrive", "start", *last):
            ticket = estate.step("crew", ticket, verb)
    assert reminded(worker_engine, ticket, TODAY - 2 * HOUR) == []


def test_who_is_there_today_is_reminded_of_tomorrow(estate: "Estate", worker_engine: Engine) -> None:
    ticket = agreed(estate)
    with testing.at(NOON + 5 * HOUR):
        for verb in ("depart", "arrive", "start"):
            ticket = estate.step("crew", ticket, verb)
    assert len(reminded(worker_engine, ticket, EVENING)) == 1


def test_after_downtime_nobody_is_reminded_of_what_has_begun(estate: "Estate", worker_engine: Engine) -> None:
    late = agreed(estate)
    (told,) = reminded(worker_engine, late, TOMORROW - MINUTE)
    assert told.occurred_at == EVENING, "marked with its true moment"
    too_late = agreed(estate)
    assert reminded(worker_engine, too_late, TOMORROW) == []
    assert reminded(worker_engine, too_late, TOMORROW - HOUR) == [], "it was seen to"


def test_a_reminder_tells_which_side_had_named_the_window(estate: "Estate", worker_engine: Engine) -> None:
    with testing.at(NOON):
        window = {"from": TOMORROW.isoformat(), "to": (TOMORROW + HOUR).isoformat()}
        ticket = estate.step("resident", claimed(estate), "propose", window)
        ticket = estate.step("crew", ticket, "agree", seen(ticket))
    (told,) = reminded(worker_engine, ticket, EVENING)
    assert told.data["by_household"] is True


def test_a_job_of_the_desk_is_reminded_of_to_the_household_alone(estate: "Estate", worker_engine: Engine) -> None:
    with testing.at(NOON):
        window = {"from": TOMORROW.isoformat(), "to": (TOMORROW + HOUR).isoformat(), "spoken": True}
        ticket = estate.step("dispatcher", estate.file(), "agree", window)
    (told,) = reminded(worker_engine, ticket, EVENING)
    assert told.data["owner_id"] is None
