"""The loops that make deadlines happen: warnings, breaches, unclaimed jobs, ends of pauses, and silence."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import structlog
from prometheus_client import Counter, Histogram
from sqlalchemy import ARRAY, Connection, Engine, RowMapping, all_, bindparam, exists, func, select, update
from sqlalchemy.dialects.postgresql import insert

from services.contracts.tickets import SlaBreached, SlaWarned, TicketUnclaimed
from services.kit import outbox as kit_outbox
from services.kit.identity import system_actor
from services.tickets import books, commands
from services.tickets.commands.filing import EMERGENCY
from services.tickets.commands.steps import TOLD, event_of
from services.tickets.models import Id, clocks, firings, history, outbox, tickets
from services.tickets.one_by_one import one_by_one
from services.tickets.queries.duty import able_crews
from services.tickets.service_levels import BREACH, levels_of
from services.tickets.sla.escalation import MANAGER
from services.tickets.sla.targets import CLAIM

log = structlog.get_logger()

FIRED = Counter("doorstep_sla_fired_total", "Warnings, breaches and unclaimed jobs told.", ["level"])
LATENESS = Histogram(
    "doorstep_sla_lateness_seconds", "How late a deadline was noticed.", buckets=(0.5, 1, 2, 5, 30, 3600)
)
EXPIRED = Counter("doorstep_pauses_expired_total", "Pauses that ended by themselves.")

BATCH = 500


def fire_due(engine: Engine, committed: Callable[[], None]) -> int:
    """Fire everything due, in batches; returns how many. Any number of processes may do this at once;
    `committed` is called after each batch.

    The ticket is locked, so that a step being taken at this moment decides first and a job finished in time is
    never reported late. What is locked now is met again in the next pass. Passes go on until one finds nothing:
    after downtime the same clock may owe its warnings and its breach.
    """
    total = 0
    while True:
        with engine.begin() as db:
            fired = fire_batch(db)
        if not fired:
            return total
        committed()
        total += fired


def fire_batch(db: Connection) -> int:
    """Fire up to a batch of due levels: firing row, clock, and event in one transaction, on the database's clock.

    The clock is locked with its ticket, for what locking brings: a row that a step or another timer changed after
    this statement began is looked at again, and no longer taken when it is not due any more.
    """
    due = (
        select(*_OF_CLOCK, *_OF_TICKET, func.clock_timestamp().label("noticed_at"))
        .join(tickets, tickets.c.id == clocks.c.ticket_id)
        .where(clocks.c.next_fire_at < func.clock_timestamp())
        .order_by(clocks.c.next_fire_at)
        .limit(BATCH)
        .with_for_update(of=(tickets, clocks), skip_locked=True)
    )
    rows = [dict(row) for row in db.execute(due).mappings()]
    if not rows:
        return 0
    new = {tuple(key) for key in db.execute(_FIRE, [_firing(row) for row in rows])}
    db.execute(_ADVANCE, [_advance(row) for row in rows])
    fresh = [row for row in rows if (row["ticket_id"], row["kind"], row["generation"], row["next_level"]) in new]
    _add_crews(db, fresh)
    kit_outbox.emit(db, outbox, *(_event(db, row) for row in fresh))
    for row in fresh:
        FIRED.labels(_said(row)).inc()
        LATENESS.observe((row["noticed_at"] - row["next_fire_at"]).total_seconds())
    return len(rows)


def _add_crews(db: Connection, rows: list[dict[str, Any]]) -> None:
    """Add `crew_ids` to the emergencies nobody took: all crew who could go hear of them."""
    waiting = [row for row in rows if row["kind"] == CLAIM and row["urgency"] == EMERGENCY]
    able = able_crews(db, [{**row, "id": row["ticket_id"]} for row in waiting])
    for row in waiting:
        row["crew_ids"] = able[row["ticket_id"]]


# What a firing needs of both, and no more: what people wrote stays where it is.
_OF_CLOCK = [
    clocks.c[name]
    for name in (
        "ticket_id", "kind", "generation", "organisation_id", "policy_version", "state", "rule", "warnings_at",
        "due_at", "breached_at", "next_level", "next_fire_at",
    )
]  # fmt: skip
_OF_TICKET = [tickets.c[name] for name in (*TOLD, "skills")]

# A level that went out before is not told again, and does not hold up the levels beside it.
_FIRE = (
    insert(firings)
    .on_conflict_do_nothing()
    .returning(firings.c.ticket_id, firings.c.kind, firings.c.generation, firings.c.level)
)
_ADVANCE = (
    update(clocks)
    .where(
        clocks.c.ticket_id == bindparam("of_ticket"),
        clocks.c.kind == bindparam("of_kind"),
        clocks.c.generation == bindparam("of_generation"),
    )
    .values(
        state=bindparam("to_state"),
        breached_at=bindparam("to_breached_at"),
        next_level=bindparam("to_level"),
        next_fire_at=bindparam("to_fire_at"),
    )
)


def _firing(row: dict[str, Any]) -> dict[str, Any]:
    return {
        "ticket_id": row["ticket_id"],
        "kind": row["kind"],
        "generation": row["generation"],
        "level": row["next_level"],
        "organisation_id": row["organisation_id"],
        "true_at": row["next_fire_at"],
    }


def _advance(row: dict[str, Any]) -> dict[str, Any]:
    breach = row["next_level"] == BREACH
    level, fire_at = _after(row)
    return {
        "of_ticket": row["ticket_id"],
        "of_kind": row["kind"],
        "of_generation": row["generation"],
        "to_state": "breached" if breach else row["state"],
        "to_breached_at": row["due_at"] if breach else row["breached_at"],
        "to_level": level,
        "to_fire_at": fire_at,
    }


def _after(row: dict[str, Any]) -> tuple[int | None, Any]:
    """Return the level after the one that just fired, and its moment: the next warning, or the breach."""
    told = (row["next_fire_at"], row["next_level"])
    later = (owed for owed in levels_of(row["warnings_at"], row["due_at"]) if owed > told)
    at, level = next(later, (None, None))
    return level, at


def _said(row: dict[str, Any]) -> str:
    if row["kind"] == CLAIM:
        return "unclaimed"
    return "breach" if row["next_level"] == BREACH else "warning"


def _event(db: Connection, row: dict[str, Any]) -> Any:
    ticket, actor = {**row, "id": row["ticket_id"]}, system_actor(row["organisation_id"])
    if row["kind"] == CLAIM:
        told = {"to": _escalated_to(db, row), "level": row["next_level"], "due_at": row["next_fire_at"]}
        told |= {"crew_ids": row.get("crew_ids", ())}
        return event_of(TicketUnclaimed, ticket, actor, row["next_fire_at"], told)
    fact = SlaBreached if row["next_level"] == BREACH else SlaWarned
    told = {"clock": row["kind"], "generation": row["generation"], "due_at": row["due_at"], "rule": row["rule"]}
    return event_of(fact, ticket, actor, row["next_fire_at"], told)


def _escalated_to(db: Connection, row: dict[str, Any]) -> str:
    """Return who hears that nobody has the job, as the policy says that the ticket runs by; policies are cached.

    The last step is the manager's in every chain, and it is owed even where the ticket was moved since to a policy
    that escalates nothing.
    """
    if row["next_level"] == BREACH:
        return MANAGER
    policy = books.policy_of(db, row["organisation_id"], row["policy_version"])
    return policy.escalated_to(row["urgency"], row["next_level"])


def expire_pauses(engine: Engine, committed: Callable[[], None]) -> int:
    """End every pause whose time is over; returns how many. Any number of processes may do this at once.

    Each ticket is a transaction of its own and locked first, so that whoever resumes, disallows or completes at
    this moment decides, and a pause is ended once. However late this comes, the clocks count each pause to its own
    end.
    """
    total = 0
    for _, _ in one_by_one(engine, _PAUSE_OVER, _end_pause, "some pauses could not be ended"):
        committed()
        EXPIRED.inc()
        total += 1
    return total


def _end_pause(db: Connection, row: RowMapping) -> Any:
    """Return None where our clock is behind the database's: the next sweep ends it."""
    return commands.expire_pause(db, system_actor(row["organisation_id"]), row["id"])


_PAUSE_OVER = (
    select(tickets.c.id, tickets.c.organisation_id)
    .where(tickets.c.status == "waiting")
    .where(tickets.c.paused_until <= func.clock_timestamp())
    .where(tickets.c.id != all_(bindparam("left", type_=ARRAY(Id))))
    .order_by(tickets.c.paused_until)
    .limit(1)
    .with_for_update(skip_locked=True)
)


def close_silent(engine: Engine, after: timedelta, committed: Callable[[], None]) -> int:
    """Close completed tickets nobody objected to in time; returns how many. Silence is not taken for an answer.

    A household has the whole time from when it could hear of the completion, which a phone may have told later.
    """
    heard = exists().where(
        history.c.ticket_id == tickets.c.id,
        history.c.action == "complete",
        history.c.at >= func.clock_timestamp() - after,
    )
    silent = (
        select(tickets.c.id, tickets.c.organisation_id)
        .where(tickets.c.status == "completed", tickets.c.id != all_(bindparam("left", type_=ARRAY(Id))))
        .where(tickets.c.completed_at < func.clock_timestamp() - after, ~heard)
        .order_by(tickets.c.completed_at)
        .limit(1)
        .with_for_update(skip_locked=True)
    )

    def close(db: Connection, row: RowMapping) -> bool:
        commands.close(db, system_actor(row["organisation_id"]), row["id"])
        return True

    total = 0
    for _, _ in one_by_one(engine, silent, close, "some completed jobs could not be closed"):
        committed()
        total += 1
    return total
