"""Counts and percentiles of clocks, read from the table of clocks alone."""

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import CTE, Connection, case, func, null, select, union_all
from sqlalchemy.dialects.postgresql import array

from services.tickets.models import clocks
from services.tickets.queries.reports.asked import MONTH, Asked, group_of_clock
from services.tickets.queries.verdicts import OPEN_IN_TIME, OPEN_OVERDUE, REPORTED, is_open_overdue, verdict
from services.tickets.sla.clocks import BREACHED, MET, UNKNOWN, VOID

PERCENTS = (50, 90, 95)


@dataclass(frozen=True)
class Spread:
    """How long something took in seconds: of `n`, the values that so many percent do not exceed."""

    n: int = 0
    values: tuple[float | None, ...] = (None,) * len(PERCENTS)

    def said(self) -> dict[str, Any]:
        """Return it as a report shows it."""
        return {"n": self.n} | {f"p{percent}": value for percent, value in zip(PERCENTS, self.values, strict=True)}


def percentiles(seconds: Any) -> Any:
    """Return the SQL for a Spread's values. Each is a time that really was taken, not one between two."""
    return func.percentile_disc(array([percent / 100 for percent in PERCENTS])).within_group(seconds)


@dataclass
class Figures:
    """The clocks of one kind in one group: how many have which exact verdict, and how long the stopped ones took.

    Void clocks are counted and not measured: what was withdrawn took no time.
    """

    counts: Counter[str] = field(default_factory=Counter)
    contract: Spread | None = Spread()
    lived: Spread | None = Spread()
    pause_seconds: float = 0.0
    lived_seconds: float = 0.0

    def add(self, other: "Figures") -> None:
        """Add another group's; what percentiles the two have together cannot be told from them."""
        self.counts.update(other.counts)
        self.pause_seconds += other.pause_seconds
        self.lived_seconds += other.lived_seconds
        self.contract = self.lived = None

    def said(self) -> dict[str, Any]:
        """Return the numbers behind the share, and the share; with nothing decided there is none."""
        met = self.counts[MET]
        breached = self.counts[BREACHED] + self.counts[OPEN_OVERDUE]
        decided = met + breached
        return {
            "met": met,
            "breached": breached,
            "open_overdue": self.counts[OPEN_OVERDUE],
            "open_in_time": self.counts[OPEN_IN_TIME],
            "unknown": self.counts[UNKNOWN],
            "void": self.counts[VOID],
            "decided": decided,
            "met_share": met / decided if decided else None,
            "contract": self.contract.said() if self.contract else None,
            "lived": self.lived.said() if self.lived else None,
            "pause_seconds": self.pause_seconds,
            "lived_seconds": self.lived_seconds,
            "pause_share": self.pause_seconds / self.lived_seconds if self.lived_seconds else None,
        }


Key = tuple[Any, str]


def figures_of(db: Connection, asked: Asked, grouping: str, now: datetime) -> dict[Key, Figures]:
    """Return the figures of each group and kind in one statement that reads the clocks of the period once."""
    seen = _seen(asked, grouping, now)
    counted = select(seen.c.group, seen.c.kind, seen.c.verdict, func.count().label("n"), *_NO_TIMES).group_by(
        seen.c.group, seen.c.kind, seen.c.verdict
    )
    measured = (
        select(
            seen.c.group,
            seen.c.kind,
            null().label("verdict"),
            func.count(),
            func.sum(seen.c.pause_seconds),
            func.sum(seen.c.lived_seconds),
            func.count(seen.c.contract_seconds),
            percentiles(seen.c.contract_seconds),
            percentiles(seen.c.lived_seconds),
        )
        .where(seen.c.lived_seconds.is_not(None), seen.c.verdict != VOID)
        .group_by(seen.c.group, seen.c.kind)
    )
    found: dict[Key, Figures] = defaultdict(Figures)
    for group, kind, exact, n, *times in db.execute(union_all(counted, measured)):
        figures = found[group, REPORTED[kind]]
        if exact is not None:
            figures.counts[exact] = n
            continue
        waited, lived, contracts, contract_values, lived_values = times
        figures.pause_seconds, figures.lived_seconds = waited or 0.0, lived
        figures.contract = Spread(contracts, tuple(contract_values or Spread.values))
        figures.lived = Spread(n, tuple(lived_values))
    return found


_NO_TIMES = tuple(
    null().label(name) for name in ("pauses", "lives", "contracts", "contract_percentiles", "lived_percentiles")
)


def _seen(asked: Asked, grouping: str, now: datetime) -> CTE:
    # Kinds as their numbers: sorting by text takes longer than all the rest.
    return (
        select(
            group_of_clock(grouping, asked.zone).label("group"),
            case({kind: number for number, kind in enumerate(REPORTED)}, value=clocks.c.kind).label("kind"),
            verdict(now).label("verdict"),
            clocks.c.contract_seconds,
            clocks.c.pause_seconds,
            func.date_part("epoch", clocks.c.stopped_at - clocks.c.started_at).label("lived_seconds"),
        )
        .where(*asked.clock_conditions())
        .cte("seen")
    )


def carried_over(db: Connection, asked: Asked, grouping: str, now: datetime) -> dict[Key, int]:
    """Return how many clocks of tickets filed before the period are open and overdue, by group and kind.

    By month there is no group for them: they were filed in none of the months shown.
    """
    if asked.since is None:
        return {}
    group = group_of_clock("organisation" if grouping == MONTH else grouping, asked.zone).label("group")
    late = (
        select(group, clocks.c.kind)
        .where(*asked.clock_conditions(carried_over=True), is_open_overdue(now))
        .subquery("late")
    )
    counted = select(late.c.group, late.c.kind, func.count()).group_by(late.c.group, late.c.kind)
    return {(group, kind): n for group, kind, n in db.execute(counted)}
