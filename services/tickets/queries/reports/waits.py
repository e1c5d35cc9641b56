"""The report on estimates of waits: of those that can be judged, how many waits ended within the window told."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, case, func, literal, select, text

from services.kit import clock as time
from services.tickets.complaints.figures import share
from services.tickets.lifecycle import OPEN
from services.tickets.models import tickets, wait_estimates
from services.tickets.models.waits import ends_of_waits
from services.tickets.queries.reports.asked import Asked, prepare
from services.tickets.queries.reports.sla import names_of
from services.tickets.waits.judging import EARLY, JUDGED, LATE, PENDING, WITHDRAWN, WITHIN, verdict
from services.tickets.waits.likeness import ATTEND, MEASURES

# How far ahead the window ended when it was told, in hours.
HORIZONS = {"to_2h": 2, "to_8h": 8, "to_1d": 24, "to_3d": 72}
FARTHEST = "over_3d"
WAIT_GROUPINGS = ("horizon", "basis", "item", "community", "month", "organisation")
WITHOUT = "without"
_COUNTS = (*JUDGED, "late_open", WITHDRAWN, PENDING, WITHOUT)
_GIVEN = wait_estimates.c


def wait_report(db: Connection, asked: Asked, grouping: str) -> dict[str, Any]:
    """Return what became of the estimates given in the period, those given at filing apart from the updates.

    An estimate is judged when its window is over, see waits.judging; none is left out: those that gave no window, those
    still pending, and those whose request was withdrawn are counted beside. A period that ended long ago has none
    pending.
    """
    prepare(db)
    db.execute(_BY_HASH)
    now = time.now()
    rows = [row._asdict() for row in db.execute(_grouped(asked, _group(grouping, asked.zone), now))]
    whole = [row._asdict() for row in db.execute(_grouped(asked, literal(None), now))]
    names = names_of(db, grouping, {row["key"] for row in rows})
    keys = sorted({row["key"] for row in rows}, key=lambda key: _place_of(grouping, key))
    return {
        "asof": now.isoformat(),
        "from": asked.since.isoformat() if asked.since else None,
        "to": asked.until.isoformat() if asked.until else None,
        "community_id": asked.community_id,
        "group_by": grouping,
        "groups": [
            group
            for key in keys
            for measure in MEASURES
            if (group := _said(rows, key, measure, None if key is None else names.get(key)))
        ],
        "total": [
            _said(whole, None, measure, None) or {"key": None, "name": None, "measure": measure, **_NOTHING}
            for measure in MEASURES
        ],
    }


# Row security hides from the planner how many rows there are: it would look through all ends once an estimate.
_BY_HASH = text("SELECT set_config('enable_nestloop', 'off', true)")


def _place_of(grouping: str, key: Any) -> tuple[bool, Any]:
    order = {name: place for place, name in enumerate((*HORIZONS, FARTHEST))}
    return key is None, order[key] if grouping == "horizon" and key is not None else str(key)


def _said(rows: list[dict[str, Any]], key: Any, measure: str, name: str | None) -> dict[str, Any] | None:
    found = {row["first"]: row for row in rows if row["key"] == key and row["measure"] == measure}
    if not found:
        return None
    told = {"first": _figures(found.get(True, {})), "updates": _figures(found.get(False, {}))}
    return {"key": None if key is None else str(key), "name": name, "measure": measure, **told}


def _figures(row: Mapping[str, Any]) -> dict[str, Any]:
    counts = {name: int(row.get(name) or 0) for name in _COUNTS}
    judged = sum(counts[name] for name in JUDGED)
    within = share(counts[WITHIN], judged)
    all_of_them = judged + counts[WITHDRAWN]
    stated, expected = row.get("stated"), row.get("expected")
    return {
        **counts,
        "given": judged + counts[WITHDRAWN] + counts[PENDING],
        "judged": judged,
        **{name: within[name] for name in ("share", "low", "high")},
        "share_at_most": (counts[WITHIN] + counts[WITHDRAWN]) / all_of_them if all_of_them else None,
        "stated": stated,
        "expected": expected,
        "verdict": verdict(judged, within["low"], within["high"], stated or 0, expected),
        "median_width_seconds": row.get("width"),
    }


_NOTHING = {"first": _figures({}), "updates": _figures({})}


def _group(grouping: str, zone: str) -> ColumnElement[Any]:
    if grouping == "horizon":
        ahead = func.date_part("epoch", _GIVEN.high_at - _GIVEN.given_at)
        steps = [(ahead <= hours * 3600, name) for name, hours in HORIZONS.items()]
        return case((_GIVEN.high_at.is_(None), None), *steps, else_=FARTHEST)
    if grouping == "month":
        return func.to_char(func.timezone(zone, _GIVEN.given_at), "YYYY-MM")
    columns: Mapping[str, ColumnElement[Any]] = {
        "basis": _GIVEN.basis, "item": _GIVEN.catalogue_code, "community": _GIVEN.community_id,
    }  # fmt: skip
    return columns.get(grouping, literal(None))


def _grouped(asked: Asked, group: ColumnElement[Any], now: datetime) -> Select[Any]:
    ends = ends_of_waits(asked.organisation_id, asked.since).subquery("ends")
    ended_at = case((_GIVEN.measure == ATTEND, ends.c.attended_at), else_=tickets.c.completed_at)
    seen = (
        select(
            group.label("key"),
            _GIVEN.measure,
            (_GIVEN.seq == 1).label("first"),
            _outcome(ended_at, ends.c.withdrawn_at, now).label("outcome"),
            ended_at.is_(None).label("goes_on"),
            tickets.c.status,
            *(_GIVEN[name] for name in ("probability", "exact", "low_at", "high_at")),
        )
        .join(tickets, tickets.c.id == _GIVEN.ticket_id)
        .outerjoin(ends, ends.c.ticket_id == _GIVEN.ticket_id)
        .where(*_asked_for(asked))
        .subquery("seen")
    )
    late_open = (seen.c.outcome == LATE) & seen.c.goes_on & seen.c.status.in_(OPEN)
    judged = seen.c.outcome.in_(JUDGED)
    width = func.date_part("epoch", seen.c.high_at - seen.c.low_at)
    return select(
        seen.c.key,
        seen.c.measure,
        seen.c.first,
        *(func.count().filter(seen.c.outcome == name).label(name) for name in _COUNTS if name != "late_open"),
        func.count().filter(late_open).label("late_open"),
        func.avg(seen.c.probability).filter(judged).label("stated"),
        func.avg(seen.c.exact).filter(judged).label("expected"),
        func.percentile_disc(0.5).within_group(width).label("width"),
    ).group_by(seen.c.key, seen.c.measure, seen.c.first)


def _outcome(ended_at: ColumnElement[Any], withdrawn_at: ColumnElement[Any], now: datetime) -> ColumnElement[str]:
    """Return what waits.judging.outcome says, in SQL; and that there was no window."""
    ended = ended_at <= now
    return case(
        (_GIVEN.high_at.is_(None), WITHOUT),
        (_GIVEN.high_at >= now, PENDING),
        (ended & (ended_at < _GIVEN.low_at), EARLY),
        (ended & (ended_at <= _GIVEN.high_at), WITHIN),
        (ended, LATE),
        (withdrawn_at <= _GIVEN.high_at, WITHDRAWN),
        else_=LATE,
    )


def _asked_for(asked: Asked) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = [_GIVEN.organisation_id == asked.organisation_id]
    if asked.since is not None:
        found.append(_GIVEN.given_at >= asked.since)
    if asked.until is not None:
        found.append(_GIVEN.given_at < asked.until)
    if asked.community_id is not None:
        found.append(_GIVEN.community_id == asked.community_id)
    return found
