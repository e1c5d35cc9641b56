"""An organisation's voices for the tests: its people, tickets, answers and campaigns, made by what events say."""

import dataclasses
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from flask.testing import FlaskClient
from sqlalchemy import select
from werkzeug.test import TestResponse

from services.contracts import to_event
from services.contracts.clocks import ToldClock
from services.contracts.gateway import AccountChanged
from services.contracts.tickets import (
    SlaBreached,
    TicketCancelled,
    TicketCompleted,
    TicketFact,
    TicketFiled,
    TicketPromised,
    TicketReopened,
)
from services.kit.events import Event
from services.kit.identity import Actor
from services.kit.testing import actor, bearer, fresh
from services.surveys import campaigns
from services.surveys.models import outbox
from services.surveys.visiting import Night
from tests.surveys.conftest import Desk

START = datetime(2026, 3, 4, 12, 0, tzinfo=UTC)
HOUR = 3600


@dataclass(frozen=True)
class Job:
    """One ticket of a community, and the events that tell of it."""

    organisation_id: str
    community_id: str
    unit_id: str | None = None
    id: str = field(default_factory=fresh)
    work_type: str = "repair"
    urgency: str = "routine"

    def told(self, kind: type[TicketFact], version: int, at: datetime = START, **more: Any) -> Event:
        """Return the event of a step."""
        fact = kind(
            ticket_id=self.id, number="T-2026-000001", version=version, community_id=self.community_id,
            unit_id=self.unit_id, requester_id=self.organisation_id, status="filed", owner_id=None,
            owner_desk="dispatch", catalogue_code="REP-001", work_type=self.work_type, need_level=1,
            urgency=self.urgency, actor_id=self.organisation_id, actor_role="crew", **more,
        )  # fmt: skip
        return to_event(fact, organisation_id=self.organisation_id, subject=self.id, at=at)

    def filed(self, at: datetime = START) -> Event:
        return self.told(TicketFiled, 1, at)

    def promised(self, promised_at: datetime, version: int = 2, at: datetime = START) -> Event:
        return self.told(TicketPromised, version, at, promised_at=promised_at)

    def completed(self, *clocks: ToldClock, version: int = 5, at: datetime = START, completion: int = 1) -> Event:
        lines = tuple(clock.written() for clock in clocks)
        return self.told(TicketCompleted, version, at, completed_at=at, completion=completion, clocks=lines)

    def reopened(self, version: int = 6, at: datetime = START) -> Event:
        return self.told(TicketReopened, version, at)

    def cancelled(self, version: int = 7, at: datetime = START) -> Event:
        return self.told(TicketCancelled, version, at)

    def breached(self, clock: str, version: int = 3, at: datetime = START) -> Event:
        return self.told(SlaBreached, version, at, clock=clock, due_at=at)


def clock(kind: str, allowed_hours: float, taken_hours: float, **changes: Any) -> ToldClock:
    """Return a clock that stopped, met or breached by its hours."""
    allowed, taken = round(allowed_hours * HOUR), round(taken_hours * HOUR)
    state = "met" if taken <= allowed else "breached"
    return dataclasses.replace(ToldClock(kind, 1, state, "clock", allowed, allowed, taken), **changes)


@dataclass
class Organisation:
    """One organisation with a community, and the desk's background work."""

    desk: Desk
    client: FlaskClient
    id: str = field(default_factory=fresh)
    community_id: str = field(default_factory=fresh)

    def person(self, role: str, **changes: Any) -> Actor:
        """Return somebody of this organisation, with the account that was told of them."""
        who = actor(role, organisation_id=self.id, **changes)
        account = AccountChanged(
            account_id=who.id, revision=1, role=role, active=True, locale="en", community_ids=who.community_ids,
            unit_ids=who.unit_ids, skills=(), badge=None if role == "resident" else role,
        )  # fmt: skip
        self.desk.hear(to_event(account, organisation_id=self.id, subject=who.id, at=START))
        return who

    def resident(self, *units: str, communities: tuple[str, ...] | None = None) -> Actor:
        """Return a resident of homes in this community."""
        return self.person("resident", unit_ids=units or (fresh(),), community_ids=communities or (self.community_id,))

    def job(self, **changes: Any) -> Job:
        """Return a ticket of this community."""
        return Job(**{"organisation_id": self.id, "community_id": self.community_id, **changes})

    def get(self, who: Actor, path: str, **headers: str) -> TestResponse:
        return self.client.get(f"/api/v1{path}", headers={**bearer(who), **headers})

    def post(self, who: Actor, path: str, body: Any, **headers: str) -> TestResponse:
        return self.client.post(f"/api/v1{path}", json=body, headers={**bearer(who), **headers})

    def visited(self, job: Job, said: dict[str, Any] | None, at: datetime = START) -> None:
        """Complete a job, invite its household, and let it answer where it says something."""
        self.desk.hear(job.completed(at=at))
        self.desk.invite()
        if said is not None:
            token = self.told("survey.invited.v1")[-1]["link_token"]
            answer = self.client.post(f"/api/v1/surveys/{token}", json=said)
            assert answer.status_code == 201, answer.json

    def told(self, kind: str) -> list[dict[str, Any]]:
        """Return the data of the events of a kind that went out, in order."""
        with self.desk.engine.begin() as db:
            mine = select(outbox.c.data).where(outbox.c.organisation_id == self.id, outbox.c.type == kind)
            return list(db.scalars(mine.order_by(outbox.c.id)))

    def campaign(self, manager: Actor, **changes: Any) -> dict[str, Any]:
        """Plan a campaign and open it, its households invited."""
        planned = self.planned(manager, **changes)
        assert planned.status_code == 201, planned.json
        self.ask()
        return dict(planned.json or {})

    def planned(self, manager: Actor, **changes: Any) -> TestResponse:
        body = {
            "name": "业主意见征集 2026",
            "community_id": self.community_id,
            "closes_at": (datetime.now(UTC) + timedelta(days=14)).isoformat(),
        }
        return self.post(manager, "/campaigns", {**body, **changes})

    def ask(self, night: Night | None = None) -> int:
        """Do what the worker does about campaigns, until nobody is left to invite."""
        invited = 0
        with self.desk.engine.begin() as db:
            campaigns.open_due(db)
        while True:
            with self.desk.engine.begin() as db:
                more = campaigns.invite_due(db, night, self.desk.links.sign)
            invited += more
            if not more:
                return invited
