"""Counts and percentiles of clocks, read from the table of clocks alone."""

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, case, func, literal_column, select
from sqlalchemy.dialects.postgresql import array

from services.tickets.complaints.figures import share
from services.tickets.models import clocks
from services.tickets.queries.reports.asked import MONTH, Asked, group_of_clock
from services.tickets.queries.verdicts import (
    OPEN_IN_TIME,
    OPEN_OVERDUE,
    REPORTED,
    TIMED,
    TIMED_CONTRACT,
    TIMED_LIVED,
    is_open_overdue,
    verdict,
)
from services.tickets.sla.clocks import BREACHED, MET, UNKNOWN, VOID

PERCENTS = (50, 90, 95)
ENDED_AS = (MET, BREACHED, VOID, UNKNOWN)


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
    """The clocks of one kind in one group: how many have which exact verdict, how many are timed, how long these took.

    Void clocks are counted and not measured: what was withdrawn took no time. `surplus` is how many more clocks than
    tickets have a verdict, `overridden` how many of the breached belong to tickets whose need level was corrected.
    """

    counts: Counter[str] = field(default_factory=Counter)
    contract: Spread | None = Spread()
    lived: Spread | None = Spread()
    pause_seconds: float = 0.0
    lived_seconds: float = 0.0
    surplus: Counter[str] = field(default_factory=Counter)
    overridden: int = 0

    def add(self, other: "Figures") -> None:
        """Add another group's; percentiles and surplus of the two together cannot be told from theirs."""
        self.counts.update(other.counts)
        self.pause_seconds += other.pause_seconds
        self.lived_seconds += other.lived_seconds
        self.overridden += other.overridden
        self.contract = self.lived = None

    def said(self) -> dict[str, Any]:
        """Return the numbers behind the share, the share and its interval; with nothing decided there is none."""
        met = self.counts[MET]
        breached = self.counts[BREACHED] + self.counts[OPEN_OVERDUE]
        decided = met + breached
        told = share(met, decided)
        counts = {
            "met": met,
            "breached": breached,
            "open_overdue": self.counts[OPEN_OVERDUE],
            "open_in_time": self.counts[OPEN_IN_TIME],
            "unknown": self.counts[UNKNOWN],
            "void": self.counts[VOID],
            "decided": decided,
        }
        timed = {name: self.counts[name] for name in TIMED}
        return {
            **counts,
            "tickets_counted": {name: n - self.surplus[name] for name, n in (counts | timed).items()},
            "overridden": self.overridden,
            "met_share": told["share"],
            "low": told["low"],
            "high": told["high"],
            "contract": self.contract.said() if self.contract else None,
            "lived": self.lived.said() if self.lived else None,
            "pause_seconds": self.pause_seconds,
            "lived_seconds": self.lived_seconds,
            "pause_share": self.pause_seconds / self.lived_seconds if self.lived_seconds else None,
        }


Key = tuple[Any, str]


def figures_of(db: Connection, asked: Asked, grouping: str, now: datetime) -> dict[Key, Figures]:
    """Return the figures of each group and kind. What has stopped is read once, and what is open is little."""
    found: dict[Key, Figures] = defaultdict(Figures)
    for row in db.execute(_stopped(asked, grouping)):
        figures = found[row.group, REPORTED[row.kind]]
        figures.counts.update({name: getattr(row, name) for name in (*ENDED_AS, *TIMED)})
        figures.pause_seconds, figures.lived_seconds = row.pauses or 0.0, row.lives or 0.0
        figures.contract = Spread(row.timed_contract, tuple(row.contract_values or Spread.values))
        figures.lived = Spread(row.timed_lived, tuple(row.lived_values or Spread.values))
    for group, kind, exact, n in db.execute(_running(asked, grouping, now)):
        found[group, kind].counts[exact] += n
    return found


def _stopped(asked: Asked, grouping: str) -> Select[Any]:
    not_void = clocks.c.state != VOID
    lived = func.date_part("epoch", clocks.c.stopped_at - clocks.c.started_at)
    seen = (
        select(
            group_of_clock(grouping, asked.zone).label("group"),
            _numbered(clocks.c.kind, REPORTED).label("kind"),
            _numbered(clocks.c.state, ENDED_AS).label("state"),
            case((not_void, clocks.c.contract_seconds)).label("contract"),
            case((not_void, clocks.c.pause_seconds)).label("pause"),
            case((not_void, lived)).label("lived"),
        )
        .where(*asked.clock_conditions(), clocks.c.stopped_at.is_not(None))
        .offset(literal_column("0"))  # Computed once a clock, not once for every figure that asks for it.
        .subquery("seen")
    )
    return select(
        seen.c.group,
        seen.c.kind,
        *(func.count().filter(seen.c.state == number).label(name) for number, name in enumerate(ENDED_AS)),
        func.sum(seen.c.pause).label("pauses"),
        func.sum(seen.c.lived).label("lives"),
        func.count(seen.c.contract).label(TIMED_CONTRACT),
        func.count(seen.c.lived).label(TIMED_LIVED),
        percentiles(seen.c.contract).label("contract_values"),
        percentiles(seen.c.lived).label("lived_values"),
    ).group_by(seen.c.group, seen.c.kind)


def _numbered(column: ColumnElement[str], names: Sequence[str]) -> ColumnElement[int]:
    """Return a column's words as their numbers: to sort and compare words takes longer than all the rest."""
    return case({name: number for number, name in enumerate(names)}, value=column)


def _running(asked: Asked, grouping: str, now: datetime) -> Select[Any]:
    group = group_of_clock(grouping, asked.zone).label("group")
    seen = (
        select(group, clocks.c.kind, verdict(now).label("verdict"))
        .where(*asked.clock_conditions(), clocks.c.stopped_at.is_(None))
        .subquery("seen")
    )
    return select(*seen.c, func.count()).group_by(*seen.c)


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
