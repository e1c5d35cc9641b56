"""How a ticket looks from outside: plain JSON-ready data, built by hand because lists of it are hot."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from services.kit import clock as time
from services.kit.identity import Actor
from services.tickets import appointments, catalogue, lifecycle
from services.tickets.commands.escalation import MANAGEMENT
from services.tickets.commands.following import NOT_BY_ITSELF
from services.tickets.commands.joining import CAUSES
from services.tickets.commands.steps import in_household
from services.tickets.commands.urging import may_urge
from services.tickets.complaints.steps import ACTIONS as CASE_ACTIONS

COLUMNS = (
    "id", "number", "status", "title", "description", "community_id", "unit_id", "location", "requester_id",
    "filed_by", "channel", "catalogue_code", "topic", "work_type", "need_level", "standard", "value_tier", "urgency",
    "confidence", "because", "circumstances", "waiting_reason", "version", "completions", "policy_version",
    "calendar_version", "about_ticket_id", "joined_to", "spot_id", "urges",
    "catalogue_version",
)  # fmt: skip
MOMENTS = (
    "promised_at", "filed_at", "acknowledged_at", "first_completed_at", "completed_at", "changed_at", "paused_until",
    "objected_at", "made_safe_at", "urged_at",
)  # fmt: skip


def moment(value: datetime | None) -> str | None:
    """Return a moment as ISO 8601 in UTC, or None."""
    return None if value is None else value.isoformat()


def ticket_view(row: Mapping[str, Any], actor: Actor) -> dict[str, Any]:
    """Return a ticket as `actor` may see it, with the actions open to them now."""
    view = {name: row[name] for name in COLUMNS}
    view |= {name: moment(row[name]) for name in MOMENTS}
    view["catalogue_name"] = item_name(row)
    view["realm"] = catalogue.REALM_OF_TIER[row["value_tier"]]
    view["need"] = catalogue.NEED_LEVELS.get(row["need_level"])
    view["owner"] = (
        {"kind": "desk", "desk": row["owner_desk"], "id": None, "name": None}
        if row["owner_id"] is None
        else {"kind": "person", "desk": None, "id": row["owner_id"], "name": row.get("owner_name")}
    )
    view["appointment"] = appointments.shown(row)
    view["community_name"] = row.get("community_name")
    view["unit_name"] = row.get("unit_name")
    view["actions"] = _actions(row, actor)
    return view


def item_name(row: Mapping[str, Any]) -> dict[str, str]:
    """Return what a ticket's item was called when it was filed under it."""
    if row["item_name"]:
        return dict(row["item_name"])
    item = catalogue.load().get(row["catalogue_code"])
    return {"zh-CN": item.zh, "en": item.en}


def _actions(row: Mapping[str, Any], actor: Actor) -> list[str]:
    """Return what the actor can do now: what is offered works."""
    skilled = actor.role != "crew" or lifecycle.is_skilled(row["skills"], actor.skills)
    able = lifecycle.is_free(row["owner_id"], actor.id) and skilled
    offered = lifecycle.allowed(
        row["status"],
        actor.role,
        is_owner=row["owner_id"] == actor.id,
        in_household=in_household(dict(row), actor),
    )
    in_force = (row.get("policy_in_force"), row.get("calendar_in_force"))
    older = None not in in_force and in_force != (row["policy_version"], row["calendar_version"])
    useful = {
        "claim": able,
        "reevaluate": older,
        "escalate": row["owner_desk"] != MANAGEMENT,
        "object": row["objected_at"] is None,
        "urge": may_urge(row, time.now()),
        "make_safe": row["made_safe_at"] is None,
        "acknowledge": row["acknowledged_at"] is None,
        "join": row["joined_to"] is None and row["work_type"] in CAUSES,
        "part": row["joined_to"] is not None,
        # The desk may record at any time that the household agreed by word of mouth.
        "agree": actor.is_staff or row["proposed_by"] == appointments.DESK,
        "call_off": row["appointment_version"] is not None,
        # An earlier pause is taken back by its number, from the history that shows it.
        "disallow": row["status"] == "waiting",
    }
    # The steps of a complaint are offered by its case, which knows how far it has come.
    hidden = CASE_ACTIONS if row["joined_to"] is None else {*CASE_ACTIONS, *NOT_BY_ITSELF}
    return [action for action in offered if action not in hidden and useful.get(action, True)]
