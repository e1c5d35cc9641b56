"""Moving running tickets to the terms now in force: on purpose, by a manager, and on record."""

from sqlalchemy import ColumnElement, Connection, func, or_, select

from services.contracts.tickets import TicketReevaluated
from services.kit.errors import Conflict
from services.kit.identity import Actor
from services.tickets import lifecycle
from services.tickets.commands.steps import Step, Ticket, allow, lock, require_version, take
from services.tickets.commands.terms import in_reach, no_such_community
from services.tickets.models import NAMED_TICKETS, communities, tickets

# One call writes so many tickets in one transaction, which is over in a second or two.
MOST_AT_ONCE = 200
_IN_FORCE = {"policy_version": "policy_in_force", "calendar_version": "calendar_in_force"}


def reevaluate(db: Connection, actor: Actor, ticket_id: str, *, reason: str, version: int | None = None) -> Ticket:
    """Let a ticket run by its community's policy and calendar of today. A breach from before stays a breach.

    Raises Conflict where it does already.
    """
    ticket = lock(db, ticket_id)
    require_version(ticket, version)
    return _move(db, actor, ticket, reason)


def _move(db: Connection, actor: Actor, ticket: Ticket, reason: str) -> Ticket:
    rule = allow(ticket, actor, "reevaluate")
    changes = {name: ticket[now] for name, now in _IN_FORCE.items() if ticket[name] != ticket[now]}
    if not changes:
        raise Conflict(
            f"The ticket runs by the terms in force already: policy {ticket['policy_version']}, "
            f"calendar {ticket['calendar_version']}.",
            f"该工单已按现行时限执行（政策 {ticket['policy_version']}，日历 {ticket['calendar_version']}）。",
        )
    told = {name: [ticket[name], value] for name, value in changes.items()}
    step = Step(
        "reevaluate", TicketReevaluated, changes=changes, data={"changes": told}, note=reason, note_visible=False
    )
    return take(db, actor, ticket, step, rule)


def reevaluate_open(db: Connection, actor: Actor, community_id: str, *, reason: str) -> tuple[int, int]:
    """Move up to MOST_AT_ONCE open tickets of older terms; returns how many were moved and how many are left.

    A ticket on which somebody takes a step at this moment is left for the next call.
    """
    reachable = select(communities.c.id).where(
        communities.c.id == community_id, communities.c.organisation_id == actor.organisation_id
    )
    if not in_reach(actor, community_id) or db.execute(reachable).one_or_none() is None:
        raise no_such_community()
    wanted = NAMED_TICKETS.where(*of_older_terms(community_id)).order_by(tickets.c.id).limit(MOST_AT_ONCE)
    rows = db.execute(wanted.with_for_update(of=tickets, skip_locked=True)).mappings().all()
    for row in rows:
        _move(db, actor, dict(row), reason)
    return len(rows), count_of_older_terms(db, community_id)


def count_of_older_terms(db: Connection, community_id: str) -> int:
    """Count the open tickets of a community that run by other terms than those in force there."""
    counted = select(func.count()).select_from(tickets).join(communities, communities.c.id == tickets.c.community_id)
    return int(db.execute(counted.where(*of_older_terms(community_id))).scalar_one())


def of_older_terms(community_id: str) -> tuple[ColumnElement[bool], ...]:
    """Return the conditions for that; the statement joins `communities`."""
    return (
        tickets.c.community_id == community_id,
        tickets.c.status.in_(lifecycle.OPEN),
        or_(
            tickets.c.policy_version != communities.c.policy_version,
            tickets.c.calendar_version != communities.c.calendar_version,
        ),
    )
