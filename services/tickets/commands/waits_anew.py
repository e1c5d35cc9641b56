"""Giving an estimate anew to whoever still waits: when it has moved, and not more often than it may."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, select
from sqlalchemy.dialects.postgresql import insert

from services.contracts.waits import WaitMoved
from services.kit import outbox as kit_outbox
from services.kit.identity import system_actor
from services.tickets.commands.steps import TOLD, event_of
from services.tickets.commands.waits import AT_FILING, EMERGENCY, Told, estimate_row, likeness_of
from services.tickets.models import outbox, tickets, wait_estimates
from services.tickets.waits import moving
from services.tickets.waits.curves import Curve
from services.tickets.waits.estimates import estimate

# What an estimate and the event about it need of a ticket; what people wrote stays where it is.
NEEDED = ("id", "organisation_id", "channel", "filed_at", *TOLD)
_INTERNAL = "internal"


@dataclass(frozen=True)
class Anew:
    """An estimate that takes the place of the last one given, which is None where none was ever."""

    measure: str
    moved: str
    told: Told
    last: Mapping[str, Any] | None


def anew(
    ticket: Mapping[str, Any],
    measure: str,
    last: Mapping[str, Any] | None,
    curves: Mapping[str, Curve],
    known_at: datetime | None,
    now: datetime,
) -> Anew | None:
    """Return the estimate of now where it differs from the last one and may be given; else None, and the last stands.

    `curves` are those of the measure, by key, and know what was known at `known_at`.
    """
    if known_at is None or known_at > now:
        return None
    told = Told(
        estimate(likeness_of(ticket, ticket["timezone"]), curves, (now - ticket["filed_at"]).total_seconds()), known_at
    )
    _, high_at = told.estimate.window_from(ticket["filed_at"])
    standing = (
        moving.Given(ticket["filed_at"], None) if last is None else moving.Given(last["given_at"], last["high_at"])
    )
    how = moving.moved(standing, high_at, now)
    if how is None or not moving.may_be_given(how, standing, now, emergency=ticket["urgency"] == EMERGENCY):
        return None
    return Anew(measure, how, told, last)


def give_anew(db: Connection, ticket: Mapping[str, Any], found: Anew, now: datetime) -> bool:
    """Keep an estimate and tell the requester; returns whether it was given. Locks the ticket as it was looked at.

    A window where there was none is kept and shown, and nobody is called for it: when an organisation has learnt
    enough, all its open requests get one at the same moment.
    """
    same = select(tickets.c.id).where(tickets.c.id == ticket["id"], tickets.c.version == ticket["version"])
    if db.execute(same.with_for_update(skip_locked=True)).one_or_none() is None:
        return False
    is_told = found.moved in moving.TOLD and ticket["work_type"] != _INTERNAL
    seq = (AT_FILING if found.last is None else found.last["seq"]) + 1
    row = estimate_row(ticket, found.measure, seq, found.told, now, moved=found.moved, is_told=is_told)
    kept = insert(wait_estimates).values(row).on_conflict_do_nothing().returning(wait_estimates.c.seq)
    if db.execute(kept).one_or_none() is None:  # Another worker was first.
        return False
    if is_told:
        kit_outbox.emit(db, outbox, _event(ticket, found, row, now))
    return True


def _event(ticket: Mapping[str, Any], found: Anew, row: Mapping[str, Any], now: datetime) -> Any:
    last = found.last or {"low_at": None, "high_at": None}
    told = {
        "measure": found.measure,
        "moved": found.moved,
        "was_from_at": last["low_at"],
        "was_until_at": last["high_at"],
        "from_at": row["low_at"],
        "until_at": row["high_at"],
        "percent": round(row["probability"] * 100),
        "n": row["n"],
        "basis": row["basis"],
    }
    return event_of(WaitMoved, ticket, system_actor(ticket["organisation_id"]), now, told)
