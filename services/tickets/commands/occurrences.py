"""One due time of a plan: its ticket and its place on record, in one transaction."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, insert, literal, select, update

from services.contracts import Fact, to_event
from services.contracts.community import PlanFiled, PlanSkipped
from services.kit import outbox as kit_outbox
from services.kit.errors import DeskError
from services.kit.events import Event
from services.kit.identity import system_actor
from services.tickets import shelves
from services.tickets.commands.filing import Filing, file_ticket
from services.tickets.commands.items import chosen
from services.tickets.commands.plans import lives_there, recurrence_of
from services.tickets.commands.steps import Ticket
from services.tickets.models import outbox
from services.tickets.models.plans import plan_checkpoints, plan_occurrences, plans, ticket_checkpoints
from services.tickets.plans import kinds
from services.tickets.plans.due import file_at, outcome_of

PLAN = "plan"  # The channel of what no person asked for on the day.


def settle_occurrence(db: Connection, plan: Mapping[str, Any], now: datetime) -> Mapping[str, Any]:
    """File the ticket of a locked plan's due time, or record why not, and move on to the next time.

    Returns the row of the occurrence. What the desk refuses to file today goes on record as refused.
    """
    zone, occurs_at = ZoneInfo(plan["timezone"]), plan["next_at"]
    outcome, because = outcome_of(
        occurs_at,
        plan["lead_hours"],
        now,
        state=plan["state"],
        if_missed=plan["if_missed"],
        late_hours=plan["late_hours"],
    )
    ticket = None
    if because is None:
        ticket, because = _file(db, plan, occurs_at.astimezone(zone))
        outcome = outcome if because is None else kinds.REFUSED
    row = {
        "plan_id": plan["id"],
        "occurs_at": occurs_at,
        "organisation_id": plan["organisation_id"],
        "outcome": outcome,
        "because": because,
        "ticket_id": ticket and ticket["id"],
        "at": now,
    }
    db.execute(insert(plan_occurrences).values(row))
    kit_outbox.emit(db, outbox, *_told(plan, row, ticket["number"] if ticket else None))
    _move_on(db, plan, zone)
    return row


def _file(db: Connection, plan: Mapping[str, Any], local: datetime) -> tuple[Ticket | None, str | None]:
    """Return the new ticket, or why there is none."""
    if plan["resident_id"] is not None and not lives_there(db, plan["resident_id"], plan["unit_id"]):
        return None, kinds.RESIDENT_LEFT
    try:
        filing = _filing(db, plan, local)
        with db.begin_nested():
            ticket = file_ticket(db, system_actor(plan["organisation_id"]), filing)
    except DeskError:
        return None, kinds.NOT_POSSIBLE
    copied = ("organisation_id", "n", "name", "instruction", "code", "repair_code")
    points = select(
        literal(ticket["id"], ticket_checkpoints.c.ticket_id.type), *(plan_checkpoints.c[name] for name in copied)
    ).where(plan_checkpoints.c.plan_id == plan["id"])
    db.execute(insert(ticket_checkpoints).from_select(["ticket_id", *copied], points))
    return ticket, None


def _told(plan: Mapping[str, Any], row: Mapping[str, Any], number: str | None) -> list[Event]:
    """Return what is told: the resident hears when somebody comes, the desk what it has to see to by hand.

    That a plan rests is the desk's own wish.
    """
    about = {
        "community_id": plan["community_id"],
        "requester_id": plan["resident_id"],
        "plan_id": plan["id"],
        "kind": plan["kind"],
        "occurs_at": row["occurs_at"],
    }
    fact: Fact | None = None
    if number is not None and plan["resident_id"] is not None:
        fact = PlanFiled(**about, ticket_id=row["ticket_id"], number=number)
    elif row["because"] not in (None, kinds.RESTED):
        fact = PlanSkipped(**about, because=row["because"])
    if fact is None:
        return []
    return [to_event(fact, organisation_id=plan["organisation_id"], subject=plan["id"], at=row["at"])]


def _filing(db: Connection, plan: Mapping[str, Any], local: datetime) -> Filing:
    item = chosen(plan["catalogue_code"], shelves.in_force(db, plan["organisation_id"])[1])
    return Filing(
        description=f"{plan['description']}\n计划时间 Planned for {local:%Y-%m-%d %H:%M} ({plan['timezone']})",
        title=plan["title"],
        catalogue_code=plan["catalogue_code"],
        unit_id=plan["unit_id"],
        location=plan["location"],
        # The desk knew what it planned: a check of the gas alarms is no smell of gas, whatever its words say.
        urgency=plan["urgency"] or item.urgency,
        channel=PLAN,
        on_behalf_of=plan["resident_id"],
        community_id=plan["community_id"],
    )


def _move_on(db: Connection, plan: Mapping[str, Any], zone: ZoneInfo) -> None:
    next_at = recurrence_of(plan, zone).next_after(plan["next_at"])
    change: dict[str, Any] = {"next_at": next_at, "file_at": next_at and file_at(next_at, plan["lead_hours"])}
    if next_at is None:
        change |= {"state": kinds.ENDED, "version": plan["version"] + 1}
    db.execute(update(plans).where(plans.c.id == plan["id"]).values(change))
