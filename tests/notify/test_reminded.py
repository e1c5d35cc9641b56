"""A reminder of a visit reaches the household and whoever comes, wakes nobody, and comes before what it is about."""

from datetime import UTC, datetime, time, timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient

from services.contracts import tickets
from services.contracts.appointments import AppointmentReminded
from services.kit.events import Event
from services.kit.testing import at
from services.notify import topics
from services.notify.deliver import Deliverer
from tests.notify.conftest import Desk, Postbox
from tests.notify.test_api import put, resident_of
from tests.notify.test_gathering import Phone, deliver

EVENING = datetime(2026, 3, 4, 10, 0, tzinfo=UTC)  # Six o'clock in Shanghai.
HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)
TOMORROW = EVENING + 15 * HOUR  # Nine o'clock.


@pytest.fixture
def phone() -> Phone:
    return Phone()


def reminder(desk: Desk, moment: datetime = EVENING, begins: datetime = TOMORROW, **changes: Any) -> Event:
    """Return the reminder of a visit of two hours."""
    given = {"begins_at": begins, "ends_at": begins + 2 * HOUR, "owner_id": None} | changes
    return desk.event(AppointmentReminded, at=moment, **given)


def test_the_household_and_whoever_comes_hear_of_it_in_their_own_words(desk: Desk) -> None:
    household, crew = desk.person(), desk.person("crew", locale="en")
    beside = [desk.person(role) for role in ("resident", "crew", "dispatcher", "manager")]
    event = reminder(desk, requester_id=household, owner_id=crew)
    desk.hears(event, event)
    desk.hears(event)
    (theirs,), (ours,) = desk.notices(household), desk.notices(crew)
    assert theirs.title == "温馨提醒：XF-000042 约好 3月5日 09:00 – 11:00 上门"
    assert ours.title == "Reminder: you are expected for XF-000042 5 Mar, 09:00 – 11:00"
    assert (theirs.kind, ours.kind) == ("appointment.reminded", "appointment.reminded")
    assert not [notice for person in beside for notice in desk.notices(person)]


def test_the_desk_hears_of_a_visit_that_nobody_has_taken(desk: Desk) -> None:
    household, desks = desk.person(), desk.person("dispatcher")
    desk.hears(reminder(desk, requester_id=household))
    (notice,) = desk.notices(desks)
    assert notice.title == "XF-000042 待接单，约好 3月5日 09:00 – 11:00 上门"


@pytest.mark.parametrize("urgency", ["routine", "urgent", "emergency"])
def test_a_push_of_it_waits_for_the_end_of_quiet_hours_whatever_it_is_about(
    desk: Desk, phone: Phone, urgency: str
) -> None:
    desk.channels = [phone]
    household = desk.person(quiet_from=time(22), quiet_until=time(7), timezone="Asia/Shanghai")
    night = TOMORROW - 3 * HOUR  # Agreed at three in the night, for eight: two hours before is six.
    with at(night):
        desk.hears(reminder(desk, night, TOMORROW - HOUR, requester_id=household, urgency=urgency))
    deliver(desk, phone, night)
    deliver(desk, phone, night + HOUR - MINUTE)
    assert not phone.taken
    deliver(desk, phone, night + HOUR)
    (push,) = phone.taken
    assert (push.urgent, "今天 08:00 – 10:00" in push.title) == (False, True)


@pytest.mark.parametrize("limit", [1, 50])
@pytest.mark.parametrize(("minutes", "comes"), [(59, True), (60, False), (180, False)])
def test_nobody_is_reminded_of_a_visit_that_has_begun(
    desk: Desk, phone: Phone, minutes: int, comes: bool, limit: int
) -> None:
    desk.channels = [phone, postbox := Postbox()]
    ends = time(6 + minutes // 60, minutes % 60)
    household = desk.person(email="one@example.org", quiet_from=time(22), quiet_until=ends, timezone="Asia/Shanghai")
    night = TOMORROW - 3 * HOUR  # For seven, while quiet hours end a little before it, with it, or after it.
    with at(night):
        desk.hears(
            desk.event(tickets.TicketDeparted, requester_id=household, at=night),
            reminder(desk, night, night + HOUR, requester_id=household),
        )
    for channel in (phone, postbox):
        deliver(desk, channel, night + minutes * MINUTE, limit)
        assert any("07:00" in one.title + one.body for one in channel.taken) == comes
        assert channel.taken, "what else waited comes"
    assert {row.state for name in ("push", "email") for row in desk.deliveries(name)} == (
        {"sent"} if comes else {"sent", "skipped"}
    )
    assert len(desk.notices(household)) == 2, "in the app it stands"


def test_a_push_of_it_keeps_the_pace_of_what_can_wait(desk: Desk, phone: Phone) -> None:
    desk.channels = [phone]
    household = desk.person()
    with at(EVENING):
        desk.hears(desk.event(tickets.TicketDeparted, requester_id=household, at=EVENING))
    deliver(desk, phone, EVENING)
    with at(EVENING + MINUTE):
        desk.hears(reminder(desk, EVENING + MINUTE, requester_id=household, urgency="emergency"))
    deliver(desk, phone, EVENING + 59 * MINUTE)
    assert len(phone.taken) == 1
    deliver(desk, phone, EVENING + HOUR)
    assert len(phone.taken) == 2


def test_a_letter_of_it_does_not_wait_for_a_digest_that_comes_after_the_visit(desk: Desk, postbox: Postbox) -> None:
    household = desk.person(email="one@example.org", digest_at=time(20), timezone="Asia/Shanghai")
    today = EVENING - 8 * HOUR
    with at(today):
        desk.hears(
            reminder(desk, today, today + 2 * HOUR, requester_id=household),
            desk.event(tickets.TicketDeparted, requester_id=household, at=today),
        )
        while Deliverer(desk.worker, postbox).step():
            pass
    (letter,) = postbox.taken
    assert letter.title == "温馨提醒：XF-000042 约好 今天 12:00 – 14:00 上门"
    deliver(desk, postbox, EVENING + 2 * HOUR)
    assert len(postbox.taken) == 2


def test_whoever_wants_news_of_requests_in_the_app_alone_has_it_there_alone(client: FlaskClient, desk: Desk) -> None:
    who = resident_of(desk)
    assert put(client, who, {"topics": {"requests": ["in_app"]}}).json["channels"]["appointment.reminded"] == ["in_app"]
    chosen = desk.person(email="one@example.org", channels=topics.choose({}, {"requests": ["in_app"]}))
    desk.hears(reminder(desk, requester_id=chosen, urgency="emergency"))
    assert [notice.kind for notice in desk.notices(chosen)] == ["appointment.reminded"]
    assert desk.deliveries() == []
