"""An office that calls households: its people, a finished job of theirs, and the queue of calls over HTTP."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from flask.testing import FlaskClient
from sqlalchemy import select
from werkzeug.test import TestResponse

from services.contracts import to_event
from services.contracts.gateway import AccountChanged
from services.kit import identity, testing
from services.kit.identity import Actor
from services.surveys.drawing import Chance
from services.surveys.models import call_attempts, callbacks, draws
from tests.surveys.conftest import NOON, Desk, Ticket

SHANGHAI = "Asia/Shanghai"


def always() -> float:
    """Let every lot fall that can."""
    return 0.0


def never() -> float:
    """Let no lot fall that need not."""
    return 0.999999


def at_local(zone: str, hour: int, minute: int = 0, days: int = 1) -> datetime:
    """Return a moment to come at an hour of the day in a zone, some days from now."""
    day = datetime.now(ZoneInfo(zone)).date() + timedelta(days=days)
    return datetime.combine(day, time(hour, minute), ZoneInfo(zone)).astimezone(UTC)


NOW = at_local(SHANGHAI, 12)
# What a household answers on the telephone.
SAID = {"solved": True, "satisfaction": 5, "comment": "很好"}


@dataclass
class Office:
    """One organisation with a community, people of every role, and a home whose job is done."""

    client: FlaskClient
    desk: Desk
    timezone: str = SHANGHAI
    organisation_id: str = field(default_factory=testing.fresh)
    community_id: str = field(default_factory=testing.fresh)
    home: str = field(default_factory=testing.fresh)
    people: dict[str, Actor] = field(default_factory=dict)
    tickets: dict[str, Ticket] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Let the people join, known to the service as the gateway tells of them."""
        self.join("resident", unit_ids=(self.home,))
        self.join("neighbour", "resident", unit_ids=(testing.fresh(),))
        self.join("crew")
        for name in ("dispatcher", "colleague"):
            self.join(name, "dispatcher")
        self.join("manager")
        self.join("elsewhere", "dispatcher", community_ids=(testing.fresh(),))
        self.join("admin")

    def join(self, name: str, role: str | None = None, **changes: Any) -> Actor:
        who = testing.actor(role or name, organisation_id=self.organisation_id, locale="en", **changes)
        return self.know(name, who)

    def know(self, name: str, who: Actor) -> Actor:
        """Tell the service of somebody's account."""
        self.people[name] = who
        account = AccountChanged(
            account_id=who.id, revision=1, role=who.role, active=True, locale=who.locale,
            community_ids=who.community_ids, unit_ids=who.unit_ids, skills=(),
            badge=f"{name} badge" if who.is_staff else None,
        )  # fmt: skip
        self.desk.hear(to_event(account, organisation_id=self.organisation_id, subject=who.id, at=NOON))
        return who

    def completed(self, *, chance: Chance = always, **changes: Any) -> Ticket:
        """Let the crew complete a job of the home, drawn or not; nobody is invited yet."""
        ticket = Ticket(testing.fresh(), self.organisation_id)
        said = {
            "community_id": self.community_id, "unit_id": self.home, "requester_id": self.people["resident"].id,
            "crew_id": self.people["crew"].id, "timezone": self.timezone,
        }  # fmt: skip
        self.desk.hear(ticket.completed(**{**said, **changes}), chance=chance)
        return ticket

    def call_to_make(self, **changes: Any) -> tuple[Ticket, str]:
        """Return a finished job that is drawn, its household invited, and the id of the call to make."""
        ticket = self.completed(**changes)
        self.desk.invite()
        (call,) = self.calls(ticket)
        return ticket, call.id

    def calls(self, ticket: Ticket) -> list[Any]:
        return self._rows(select(callbacks).where(callbacks.c.ticket_id == ticket.id))

    def draws(self) -> list[Any]:
        return self._rows(select(draws).where(draws.c.organisation_id == self.organisation_id).order_by(draws.c.at))

    def attempts(self, call_id: str) -> list[Any]:
        mine = call_attempts.c.callback_id == call_id
        return self._rows(select(call_attempts).where(mine).order_by(call_attempts.c.number))

    def _rows(self, statement: Any) -> list[Any]:
        with self.desk.engine.begin() as db:
            return list(db.execute(statement))

    def ask(self, name: str, method: str, path: str, body: Any = None, *, at: datetime = NOW) -> TestResponse:
        """Send a request as somebody, at a moment."""
        with testing.at(at):
            return self.client.open(f"/api/v1{path}", method=method, json=body, headers=self.signed_in(name))

    def signed_in(self, name: str) -> dict[str, str]:
        """Return the headers of somebody who signed in just now, whatever the service's clock says."""
        token = identity.mint(self.people[name], testing.keys()[0], at=datetime.now(UTC))
        return {"Authorization": f"Bearer {token}", "Accept-Language": "en"}

    def claim(self, name: str, call_id: str, *, at: datetime = NOW) -> TestResponse:
        return self.ask(name, "POST", f"/callbacks/{call_id}/claim", at=at)

    def report(self, name: str, call_id: str, *, at: datetime = NOW, **body: Any) -> TestResponse:
        """Say how a call went."""
        return self.ask(name, "POST", f"/callbacks/{call_id}/attempts", body, at=at)

    def queue(self, name: str, *, at: datetime = NOW) -> list[dict[str, Any]]:
        """Return the queue as somebody sees it."""
        answer = self.ask(name, "GET", "/callbacks", at=at)
        assert answer.status_code == 200, answer.json
        return list(answer.json["items"])


MakeOffice = Callable[..., Office]
