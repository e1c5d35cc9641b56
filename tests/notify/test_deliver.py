"""Notices leave the house: nothing lost, nothing doubled, quiet at night, an emergency at any hour."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, time, timedelta

import pytest
from sqlalchemy import select

from services.contracts import tickets
from services.kit import clock
from services.kit.testing import at
from services.notify.channels import Permanent, Temporary
from services.notify.deliver import Deliverer, Patience
from services.notify.models import contacts
from tests.notify.conftest import Desk, Postbox

PATIENCE = Patience(lease=timedelta(minutes=3), first=timedelta(seconds=30), attempts=4)
LATER = timedelta(hours=2)


@pytest.fixture
def deliverer(desk: Desk, postbox: Postbox) -> Deliverer:
    return Deliverer(desk.worker, postbox, PATIENCE)


def due(desk: Desk, count: int = 1, **changes: object) -> str:
    """Let a resident with an e-mail address hear of something; returns their id."""
    resident = desk.person(email="resident@example.org", **changes)  # type: ignore[arg-type]
    desk.hears(*[desk.event(tickets.TicketDeparted, requester_id=resident) for _ in range(count)])
    return resident


def drain(deliverer: Deliverer) -> int:
    """Take every delivery that is due as far as it goes; returns how many there were."""
    count = 0
    while deliverer.step():
        count += 1
    return count


def test_what_is_due_is_sent_once_and_recorded(desk: Desk, postbox: Postbox, deliverer: Deliverer) -> None:
    due(desk, 3)
    assert drain(deliverer) == 3
    assert drain(deliverer) == 0
    assert len({letter.id for letter in postbox.taken}) == 3
    for row in desk.deliveries():
        assert (row.state, row.attempts, row.answer, row.lease) == ("sent", 1, "250 kept", None)
        assert row.sent_at is not None


def test_a_channel_that_is_down_and_comes_back_loses_and_doubles_nothing(
    desk: Desk, postbox: Postbox, deliverer: Deliverer
) -> None:
    due(desk, 5)
    postbox.failures = [Temporary("421 come back later")] * 5
    assert drain(deliverer) == 5
    assert {row.state for row in desk.deliveries()} == {"queued"}
    assert {row.last_error for row in desk.deliveries()} == {"421 come back later"}
    assert drain(deliverer) == 0, "not before the pause is over"
    with at(clock.now() + LATER):
        assert drain(deliverer) == 5
    assert len({letter.id for letter in postbox.taken}) == len(postbox.taken) == 5
    assert {(row.state, row.attempts) for row in desk.deliveries()} == {("sent", 2)}


def test_pauses_grow_and_differ() -> None:
    for attempts in range(1, 30):
        expected = min(timedelta(seconds=30) * 2 ** (attempts - 1), PATIENCE.longest)
        assert expected * 0.8 <= PATIENCE.delay(attempts) <= expected * 1.2
    assert len({PATIENCE.delay(5) for _ in range(20)}) > 1


def test_after_the_last_attempt_it_has_failed_with_its_reason(
    desk: Desk, postbox: Postbox, deliverer: Deliverer
) -> None:
    due(desk)
    postbox.failures = [Temporary("451 try again")] * 10
    moment = clock.now()
    for _ in range(10):
        moment += LATER
        with at(moment):
            drain(deliverer)
    (row,) = desk.deliveries()
    assert (row.state, row.attempts, row.last_error) == ("failed", PATIENCE.attempts, "451 try again")


def test_a_permanent_refusal_is_not_tried_again(desk: Desk, postbox: Postbox, deliverer: Deliverer) -> None:
    due(desk)
    postbox.failures = [Permanent("550 no such mailbox")]
    drain(deliverer)
    with at(clock.now() + LATER):
        assert drain(deliverer) == 0
    (row,) = desk.deliveries()
    assert (row.state, row.attempts, row.last_error) == ("failed", 1, "550 no such mailbox")


def test_a_killed_deliverers_work_is_taken_over(desk: Desk, postbox: Postbox, deliverer: Deliverer) -> None:
    due(desk)
    killed = Deliverer(desk.worker, postbox, PATIENCE).claim()
    assert killed is not None
    assert drain(deliverer) == 0, "its lease still holds"
    with at(clock.now() + PATIENCE.lease + timedelta(seconds=1)):
        assert drain(deliverer) == 1
    (row,) = desk.deliveries()
    assert (row.state, row.attempts) == ("sent", 2)


def test_a_deliverer_whose_lease_ran_out_records_nothing(desk: Desk, postbox: Postbox, deliverer: Deliverer) -> None:
    due(desk)
    slow = deliverer.claim()
    assert slow is not None
    with at(clock.now() + PATIENCE.lease + timedelta(seconds=1)):
        assert drain(deliverer) == 1
    deliverer.record(slow, "failed", state="failed", last_error="late")
    (row,) = desk.deliveries()
    assert (row.state, row.last_error) == ("sent", None)


def test_a_delivery_that_kills_its_deliverers_is_given_up(desk: Desk, postbox: Postbox, deliverer: Deliverer) -> None:
    due(desk)
    moment = clock.now()
    for _ in range(PATIENCE.attempts):
        with at(moment):
            assert deliverer.claim() is not None
        moment += LATER
    with at(moment):
        drain(deliverer)
    assert not postbox.taken
    assert desk.deliveries()[0].state == "failed"


def test_two_deliverers_never_hold_the_same_delivery(desk: Desk, postbox: Postbox) -> None:
    due(desk, 4)
    workers = [Deliverer(desk.worker, postbox, PATIENCE) for _ in range(2)]
    held = [worker.claim() for _ in range(2) for worker in workers]
    assert len({claimed["id"] for claimed in held if claimed}) == 4


def test_many_deliverers_at_once_double_nothing(desk: Desk, postbox: Postbox) -> None:
    due(desk, 120)
    with ThreadPoolExecutor(4) as pool:
        taken = list(pool.map(drain, [Deliverer(desk.worker, postbox, PATIENCE) for _ in range(4)]))
    assert sum(taken) == 120
    assert len({letter.id for letter in postbox.taken}) == len(postbox.taken) == 120
    assert {row.state for row in desk.deliveries()} == {"sent"}


def test_emergencies_go_first(desk: Desk, postbox: Postbox, deliverer: Deliverer) -> None:
    resident = due(desk, 3)
    desk.hears(desk.event(tickets.TicketDeparted, requester_id=resident, urgency="emergency"))
    drain(deliverer)
    assert [letter.urgent for letter in postbox.taken] == [True, False, False, False]


BERLIN_NIGHT = {"quiet_from": time(22), "quiet_until": time(7), "timezone": "Europe/Berlin"}
# The clock goes back between midnight and seven: the quiet ends at 06:00 UTC instead of 05:00.
BEFORE_CHANGE, QUIET_ENDS = datetime(2026, 10, 24, 21, 0, tzinfo=UTC), datetime(2026, 10, 25, 6, 0, tzinfo=UTC)


def test_quiet_hours_hold_news_until_they_end_even_when_the_clock_changes(
    desk: Desk, postbox: Postbox, deliverer: Deliverer
) -> None:
    with at(BEFORE_CHANGE):
        due(desk, **BERLIN_NIGHT)
        drain(deliverer)
    (row,) = desk.deliveries()
    assert (row.state, row.attempts, row.next_attempt_at) == ("queued", 0, QUIET_ENDS)
    with at(QUIET_ENDS - timedelta(minutes=1)):
        assert drain(deliverer) == 0
    with at(QUIET_ENDS):
        assert drain(deliverer) == 1
    assert len(postbox.taken) == 1


def test_an_emergency_does_not_wait_for_the_morning(desk: Desk, postbox: Postbox, deliverer: Deliverer) -> None:
    with at(BEFORE_CHANGE):
        resident = due(desk, **BERLIN_NIGHT)
        desk.hears(desk.event(tickets.TicketDeparted, requester_id=resident, urgency="emergency"))
        drain(deliverer)
    assert [letter.urgent for letter in postbox.taken] == [True]


def test_quiet_hours_never_hold_the_inbox_in_the_app(desk: Desk) -> None:
    with at(BEFORE_CHANGE):
        due(desk, **BERLIN_NIGHT)
    assert [row.state for row in desk.deliveries("in_app")] == ["sent"]


def test_an_address_taken_away_meanwhile_is_skipped(desk: Desk, postbox: Postbox, deliverer: Deliverer) -> None:
    resident = due(desk)
    with desk.worker.begin() as connection:
        connection.execute(contacts.update().where(contacts.c.person_id == resident).values(email=None))
    drain(deliverer)
    assert not postbox.taken
    assert desk.deliveries()[0].state == "skipped"


def test_sending_holds_no_transaction(desk: Desk, deliverer: Deliverer, postbox: Postbox) -> None:
    """While the provider takes its time, the pool has every connection back."""
    due(desk)
    seen: list[int] = []

    class Slow(Postbox):
        def send(self, outgoing: object) -> str:
            seen.append(desk.worker.pool.checkedout())  # type: ignore[attr-defined]
            return "250 slowly"

    Deliverer(desk.worker, Slow(), PATIENCE).step()
    assert seen == [0]
    with desk.worker.connect() as connection:
        assert connection.execute(select(1)).scalar_one() == 1
