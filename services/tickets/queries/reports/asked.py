"""What a report is asked for: a period, what it is narrowed to and grouped by, as conditions and as links."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cached_property
from typing import Any
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from sqlalchemy import Column, ColumnElement, Connection, FromClause, SmallInteger, exists, func, literal, select, text

from services.tickets.models import clocks, communities, tickets
from services.tickets.queries.verdicts import IS_REPORTED

TICKETS = "/api/v1/tickets"
# What a filter says to mean those without: no need level, nobody's job.
NONE = "none"
MONTH = "month"
ORGANISATION = "organisation"
RULE = "rule"
ITEM = "item"
# What a group is called and the column that says to which of them a clock belongs.
COLUMNS = {
    "need_level": "need_level",
    "community": "community_id",
    "work_type": "work_type",
    "crew": "crew_id",
    "policy": "policy_version",
    RULE: "rule",
}
GROUPINGS = (*COLUMNS, ITEM, MONTH, ORGANISATION)
NARROWED = ("community_id", "need_level", "work_type", "crew_id", "policy_version", "rule", ITEM)
CREW_OF_TICKET = func.coalesce(tickets.c.completed_by, tickets.c.owner_id)
_FILED = tickets.alias("filed")
ITEM_OF_CLOCK = (
    select(_FILED.c.catalogue_code).where(_FILED.c.id == clocks.c.ticket_id).correlate(clocks).scalar_subquery()
)


@dataclass(frozen=True)
class Asked:
    """A period by time of filing (`until` not included; None leaves a side open), and what it is narrowed to.

    `crew_id` is who completed a job, else who has it; of a clock, and `need_level`, `work_type` and `policy_version`
    too, what was so when it was breached, else when it stopped, else now. `item` is the catalogue item that a request
    has now, of its clocks as well. A `need_level` or `crew_id` of "none" means those without. `zone` is where months
    begin: the community's, where one is chosen. `locale` is what names are given in. `cause` and
    `emotion` are asked of complaints alone.
    """

    organisation_id: str
    since: datetime | None = None
    until: datetime | None = None
    community_id: str | None = None
    need_level: str | None = None
    work_type: str | None = None
    crew_id: str | None = None
    policy_version: str | None = None
    rule: str | None = None
    item: str | None = None
    cause: str | None = None
    emotion: str | None = None
    zone: str = "UTC"
    locale: str = "zh-CN"

    def period(self) -> dict[str, str | None]:
        """Return the period, as a report repeats it."""
        moments = {"from": self.since, "to": self.until}
        return {name: moment.isoformat() if moment else None for name, moment in moments.items()}

    def said(self) -> dict[str, Any]:
        """Return what was asked, as a report repeats it."""
        return self.period() | {name: getattr(self, name) for name in NARROWED}

    def clock_conditions(self, *, carried_over: bool = False) -> list[ColumnElement[bool]]:
        """Return what the clocks of the period have in common, or of those filed before it."""
        found = [clocks.c.organisation_id == self.organisation_id, IS_REPORTED]
        found += [clocks.c.filed_at < self.since] if carried_over else self.within(clocks.c.filed_at)
        if self.item is not None:
            found.append(_equal(ITEM_OF_CLOCK, self.item))
        own = (name for name in NARROWED if name != ITEM)
        return found + [_equal(clocks.c[name], getattr(self, name)) for name in own if getattr(self, name)]

    def ticket_conditions(self) -> list[ColumnElement[bool]]:
        """Return what the tickets of the period have in common; with a rule, that one of their clocks is by it."""
        found = [tickets.c.organisation_id == self.organisation_id, *self.within(tickets.c.filed_at)]
        for name in NARROWED:
            value = getattr(self, name)
            if value and name == RULE:
                by_rule = exists().where(clocks.c.ticket_id == tickets.c.id, clocks.c.rule == value, IS_REPORTED)
                found.append(by_rule)
            elif value:
                found.append(_equal(_OF_TICKET[name] if name in _OF_TICKET else tickets.c[name], value))
        return found

    def entry_conditions(self, entries: FromClause) -> list[ColumnElement[bool]]:
        """Return what the entries of history of the period have in common, whenever their tickets were filed."""
        of = entries.c
        whenever = replace(self, since=None, until=None).ticket_conditions()
        return [of.organisation_id == self.organisation_id, *self.within(of.at), *whenever]

    def within(self, moment: ColumnElement[datetime]) -> list[ColumnElement[bool]]:
        """Return the condition that a moment is of the period."""
        found: list[ColumnElement[bool]] = []
        if self.since is not None:
            found.append(moment >= self.since)
        if self.until is not None:
            found.append(moment < self.until)
        return found

    @cached_property
    def _query(self) -> str:
        return urlencode({name: value for name, value in self.said().items() if value is not None})

    def link(self, **more: str) -> str:
        """Return the address of the list of tickets that this is about; `more` are words of ours."""
        named = (f"{name}={value}" for name, value in more.items())
        return f"{TICKETS}?{'&'.join(filter(None, (self._query, *named)))}"

    def behind(self, figure: str, grouping: str | None = None, key: Any = None) -> str:
        """Return the address of the tickets behind a figure of another report, of one of its groups or of all."""
        told = {**self.said(), "cause": self.cause, "emotion": self.emotion, "figure": figure}
        if grouping is not None:
            told |= {"group_by": grouping, "group": NONE if key is None else str(key)}
        return f"{TICKETS}?{urlencode({name: value for name, value in told.items() if value is not None})}"

    def of_any(self) -> "Asked":
        """Return the same question about whatever was filed in the period and the community, not narrowed further."""
        nothing: Mapping[str, Any] = dict.fromkeys(name for name in NARROWED if name != "community_id")
        return replace(self, **nothing)

    def before(self) -> "Asked":
        """Return the same question about what was filed before the period."""
        return replace(self, since=None, until=self.since)

    def of_group(self, grouping: str, key: Any) -> "Asked":
        """Return this question about one group alone."""
        if grouping == MONTH:
            begin = datetime.strptime(key, "%Y-%m").replace(tzinfo=ZoneInfo(self.zone))
            end = begin.replace(year=begin.year + begin.month // 12, month=begin.month % 12 + 1)
            since = begin if self.since is None else max(begin, self.since)
            return replace(self, since=since, until=end if self.until is None else min(end, self.until))
        if grouping == ORGANISATION:
            return self
        changes: Mapping[str, Any] = {COLUMNS.get(grouping, grouping): NONE if key is None else str(key)}
        return replace(self, **changes)


# What a job is narrowed by and its clocks know under another name, or not at all.
_OF_TICKET: Mapping[str, ColumnElement[Any]] = {"crew_id": CREW_OF_TICKET, ITEM: tickets.c.catalogue_code}


def _equal(column: ColumnElement[Any], value: str) -> ColumnElement[bool]:
    if value == NONE:
        return column.is_(None)
    return column == (int(value) if isinstance(column.type, SmallInteger) else value)


def group_of_clock(grouping: str, zone: str) -> ColumnElement[Any]:
    """Return which group a clock belongs to."""
    if grouping == MONTH:
        return _month(clocks.c.filed_at, zone)
    if grouping == ITEM:
        return ITEM_OF_CLOCK
    return literal(None) if grouping == ORGANISATION else clocks.c[COLUMNS[grouping]]


def group_of_ticket(grouping: str, zone: str) -> ColumnElement[Any]:
    """Return which group a ticket belongs to; it has no one rule, so it cannot be asked for by rule."""
    if grouping == MONTH:
        return _month(tickets.c.filed_at, zone)
    if grouping == ORGANISATION:
        return literal(None)
    name = COLUMNS.get(grouping, grouping)
    return _OF_TICKET[name] if name in _OF_TICKET else tickets.c[name]


def _month(filed_at: Column[datetime], zone: str) -> ColumnElement[str]:
    return func.to_char(func.timezone(zone, filed_at), "YYYY-MM")


def zone_of(db: Connection, community_id: str | None) -> str:
    """Return the time zone of a community, UTC without one or where the caller knows none by that id."""
    if community_id is None:
        return "UTC"
    found = db.execute(select(communities.c.timezone).where(communities.c.id == community_id)).scalar_one_or_none()
    return found or "UTC"


# A report reads and sorts up to a hundred thousand rows: in memory, in one go, by a plan made for its own period. The
# plan kept for any period expects few rows and joins them one by one; starting workers or a compiler takes longer than
# the work.
_AT_ONCE = text(
    "SELECT set_config('work_mem', '64MB', true), set_config('plan_cache_mode', 'force_custom_plan', true),"
    " set_config('max_parallel_workers_per_gather', '0', true), set_config('jit', 'off', true)"
)


def prepare(db: Connection) -> None:
    """Tell the database, for this transaction, that what comes is a report."""
    db.execute(_AT_ONCE)
