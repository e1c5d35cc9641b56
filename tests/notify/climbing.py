"""An emergency on its ladder: who is reached by what, and when."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select

from services.contracts import tickets
from services.kit.identity import Actor
from services.kit.testing import at, bearer, fresh
from services.notify.channels import Outgoing
from services.notify.deliver import Deliverer
from services.notify.handlers import Handlers
from services.notify.ladder import Climber
from services.notify.models import alarms, incidents, phone_tasks
from tests.notify.conftest import NOON, Desk, Postbox


class Line(Postbox):
    """A channel to every person who has an address of its name."""

    def __init__(self, name: str, addresses: dict[str, str]) -> None:
        super().__init__()
        self.name = name
        self.known = addresses

    def addresses(self, contact: Any) -> dict[str, str]:
        found = self.known.get(contact.person_id)
        return {"one": found} if found else {}


@dataclass
class Ladder:
    """A dispatcher with every kind of address, a manager, and an emergency that came in at noon."""

    desk: Desk
    dispatcher: str
    manager: str
    lines: dict[str, Line]
    ticket_id: str
    now: datetime = NOON

    def climber(self) -> Climber:
        channels = list(self.lines.values())
        return Climber(self.desk.worker, channels, Handlers("https://desk.example", channels))

    def until(self, moment: datetime) -> None:
        """Let the worker climb and deliver in steps of five seconds."""
        while self.now <= moment:
            with at(self.now):
                self.climber().tick()
                for line in self.lines.values():
                    while Deliverer(self.desk.worker, line).step():
                        pass
            self.now += timedelta(seconds=5)

    def sent(self) -> dict[str, list[Outgoing]]:
        return {name: line.taken for name, line in self.lines.items()}

    def calls(self) -> list[Any]:
        return self._all(phone_tasks)

    def incidents(self) -> list[Any]:
        return self._all(incidents)

    def alarm(self) -> Any:
        return self._all(alarms)[0]

    def _all(self, table: Any) -> list[Any]:
        mine = select(table).where(table.c.organisation_id == self.desk.organisation_id)
        with self.desk.worker.connect() as connection:
            return list(connection.execute(mine).all())

    def signed(self, person: str, role: str) -> dict[str, str]:
        return bearer(Actor(person, self.desk.organisation_id, role, (self.desk.community_id,)))


def after(seconds: int) -> datetime:
    return NOON + timedelta(seconds=seconds)


def emergency_at_noon(desk: Desk) -> Ladder:
    """Let an emergency come in for a dispatcher who has every address."""
    dispatcher, manager = desk.person("dispatcher"), desk.person("manager")
    lines = {name: Line(name, {dispatcher: f"{name}-address"}) for name in ("push", "sms", "email")}
    desk.channels = list(lines.values())
    ticket_id = fresh()
    with at(NOON):
        desk.hears(desk.event(tickets.TicketFiled, urgency="emergency", ticket_id=ticket_id))
    return Ladder(desk, dispatcher, manager, lines, ticket_id)
