"""The estimates that are given of waits: the first when a request is filed, and the rows in which all are kept."""

import threading
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from cachetools import TTLCache
from sqlalchemy import Connection, bindparam, select
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.types import Text

from services.contracts.waits import ToldWait
from services.tickets.models import wait_curves
from services.tickets.waits.curves import Window
from services.tickets.waits.estimates import TOO_FEW, Estimate, of_window
from services.tickets.waits.likeness import MEASURES, Likeness, hours_of


@dataclass(frozen=True)
class Told:
    """An estimate and up to when was known what it was made from."""

    estimate: Estimate
    known_at: datetime | None


EMERGENCY = "emergency"
PLANNED = "plan"
# The number of the estimate given at filing; whatever follows is an update.
AT_FILING = 1
# What is prepared changes every ten minutes; a filing need not ask for it each time.
CACHED_SECONDS = 60
_LOCK = threading.Lock()
_GIVEN: TTLCache[tuple[str, Likeness], Mapping[str, Told]] = TTLCache(5_000, CACHED_SECONDS)

_PREPARED_WINDOWS = select(
    *(wait_curves.c[name] for name in ("key", "measure", "known_at", "n", "censored", "low", "high", "exact"))
).where(
    wait_curves.c.organisation_id == bindparam("organisation_id"),
    wait_curves.c.key == bindparam("keys", type_=ARRAY(Text)).any_(),
    wait_curves.c.known_at <= bindparam("at"),
)


def is_estimated(ticket: Mapping[str, Any]) -> bool:
    """True where somebody waits: what the desk planned nobody asked for, and its own day says when it is done."""
    return bool(ticket["channel"] != PLANNED)


def likeness_of(ticket: Mapping[str, Any], timezone: str) -> Likeness:
    """Return what a ticket has in common with others; `timezone` is its community's."""
    return Likeness(
        ticket["community_id"],
        ticket["catalogue_code"],
        ticket["work_type"],
        ticket["urgency"] == EMERGENCY,
        hours_of(ticket["filed_at"].astimezone(ZoneInfo(timezone))),
    )


def first_estimates(db: Connection, ticket: Mapping[str, Any], timezone: str) -> Mapping[str, Told]:
    """Return the estimates for a request as it is filed, by measure; empty for what is planned.

    From windows that the worker prepared, and from none that knows more than was known when the request was filed.
    """
    if not is_estimated(ticket):
        return {}
    like, at = likeness_of(ticket, timezone), ticket["filed_at"]
    wanted = (ticket["organisation_id"], like)
    with _LOCK:
        found = _GIVEN.get(wanted)
    if found is None or any(told.known_at is not None and told.known_at > at for told in found.values()):
        found = _from_prepared(db, ticket["organisation_id"], like, at)
        with _LOCK:
            _GIVEN[wanted] = found
    return found


def _from_prepared(db: Connection, organisation_id: str, like: Likeness, at: datetime) -> dict[str, Told]:
    circles = like.circles()
    wanted = {"organisation_id": organisation_id, "keys": [key for _, key in circles], "at": at}
    rows = {(row.key, row.measure): row for row in db.execute(_PREPARED_WINDOWS, wanted)}
    return {measure: _first([(basis, rows.get((key, measure))) for basis, key in circles]) for measure in MEASURES}


def _first(circles: list[tuple[str, Any]]) -> Told:
    for basis, row in circles:
        if row is not None and row.high is not None:
            return Told(of_window(basis, Window(row.low, row.high, row.n, row.censored, row.exact)), row.known_at)
    widest = circles[-1][1]
    if widest is None:
        return Told(Estimate(None, 0, 0, because=TOO_FEW), None)
    return Told(Estimate(None, widest.n, widest.censored, because=TOO_FEW), widest.known_at)


def forget_prepared() -> None:
    """Ask the database again: what was prepared has changed."""
    with _LOCK:
        _GIVEN.clear()


def estimate_row(
    ticket: Mapping[str, Any],
    measure: str,
    seq: int,
    told: Told,
    at: datetime,
    *,
    moved: str | None = None,
    is_told: bool = True,
) -> dict[str, Any]:
    """Return the row that keeps an estimate given at a moment."""
    low_at, high_at = told.estimate.window_from(ticket["filed_at"])
    return {
        "ticket_id": ticket["id"],
        "measure": measure,
        "seq": seq,
        **{name: ticket[name] for name in ("organisation_id", "community_id", "catalogue_code")},
        "given_at": at,
        "known_at": told.known_at,
        "waited_seconds": max(0, int((at - ticket["filed_at"]).total_seconds())),
        **{name: getattr(told.estimate, name) for name in _OF_ESTIMATE},
        "low_at": low_at,
        "high_at": high_at,
        "moved": moved,
        "told": is_told,
    }


_OF_ESTIMATE = ("basis", "because", "n", "censored", "probability", "exact")


def estimate_of(row: Mapping[str, Any], filed_at: datetime) -> Estimate:
    """Return the estimate that a row keeps."""
    low, high = (
        None if row[name] is None else round((row[name] - filed_at).total_seconds()) for name in ("low_at", "high_at")
    )
    return Estimate(low=low, high=high, **{name: row[name] for name in _OF_ESTIMATE})


def told_at_filing(rows: list[dict[str, Any]]) -> tuple[str, ...]:
    """Return what the event of a filing tells of its estimates: those that have a window."""
    return tuple(
        ToldWait(
            row["measure"], round(row["probability"] * 100), row["low_at"], row["high_at"], row["n"], row["basis"]
        ).written()
        for row in rows
        if row["basis"] is not None
    )
