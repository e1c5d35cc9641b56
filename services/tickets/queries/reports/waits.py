"""The report on estimates of waits: of those that can be judged, how many waits ended within the window told."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, Subquery, and_, case, func, literal, select, text, tuple_

from services.kit import clock as time
from services.tickets.complaints.figures import share
from services.tickets.lifecycle import OPEN
from services.tickets.models import tickets, wait_estimates
from services.tickets.models.waits import ends_of_waits
from services.tickets.queries.reports.asked import Asked, prepare
from services.tickets.queries.reports.behind import Condition, OfGroup, behind, tickets_of
from services.tickets.queries.reports.naming import names_of
from services.tickets.waits.judging import EARLY, JUDGED, LATE, PENDING, WITHDRAWN, WITHIN, verdict
from services.tickets.waits.likeness import ATTEND, MEASURES

# How far ahead the window ended when it was told, in hours.
HORIZONS = {"to_2h": 2, "to_8h": 8, "to_1d": 24, "to_3d": 72}
FARTHEST = "over_3d"
WAIT_GROUPINGS = ("horizon", "basis", "item", "community", "month", "organisation")
WITHOUT = "without"
_GIVEN = wait_estimates.c
FIRST, UPDATES = "first", "updates"


def _became(name: str) -> Condition:
    return lambda seen: seen.outcome == name


# What an estimate is counted under, and its tickets are listed by.
_COUNTED: Mapping[str, Condition] = {
    "given": lambda seen: seen.outcome != WITHOUT,
    "judged": lambda seen: seen.outcome.in_(JUDGED),
    **{name: _became(name) for name in JUDGED},
    "late_open": lambda seen: and_(seen.outcome == LATE, seen.goes_on, seen.status.in_(OPEN)),
    **{name: _became(name) for name in (WITHDRAWN, PENDING, WITHOUT)},
}


def _one_of(measure: str, which: str, is_so: Condition) -> Condition:
    return lambda seen: and_(seen.measure == measure, seen.first == (which == FIRST), is_so(seen))


WAIT_FIGURES: Mapping[str, Condition] = {
    f"{measure}.{which}.{name}": _one_of(measure, which, is_so)
    for measure in MEASURES
    for which in (FIRST, UPDATES)
    for name, is_so in _COUNTED.items()
}


def wait_report(db: Connection, asked: Asked, grouping: str) -> dict[str, Any]:
    """Return what became of the estimates given in the period, those given at filing apart from the updates.

    An estimate is judged when its window is over, see waits.judging; none is left out: those that gave no window, those
    still pending, and those whose request was withdrawn are counted beside. A period that ended long ago has none
    pending.
    """
    prepare(db)
    db.execute(BY_HASH)
    now = time.now()
    counted = _counts_of(db, waits_of(asked, grouping, now))
    shown = {(key, measure) for of_all, key, measure, _ in counted if not of_all}
    keys = sorted({key for key, _ in shown}, key=lambda key: _place_of(grouping, key))
    names = names_of(db, asked, grouping, keys)
    return {
        "asof": now.isoformat(),
        **asked.period(),
        "community_id": asked.community_id,
        "group_by": grouping,
        "groups": [
            {"key": key, "name": names.get(key), **_said(counted, asked, measure, (grouping, key))}
            for key in keys
            for measure in MEASURES
            if (key, measure) in shown
        ],
        "total": [{"key": None, "name": None, **_said(counted, asked, measure)} for measure in MEASURES],
    }


# Row security hides from the planner how many rows there are: it would look through all ends once an estimate.
BY_HASH = text("SELECT set_config('enable_nestloop', 'off', true)")


def _place_of(grouping: str, key: Any) -> tuple[bool, Any]:
    order = {name: place for place, name in enumerate((*HORIZONS, FARTHEST))}
    return key is None, order[key] if grouping == "horizon" and key is not None else str(key)


Counted = Mapping[tuple[bool, Any, str, bool], Mapping[str, Any]]


def _counts_of(db: Connection, seen: Subquery) -> Counted:
    """Return what is counted, by whether it is of all groups, the group's key, the measure and whether at filing."""
    found: dict[tuple[bool, Any, str, bool], dict[str, Any]] = {}
    for row in db.execute(_grouped(seen)):
        # At filing one is given for each measure: of those there are as many tickets.
        listed = {tickets_of(name): getattr(row, name) for name in _COUNTED} if row.first else {}
        found[bool(row.of_all), row.key, row.measure, row.first] = row._asdict() | listed
    for row in db.execute(_jobs_again(seen)):
        found[bool(row.of_all), row.key, row.measure, False] |= row._asdict()
    return found


def _said(counted: Counted, asked: Asked, measure: str, of: OfGroup = ()) -> dict[str, Any]:
    told: dict[str, Any] = {"measure": measure}
    for which in (FIRST, UPDATES):
        row = counted.get((not of, of[1] if of else None, measure, which == FIRST), {})
        listed = behind(asked, f"waits.{measure}.{which}", _COUNTED, row, of)
        told[which] = {**_figures(row), "behind": listed}
    return told


def _figures(row: Mapping[str, Any]) -> dict[str, Any]:
    counts = {name: int(row.get(name) or 0) for name in _COUNTED}
    judged = counts["judged"]
    within = share(counts[WITHIN], judged)
    all_of_them = judged + counts[WITHDRAWN]
    stated, expected = row.get("stated"), row.get("expected")
    return {
        **counts,
        **{name: within[name] for name in ("share", "low", "high")},
        "share_at_most": (counts[WITHIN] + counts[WITHDRAWN]) / all_of_them if all_of_them else None,
        "stated": stated,
        "expected": expected,
        "verdict": verdict(judged, within["low"], within["high"], stated or 0, expected),
        "median_width_seconds": row.get("width"),
    }


def _group(grouping: str | None, zone: str) -> ColumnElement[Any]:
    if grouping == "horizon":
        ahead = func.date_part("epoch", _GIVEN.high_at - _GIVEN.given_at)
        steps = [(ahead <= hours * 3600, name) for name, hours in HORIZONS.items()]
        return case((_GIVEN.high_at.is_(None), None), *steps, else_=FARTHEST)
    if grouping == "month":
        return func.to_char(func.timezone(zone, _GIVEN.given_at), "YYYY-MM")
    columns: Mapping[str, ColumnElement[Any]] = {
        "basis": _GIVEN.basis, "item": _GIVEN.catalogue_code, "community": _GIVEN.community_id,
    }  # fmt: skip
    return columns.get(grouping or "", literal(None))


def waits_of(asked: Asked, grouping: str | None, now: datetime) -> Subquery:
    """Return every estimate given in the period: of which group it is, and what became of it."""
    ends = ends_of_waits(asked.organisation_id, asked.since).subquery("ends")
    ended_at = case((_GIVEN.measure == ATTEND, ends.c.attended_at), else_=tickets.c.completed_at)
    return (
        select(
            _GIVEN.ticket_id,
            _group(grouping, asked.zone).label("key"),
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


def _grouped(seen: Subquery) -> Select[Any]:
    """Return the statement of what is counted, by group, measure and whether given at filing; and of all groups."""
    judged, of = _COUNTED["judged"](seen.c), (seen.c.measure, seen.c.first)
    width = func.date_part("epoch", seen.c.high_at - seen.c.low_at)
    return select(
        _of_all(seen),
        seen.c.key,
        *of,
        *(func.count().filter(is_so(seen.c)).label(name) for name, is_so in _COUNTED.items()),
        func.avg(seen.c.probability).filter(judged).label("stated"),
        func.avg(seen.c.exact).filter(judged).label("expected"),
        func.percentile_disc(0.5).within_group(width).label("width"),
    ).group_by(func.grouping_sets(tuple_(seen.c.key, *of), tuple_(*of)))


def _jobs_again(seen: Subquery) -> Select[Any]:
    """Return the statement of how many tickets are behind each count of updates, of which one may have many."""
    of = (seen.c.measure, seen.c.ticket_id)
    jobs = (
        select(
            _of_all(seen),
            seen.c.key,
            seen.c.measure,
            *(func.bool_or(is_so(seen.c)).label(name) for name, is_so in _COUNTED.items()),
        )
        .where(~seen.c.first)
        .group_by(func.grouping_sets(tuple_(seen.c.key, *of), tuple_(*of)))
        .subquery("jobs")
    )
    group = (jobs.c.of_all, jobs.c.key, jobs.c.measure)
    counted = (func.count().filter(jobs.c[name]).label(tickets_of(name)) for name in _COUNTED)
    return select(*group, *counted).group_by(*group)


def _of_all(seen: Subquery) -> ColumnElement[int]:
    return func.grouping(seen.c.key).label("of_all")


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
    found += asked.within(_GIVEN.given_at)
    if asked.community_id is not None:
        found.append(_GIVEN.community_id == asked.community_id)
    return found
