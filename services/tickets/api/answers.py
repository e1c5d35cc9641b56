"""What every step on a ticket answers: the ticket and its new ETag."""

import uuid
from collections.abc import Mapping
from typing import Any

from services.kit.http import Answer, version_tag
from services.kit.identity import Actor
from services.tickets import queries


def words(body: Mapping[str, Any]) -> dict[str, Any]:
    """Return parsed input with ids as text, as the commands take them."""
    return {key: str(value) if isinstance(value, uuid.UUID) else value for key, value in body.items()}


def ticket_answer(actor: Actor, ticket: Mapping[str, Any], status: int = 200) -> Answer:
    """Return a ticket, with the names beside its ids, after a step."""
    return Answer(queries.ticket_view(ticket, actor), status, version_tag(ticket["version"]))
