"""The loops that learn from past waits, and tell anew how long the open requests are likely to wait."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any

from prometheus_client import Counter
from sqlalchemy import Connection, Engine, delete, func, insert, select, text
from sqlalchemy.dialects.postgresql import distinct_on

from services.kit import clock as time
from services.tickets.commands.waits import PLANNED, likeness_of
from services.tickets.commands.waits_anew import NEEDED, anew, give_anew
from services.tickets.lifecycle import OPEN
from services.tickets.models import communities, history, tickets, wait_curves, wait_estimates
from services.tickets.models.waits import ends_of_waits
from services.tickets.sla.runs import ENDS_ATTEND
from services.tickets.waits.curves import LEAST, Curve, Waited, curve_of, known_then
from services.tickets.waits.likeness import ATTEND, BASES, MEASURES, RESOLVE

MOVED = Counter("doorstep_waits_moved_total", "Estimates of waits given anew.", ["moved"])

# What is older tells of another desk: half a year has enough of most things, and forgets the staff of last year.
LOOKED_BACK = timedelta(days=182)
_WIDEST = BASES[-1]


def learn(engine: Engine) -> int:
    """Make the curves of every organisation anew from what is known now; returns how many there are.

    One worker at a time does it for an organisation; another that comes to it meanwhile leaves it to the first.
    """
    with engine.connect() as db:
        organisations = db.execute(select(communities.c.organisation_id).distinct()).scalars().all()
    return sum(_learn_of(engine, organisation_id) for organisation_id in organisations)


def _learn_of(engine: Engine, organisation_id: str) -> int:
    with engine.begin() as db:
        if not db.execute(_ALONE, {"name": f"doorstep.waits.{organisation_id}"}).scalar_one():
            return 0
        now = time.now()
        rows = list(_curve_rows(_waits(_past(db, organisation_id, now), now), organisation_id, now))
        db.execute(delete(wait_curves).where(wait_curves.c.organisation_id == organisation_id))
        if rows:
            db.execute(insert(wait_curves), rows)
    return len(rows)


_ALONE = text("SELECT pg_try_advisory_xact_lock(hashtext(:name))")


def _past(db: Connection, organisation_id: str, now: datetime) -> Iterator[dict[str, Any]]:
    since = now - LOOKED_BACK
    ends = ends_of_waits(organisation_id, since).subquery("ends")
    names = ("community_id", "catalogue_code", "work_type", "urgency", "filed_at", "completed_at")
    wanted = (
        select(*(tickets.c[name] for name in names), communities.c.timezone, ends.c.attended_at, ends.c.withdrawn_at)
        .join(communities, communities.c.id == tickets.c.community_id)
        .outerjoin(ends, ends.c.ticket_id == tickets.c.id)
        .where(tickets.c.organisation_id == organisation_id, tickets.c.channel != PLANNED)
        .where(tickets.c.filed_at >= since, tickets.c.filed_at < now)
    )
    return (row._asdict() for row in db.execute(wanted))


def _waits(past: Iterable[Mapping[str, Any]], now: datetime) -> dict[tuple[str, str, str], list[Waited]]:
    """Return what is known by (basis, key, measure) of circle."""
    found: dict[tuple[str, str, str], list[Waited]] = defaultdict(list)
    for row in past:
        circles = likeness_of(row, row["timezone"]).circles()
        for measure, ended_at in ((ATTEND, row["attended_at"]), (RESOLVE, row["completed_at"])):
            known = known_then(row["filed_at"], ended_at, row["withdrawn_at"], now)
            if known is not None:
                for basis, key in circles:
                    found[basis, key, measure].append(known)
    return found


def _curve_rows(
    waits: Mapping[tuple[str, str, str], list[Waited]], organisation_id: str, now: datetime
) -> Iterator[dict[str, Any]]:
    """Yield a row for every circle that has enough, and for the widest, which says how many there are."""
    for (basis, key, measure), known in waits.items():
        curve = curve_of(known)
        if curve.n < LEAST and basis != _WIDEST:
            continue
        window = curve.window()
        yield {
            "organisation_id": organisation_id,
            "key": key,
            "measure": measure,
            "known_at": now,
            "times": list(curve.times),
            "at_risk": list(curve.at_risk),
            "ended": list(curve.ended),
            "censored": curve.censored if window is None else window.censored,
            "n": curve.n,
            "low": window and window.low,
            "high": window and window.high,
            "exact": window and window.exact,
        }


def tell_anew(engine: Engine, committed: Callable[[], None]) -> int:
    """Estimate anew how long every open request waits; keep and tell what has moved, and return how many did.

    From the time that it has waited already, and from what it is now: a correction of its item counts at once. Each is
    a transaction of its own, with the ticket locked as it was looked at; one that somebody is working on at this moment
    is looked at again in the next pass.
    """
    total = 0
    with engine.connect() as db:
        organisations = db.execute(select(wait_curves.c.organisation_id).distinct()).scalars().all()
    for organisation_id in organisations:
        with engine.connect() as db:
            curves = _curves(db, organisation_id)
            waiting, last = _open(db, organisation_id), _last(db, organisation_id)
        now = time.now()
        for ticket in waiting:
            for measure in MEASURES if _is_awaited(ticket) else (RESOLVE,):
                found = anew(ticket, measure, last.get((ticket["id"], measure)), *curves[measure], now)
                if found is None:
                    continue
                with engine.begin() as db:
                    given = give_anew(db, ticket, found, now)
                if given:
                    committed()
                    MOVED.labels(found.moved).inc()
                    total += 1
    return total


def _is_awaited(ticket: Mapping[str, Any]) -> bool:
    """True where nobody came yet, and nobody knows when they will: what was agreed is better than an estimate."""
    return ticket["attended_at"] is None and ticket["agreed_from"] is None


def _curves(db: Connection, organisation_id: str) -> dict[str, tuple[dict[str, Curve], datetime | None]]:
    """Return the curves of each measure by key, and up to when they know."""
    found: dict[str, dict[str, Curve]] = {measure: {} for measure in MEASURES}
    known_at = None
    for row in db.execute(select(wait_curves).where(wait_curves.c.organisation_id == organisation_id)):
        found[row.measure][row.key] = Curve(tuple(row.times), tuple(row.at_risk), tuple(row.ended), row.censored)
        known_at = row.known_at
    return {measure: (curves, known_at) for measure, curves in found.items()}


def _open(db: Connection, organisation_id: str) -> list[dict[str, Any]]:
    came = (
        select(func.min(history.c.at))
        .where(history.c.ticket_id == tickets.c.id, history.c.action.in_(ENDS_ATTEND))
        .scalar_subquery()
    )
    wanted = (
        select(
            *(tickets.c[name] for name in (*NEEDED, "agreed_from")), communities.c.timezone, came.label("attended_at")
        )
        .join(communities, communities.c.id == tickets.c.community_id)
        .where(tickets.c.organisation_id == organisation_id, tickets.c.status.in_(OPEN))
        .where(tickets.c.channel != PLANNED)
    )
    return [dict(row) for row in db.execute(wanted).mappings()]


def _last(db: Connection, organisation_id: str) -> dict[tuple[str, str], dict[str, Any]]:
    """Return the last estimate given of each wait of an open request, by (ticket id, measure)."""
    given = wait_estimates
    wanted = (
        select(given)
        .ext(distinct_on(given.c.ticket_id, given.c.measure))
        .join(tickets, tickets.c.id == given.c.ticket_id)
        .where(tickets.c.organisation_id == organisation_id, tickets.c.status.in_(OPEN))
        .order_by(given.c.ticket_id, given.c.measure, given.c.seq.desc())
    )
    return {(row.ticket_id, row.measure): row._asdict() for row in db.execute(wanted)}
