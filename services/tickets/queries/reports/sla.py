"""The report on service levels: what was met and missed, how long it took, what was promised, what had no flaw."""

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

from sqlalchemy import Connection

from services.kit import clock as time
from services.tickets.catalogue import NEED_LEVELS, WORK_TYPES
from services.tickets.complaints.figures import share
from services.tickets.queries.reports.asked import ITEM, MONTH, NONE, ORGANISATION, RULE, Asked, group_of_clock, prepare
from services.tickets.queries.reports.behind import Again, counted_again, overridden, surplus
from services.tickets.queries.reports.clocks import Figures, Key, Spread, carried_over, figures_of
from services.tickets.queries.reports.naming import names_of
from services.tickets.queries.reports.promises import BECAME, PROMISES
from services.tickets.queries.reports.quality import TIMES, quality_of, spread_of
from services.tickets.queries.verdicts import OPEN_OVERDUE, REPORTED, VERDICTS
from services.tickets.sla.targets import JUDGED

FLAWS = ("missed_clock", "broken_promise", "was_reopened", "unhappy")
FINISHED = ("finished", "counted", "flawless", "flawed", "decided", "undecided", "unanswered", *FLAWS)
CLOCKS = ("contract", "lived")
# A rule has clocks, and no jobs: a job as a whole is under several.
_OF_RULE: Mapping[str, Any] = {"filed": None}
_NO_WHOLE = {"resolution": None, "promises": None, "flawless": None}


def sla_report(db: Connection, asked: Asked, grouping: str) -> dict[str, Any]:
    """Return, per group and clock, the numbers behind every share with links to the tickets they count.

    An open clock past its target counts as breached the moment that is true, whether or not a timer has looked: the
    verdict never depends on when anyone checked. Tickets are taken by when they were filed; what was filed before the
    period and is still open and overdue always shows, as carried over. Of a rule there are clocks only: a job as a
    whole has no one rule.
    """
    prepare(db)
    now = time.now()
    counted = figures_of(db, asked, grouping, now)
    for key, n in overridden(db, asked, grouping, now).items():
        counted[key].overridden = n
    again = counted_again(db, asked.clock_conditions(), [group_of_clock(grouping, asked.zone)], now)
    for of_group, more in surplus(again).items():
        counted[of_group[0], of_group[1]].surplus = more
    late = carried_over(db, asked, grouping, now)
    wholes = {} if grouping == RULE else quality_of(db, asked, grouping, now)
    keys = _in_order(asked, grouping, {key for key, _ in (*counted, *late)} | set(wholes))
    if grouping == ITEM:
        keys.sort(key=lambda key: -wholes.get(key, _NOTHING)["filed"])
    names = names_of(db, asked, grouping, keys)
    # Nothing was filed before a period without beginning, nor in any of its months.
    of_groups = None if grouping == MONTH or asked.since is None else late
    nothing = _OF_RULE if grouping == RULE else _NOTHING
    return {
        "asof": now.isoformat(),
        **asked.said(),
        "group_by": grouping,
        "groups": [
            {
                "key": None if key is None else str(key),
                "name": names.get(key),
                **_group(asked.of_group(grouping, key), key, counted, of_groups, wholes.get(key, nothing)),
            }
            for key in keys
        ],
        "total": _total(asked, grouping, counted, late, wholes, again),
    }


def _known(keys: Iterable[Any]) -> list[Any]:
    return [key for key in keys if key is not None]


def _in_order(asked: Asked, grouping: str, keys: set[Any]) -> list[Any]:
    """Return the groups to show: every need level asked for, also an empty one, and of the others those not empty."""
    if grouping == "need_level" and asked.need_level is not None:
        return [None if asked.need_level == NONE else int(asked.need_level)]
    if grouping == "need_level":
        return [*NEED_LEVELS, *([None] if None in keys else [])]
    if grouping == "work_type":
        return [name for name in WORK_TYPES if name in keys]
    nobodys = [None] if None in keys and grouping != MONTH else []
    return [*sorted(_known(keys)), *nobodys]


def _group(
    asked: Asked, key: Any, counted: Mapping[Key, Figures], late: Mapping[Key, int] | None, whole: Mapping[str, Any]
) -> dict[str, Any]:
    kinds = [kind for kind in REPORTED if kind in JUDGED or (key, kind) in counted]
    return {
        "filed": whole["filed"],
        "tickets": asked.link(),
        "clocks": {
            kind: {
                **counted.get((key, kind), Figures()).said(),
                "carried_over": None if late is None else _carried(asked, kind, late.get((key, kind), 0)),
                "tickets": _links(asked, kind),
            }
            for kind in kinds
        },
        **(_NO_WHOLE if whole is _OF_RULE else _whole(asked, whole)),
    }


def _carried(asked: Asked, kind: str, late: int) -> dict[str, Any]:
    return {"open_overdue": late, "tickets": asked.before().link(clock=kind, verdict=OPEN_OVERDUE)}


def _links(asked: Asked, kind: str) -> dict[str, str]:
    listed = asked.link(clock=kind)
    return {verdict: f"{listed}&verdict={verdict}" for verdict in VERDICTS}


_SUMS = (
    "filed", "reopened", *FINISHED, *(f"promises_{name}" for name in PROMISES),
    *(f"promised_{name}" for name in BECAME),
)  # fmt: skip
_NOTHING: Mapping[str, Any] = dict.fromkeys(_SUMS, 0)


def _whole(asked: Asked, row: Mapping[str, Any]) -> dict[str, Any]:
    """Return what is said of jobs as wholes: their resolution, their promises, and how many had no flaw."""
    kept, broken = row["promises_kept"], row["promises_broken"]
    return {
        "resolution": {
            "first": _times(row, "first"),
            "total": _times(row, "total"),
            "reopened": row["reopened"],
            "tickets": asked.link(quality="reopened"),
            "timed": {name: asked.link(quality=name) for name in TIMES},
        },
        "promises": {
            **{name: row[f"promises_{name}"] for name in PROMISES},
            "decided": kept + broken,
            **_share("kept_share", kept, kept + broken),
            "tickets_counted": {name: row[f"promised_{name}"] for name in BECAME},
            "tickets": {name: asked.link(promise=name) for name in BECAME},
        },
        "flawless": {
            **{name: row[name] for name in FINISHED if name not in FLAWS},
            **_share("rate", row["flawless"], row["decided"]),
            "flawed_by": {name: row[name] for name in FLAWS},
            "tickets": {name: asked.link(quality=name) for name in FINISHED},
        },
    }


def _share(called: str, count: int, n: int) -> dict[str, Any]:
    told = share(count, n)
    return {called: told["share"], "low": told["low"], "high": told["high"]}


def _times(row: Mapping[str, Any], which: str) -> dict[str, Any] | None:
    """Return the first or total time of the tickets in both clocks; of a sum of groups it cannot be told."""
    if row is _NOTHING:
        return {clock: Spread().said() for clock in CLOCKS}
    if f"{which}_lived" not in row:
        return None
    return {clock: spread_of(row, f"{which}_{clock}").said() for clock in CLOCKS}


def _total(
    asked: Asked, grouping: str, counted: Mapping[Key, Figures], late: Mapping[Key, int], wholes: Mapping[Any, Any],
    again: Again,
) -> dict[str, Any]:  # fmt: skip
    """Return the sums over all groups. What percentiles they have together is asked with group_by=organisation."""
    overdue: Counter[Key] = Counter()
    for (_, kind), n in late.items():
        overdue[None, kind] += n
    before = overdue if asked.since else None
    if grouping == ORGANISATION:
        return _group(asked, None, counted, before, wholes.get(None, _NOTHING))
    sums: dict[Key, Figures] = {}
    for (_, kind), figures in counted.items():
        sums.setdefault((None, kind), Figures()).add(figures)
    for of_kind, more in surplus(clock[1:] for clock in again).items():
        sums[None, of_kind[0]].surplus = more
    whole = _OF_RULE if grouping == RULE else {name: sum(row[name] for row in wholes.values()) for name in _SUMS}
    return _group(asked, None, sums, before, whole)
