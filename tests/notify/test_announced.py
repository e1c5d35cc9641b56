"""Announcements as residents hear of them: each once in their language, read or rung about; and of requests joined."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from services.contracts import community, joining, tickets
from services.kit.identity import Actor
from services.kit.testing import bearer
from services.notify import audience
from services.notify.audience import Contact
from services.notify.models import outbox, phone_tasks
from services.notify.rendering import render
from services.notify.samples import HAPPENED, sample_fact
from tests.notify.conftest import Desk


def opened(desk: Desk) -> list[dict[str, Any]]:
    mine = (outbox.c.organisation_id == desk.organisation_id) & (outbox.c.type == "announcement.opened.v1")
    with desk.worker.connect() as connection:
        return list(connection.execute(select(outbox.c.data).where(mine)).scalars())


def test_a_notice_leads_to_the_words_and_whoever_announced_learns_once_that_it_was_read(
    desk: Desk, client: FlaskClient
) -> None:
    resident = desk.person()
    event = desk.event(community.AnnouncementPublished, requester_id=resident)
    desk.hears(event, event)
    [notice] = desk.notices(resident)
    about = event.data["announcement_id"]
    assert (notice.link, notice.data) == (
        f"https://desk.example/announcements/{about}",
        {"announcement_id": about, "version": 2},
    )
    assert opened(desk) == []
    who = Actor(resident, desk.organisation_id, "resident")
    for _ in range(2):
        assert client.post(f"/api/v1/notices/{notice.id}/read", headers=bearer(who)).status_code == 200
    assert opened(desk) == [{"announcement_id": about, "person_id": resident, "version": 2}]


def test_the_desk_is_asked_to_ring_whom_a_reminder_names(desk: Desk) -> None:
    rung, reminded = desk.person(), desk.person()
    events = [
        desk.event(community.AnnouncementReminded, requester_id=person, call=person == rung)
        for person in (rung, reminded)
    ]
    desk.hears(*events)
    desk.hears(*events)
    with desk.worker.connect() as connection:
        mine = select(phone_tasks).where(phone_tasks.c.organisation_id == desk.organisation_id)
        [call] = connection.execute(mine).all()
    assert (call.person_id, call.state, call.kind) == (rung, "open", "announcement.reminded")
    assert "停水" in call.title


def test_an_outage_that_nobody_planned_goes_before_quiet_hours(desk: Desk) -> None:
    resident = desk.person()
    desk.hears(desk.event(community.AnnouncementPublished, requester_id=resident, urgency="emergency"))
    desk.hears(desk.event(community.AnnouncementPublished, requester_id=resident, urgency="urgent"))
    assert [one.urgent for one in desk.notices(resident)] == [True, False]


ANNOUNCED = (
    community.AnnouncementPublished,
    community.AnnouncementChanged,
    community.AnnouncementWithdrawn,
    community.AnnouncementRestored,
    community.AnnouncementReminded,
)
RESIDENT = Contact("00000000-0000-7000-8000-000000000042", "o", role="resident")


def words(fact: Any, locale: str) -> str:
    rule = next(rule for rule in audience.rules_for(fact) if rule.audience == "resident")
    said = render(fact, rule, Contact(RESIDENT.person_id, "o", role="resident", locale=locale), HAPPENED)
    return f"{said.title}\n{said.body}"


@pytest.mark.parametrize("fact", ANNOUNCED)
@pytest.mark.parametrize(
    ("kind", "zh", "en"),
    [
        ("water_outage", "停水", "Water outage"),
        ("lift_out_of_service", "电梯停运", "Lift out of service"),
        ("planned_repair", "计划维修", "Planned repair"),
        ("notice", "小区通知", "Notice"),
    ],
)
def test_it_says_what_and_when(fact: type[community.AnnouncementFact], kind: str, zh: str, en: str) -> None:
    starts = datetime(2026, 3, 5, 6, 0, tzinfo=UTC)
    for planned in (True, False):
        told = sample_fact(fact, kind=kind, planned=planned, starts_at=starts, ends_at=starts + timedelta(hours=3))
        assert zh in words(told, "zh-CN")
        assert en in words(told, "en")
        assert "3月5日 14:00" in words(told, "zh-CN")
        assert "  " not in words(told, "en")


def test_one_without_an_end_names_none() -> None:
    told = sample_fact(community.AnnouncementPublished, kind="gas_outage", ends_at=None, planned=False)
    assert "until" not in words(told, "en")
    assert "恢复" not in words(told, "zh-CN")


def hearers(fact: Any) -> set[str]:
    return {rule.audience for rule in audience.rules_for(fact)}


def test_what_moves_with_another_is_told_to_its_household_alone() -> None:
    moved: tuple[Callable[..., Any], ...] = (tickets.TicketAssigned, tickets.TicketReleased, tickets.TicketEscalated)
    for fact in moved:
        assert hearers(sample_fact(fact, joined_to="a")) == {"resident"}
        assert hearers(sample_fact(fact, joined_to=None)) > {"resident"}
    assert hearers(sample_fact(joining.TicketJoined)) == {"resident"}


def test_parted_it_is_told_so_and_not_that_plans_changed() -> None:
    assert hearers(sample_fact(tickets.TicketReleased, joined_to=None, parted=True)) == {"former", "dispatcher"}
    assert hearers(sample_fact(joining.TicketParted, joined_to=None, status="filed")) == {"resident"}
    # Reopened, the household hears that alone.
    assert hearers(sample_fact(joining.TicketParted, joined_to=None, status="completed")) == set()
