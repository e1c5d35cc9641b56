"""What can wait disturbs nobody often: one push an hour to a device, one e-mail a day to whoever wishes it."""

from datetime import UTC, datetime, time, timedelta
from typing import Any

import pytest

from services.contracts import tickets
from services.kit.testing import at
from services.notify.channels import Temporary
from services.notify.deliver import Deliverer
from services.notify.quiet import digest_moment
from tests.notify.conftest import NOON, Desk, Postbox


class Phone(Postbox):
    """A channel that pushes to everybody."""

    name = "push"

    def addresses(self, contact: Any) -> dict[str, str]:
        return {"one": "device"}


@pytest.fixture
def phone(desk: Desk) -> Phone:
    phone = Phone()
    desk.channels = [phone]
    return phone


def hears(desk: Desk, resident: str, minutes: float, urgency: str = "routine", count: int = 1) -> None:
    moment = NOON + timedelta(minutes=minutes)
    with at(moment):
        kind = tickets.TicketDeparted
        desk.hears(*[desk.event(kind, requester_id=resident, urgency=urgency, at=moment) for _ in range(count)])


def deliver(desk: Desk, channel: Postbox, moment: datetime, limit: int = 50) -> None:
    with at(moment):
        while Deliverer(desk.worker, channel).work(limit):
            pass


@pytest.mark.parametrize("limit", [1, 50])
def test_a_device_is_pushed_to_once_an_hour_and_the_rest_comes_in_one(desk: Desk, phone: Phone, limit: int) -> None:
    resident = desk.person(locale="en")
    hears(desk, resident, 0)
    deliver(desk, phone, NOON, limit)
    for minutes in (5, 20, 40):
        hears(desk, resident, minutes)
        deliver(desk, phone, NOON + timedelta(minutes=minutes), limit)
    assert len(phone.taken) == 1
    deliver(desk, phone, NOON + timedelta(minutes=59), limit)
    assert len(phone.taken) == 1
    deliver(desk, phone, NOON + timedelta(minutes=60), limit)
    assert len(phone.taken) == 2
    assert phone.taken[1].title == "3 messages for you"
    assert phone.taken[1].body.count("·") == 3
    assert {row.state for row in desk.deliveries("push")} == {"sent"}
    deliver(desk, phone, NOON + timedelta(hours=9), limit)
    assert len(phone.taken) == 2


@pytest.mark.parametrize("urgency", ["urgent", "emergency"])
def test_what_cannot_wait_does_not(desk: Desk, phone: Phone, urgency: str) -> None:
    resident = desk.person()
    hears(desk, resident, 0)
    deliver(desk, phone, NOON)
    hears(desk, resident, 1, urgency, count=2)
    deliver(desk, phone, NOON + timedelta(minutes=1))
    assert len(phone.taken) == 3


def test_a_push_that_failed_does_not_use_up_the_hour(desk: Desk, phone: Phone) -> None:
    resident = desk.person()
    hears(desk, resident, 0, count=2)
    phone.failures = [Temporary("503")]
    deliver(desk, phone, NOON)
    assert not phone.taken
    deliver(desk, phone, NOON + timedelta(minutes=2))
    deliver(desk, phone, NOON + timedelta(minutes=3))
    assert len(phone.taken) == 1
    deliver(desk, phone, NOON + timedelta(hours=2))
    assert {row.state for row in desk.deliveries("push")} == {"sent"}


def test_people_do_not_wait_for_one_another(desk: Desk, phone: Phone) -> None:
    for _ in range(3):
        hears(desk, desk.person(), 0)
    deliver(desk, phone, NOON)
    assert len(phone.taken) == 3


@pytest.mark.parametrize("limit", [1, 50])
def test_a_digest_comes_once_a_day_at_its_hour_also_when_the_clock_changes(
    desk: Desk, postbox: Postbox, limit: int
) -> None:
    reader = desk.person(email="reader@example.org", locale="en", digest_at=time(8), timezone="Europe/Berlin")
    for day in (28, 29):
        moment = datetime(2026, 3, day, 3, 0, tzinfo=UTC)  # On the 29th the clock goes forward at one o'clock UTC.
        with at(moment):
            kinds = (tickets.TicketDeparted, tickets.TicketArrived)
            desk.hears(*[desk.event(kind, requester_id=reader, at=moment) for kind in kinds])
        deliver(desk, postbox, moment, limit)
        eight = datetime(2026, 3, day, 7 if day == 28 else 6, 0, tzinfo=UTC)
        deliver(desk, postbox, eight - timedelta(seconds=1), limit)
        assert len(postbox.taken) == day - 28
        deliver(desk, postbox, eight, limit)
        assert len(postbox.taken) == day - 27
        letter = postbox.taken[-1]
        assert letter.title == "2 messages for you"
        assert letter.body.count("■") == 2
        assert letter.body.count("Dear resident,") == 2
    with at(datetime(2026, 3, 30, 3, 0, tzinfo=UTC)):
        desk.hears(desk.event(tickets.TicketDeparted, requester_id=reader, urgency="urgent"))
    deliver(desk, postbox, datetime(2026, 3, 30, 3, 0, tzinfo=UTC), limit)
    assert len(postbox.taken) == 3, "what cannot wait is not held for the digest"


def test_quiet_hours_hold_a_push_and_let_it_go_when_they_end(desk: Desk, phone: Phone) -> None:
    resident = desk.person(quiet_from=time(22), quiet_until=time(7), timezone="Europe/Berlin")
    night = datetime(2026, 3, 29, 0, 30, tzinfo=UTC)
    with at(night):
        desk.hears(*[desk.event(tickets.TicketDeparted, requester_id=resident, at=night) for _ in range(3)])
    deliver(desk, phone, night)
    deliver(desk, phone, datetime(2026, 3, 29, 4, 59, tzinfo=UTC))
    assert not phone.taken
    deliver(desk, phone, datetime(2026, 3, 29, 5, 0, tzinfo=UTC))
    assert len(phone.taken) == 1
    assert {row.state for row in desk.deliveries("push")} == {"sent"}


@pytest.mark.parametrize(
    ("after", "expected"),
    [
        (
            datetime(2026, 3, 29, 0, 0, tzinfo=UTC),
            datetime(2026, 3, 29, 1, 30, tzinfo=UTC),
        ),  # An hour that is left out.
        (datetime(2026, 10, 25, 0, 0, tzinfo=UTC), datetime(2026, 10, 25, 0, 30, tzinfo=UTC)),  # An hour that is twice.
        (datetime(2026, 10, 25, 0, 31, tzinfo=UTC), datetime(2026, 10, 26, 1, 30, tzinfo=UTC)),
    ],
)
def test_the_digests_hour_on_nights_when_the_clock_changes(after: datetime, expected: datetime) -> None:
    assert digest_moment(after, "Europe/Berlin", time(2, 30)) == expected
