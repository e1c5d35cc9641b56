"""What the live stream tells of, and somebody who listens to it."""

import json
from typing import Any

from flask.testing import FlaskClient

from services import contracts
from services.contracts import surveys as survey_facts
from services.contracts import tickets as ticket_facts
from services.kit import clock
from services.kit.events import Event
from services.kit.identity import Actor
from services.kit.testing import actor, bearer, fresh

ORGANISATION = fresh()
COMMUNITY, OTHER_COMMUNITY = fresh(), fresh()
HOME, OTHER_HOME = fresh(), fresh()
RESIDENT = actor("resident", organisation_id=ORGANISATION, community_ids=(COMMUNITY,), unit_ids=(HOME,))


def event(kind: type = ticket_facts.TicketClaimed, organisation: str = ORGANISATION, **changes: Any) -> Event:
    """Return an event about a ticket of the resident's home."""
    values: dict[str, Any] = {
        "ticket_id": fresh(),
        "number": "T-1",
        "version": 2,
        "community_id": COMMUNITY,
        "unit_id": HOME,
        "requester_id": RESIDENT.id,
        "status": "claimed",
        "owner_id": fresh(),
        "owner_desk": None,
        "catalogue_code": "repair.leak",
        "work_type": "repair",
        "need_level": 1,
        "urgency": "urgent",
        "actor_id": fresh(),
        "actor_role": "crew",
    }
    if issubclass(kind, survey_facts.SurveyFact):
        values = {key: values[key] for key in ("ticket_id", "number", "community_id", "unit_id", "requester_id")}
        values |= {"survey_id": fresh(), "completion": 1}
    fact = kind(**(values | changes))
    return contracts.to_event(fact, organisation_id=organisation, subject=fact.ticket_id, at=clock.now())


class Listening:
    """An open stream of a person, read piece by piece."""

    def __init__(self, client: FlaskClient, who: Actor, query: str = "", last: object = None) -> None:
        headers = bearer(who) | ({} if last is None else {"Last-Event-ID": str(last)})
        self.response = client.get(f"/api/v1/stream{query}", headers=headers)
        assert self.response.status_code == 200, self.response.text
        assert self.response.mimetype == "text/event-stream"
        self._pieces = iter(self.response.response)
        assert next(self._pieces).startswith(b"retry:")

    def next(self) -> dict[str, Any]:
        for piece in self._pieces:
            lines = dict(line.split(": ", 1) for line in piece.decode().strip().split("\n") if line[0] != ":")
            if lines.get("event") == "resync":
                return {"type": "resync"}
            if "data" in lines:
                return {"id": int(lines["id"]), **json.loads(lines["data"])}
        return {}

    def __enter__(self) -> "Listening":
        return self

    def __exit__(self, *_exception: object) -> None:
        self.response.close()
