"""Which event of the stream whom concerns: one rule, applied to each stream; the database's policy says the same."""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from services.contracts.complaints import ComplaintDelayed, ComplaintRefused, ComplaintReviewed
from services.contracts.fact import Fact
from services.contracts.surveys import SurveyFact, SurveyProxied
from services.contracts.tickets import (
    TicketCommented,
    TicketFact,
    TicketOverridden,
    TicketReevaluated,
    TicketUnclaimed,
)
from services.kit.identity import Actor

# What a client needs to know which of its pages went stale. No texts, no one-time links, no answers.
DATA = (
    "ticket_id",
    "survey_id",
    "comment_id",
    "photo_id",
    "number",
    "version",
    "status",
    "community_id",
    "unit_id",
    "owner_id",
    "owner_desk",
    "work_type",
    "urgency",
    "need_level",
    "clock",
)
DESK = ("dispatcher", "manager", "admin")
# What the desk sorts out among itself; the resident hears what comes of it.
INSIDE = (
    TicketOverridden,
    TicketReevaluated,
    TicketUnclaimed,
    ComplaintDelayed,
    ComplaintRefused,
    ComplaintReviewed,
)
# What would tell a crew which households are called about its work.
OF_CALLS = (SurveyProxied.type,)


def may_see(actor: Actor, event: Mapping[str, Any]) -> bool:
    """Say whether an event (a row of stream_events) concerns this person."""
    if event["organisation_id"] != actor.organisation_id:
        return False
    if actor.role == "resident":
        own = event["requester_id"] == actor.id or event["unit_id"] in actor.unit_ids
        return bool(event["visible_to_resident"]) and own
    if actor.role == "crew":
        return event["type"] not in OF_CALLS and event["community_id"] in actor.community_ids
    return actor.role in DESK and (not actor.community_ids or event["community_id"] in actor.community_ids)


def shown_to_residents(fact: Fact) -> bool:
    """Say whether a household is told: not of internal work, internal comments, corrections or the desk's clocks."""
    if isinstance(fact, TicketCommented) and not fact.visible:
        return False
    if isinstance(fact, TicketFact):
        return fact.work_type != "internal" and not isinstance(fact, INSIDE) and not fact.type.startswith("sla.")
    return isinstance(fact, SurveyFact)


def data_of(fact: Fact) -> dict[str, Any]:
    """Return the ids and codes of a fact that the stream carries."""
    everything = asdict(fact)
    return {name: everything[name] for name in DATA if everything.get(name) not in (None, "")}
