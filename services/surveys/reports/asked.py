"""What a report is asked for: a period and a community, as conditions, and as addresses of what a figure counts."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from sqlalchemy import Column, ColumnElement, Connection, Table, func, select

from services.surveys.models import campaigns, return_visits

REPORTS = "/api/v1/reports"


@dataclass(frozen=True)
class Asked:
    """A period (`until` not included; None leaves a side open), and the one community it is about or None.

    `zone` is where months begin: the community's, where one is chosen.
    """

    organisation_id: str
    since: datetime | None = None
    until: datetime | None = None
    community_id: str | None = None
    zone: str = "UTC"

    def said(self) -> dict[str, Any]:
        """Return what was asked, as a report repeats it."""
        return {
            "from": self.since.isoformat() if self.since else None,
            "to": self.until.isoformat() if self.until else None,
            "community_id": self.community_id,
        }

    def within(self, moment: Column[datetime]) -> list[ColumnElement[bool]]:
        """Return the conditions that a moment lies in the period."""
        found: list[ColumnElement[bool]] = []
        if self.since is not None:
            found.append(moment >= self.since)
        if self.until is not None:
            found.append(moment < self.until)
        return found

    def of(self, table: Table) -> list[ColumnElement[bool]]:
        """Return the conditions that a row is this organisation's, and the community's where one is asked for."""
        found: list[ColumnElement[bool]] = [table.c.organisation_id == self.organisation_id]
        if self.community_id is not None:
            found.append(table.c.community_id == self.community_id)
        return found

    def month(self, moment: Column[datetime]) -> ColumnElement[str]:
        """Return the month that a moment lies in."""
        return func.to_char(func.timezone(self.zone, moment), "YYYY-MM")

    def of_month(self, month: str) -> "Asked":
        """Return this question about one month of the period alone."""
        begin = datetime.strptime(month, "%Y-%m").replace(tzinfo=ZoneInfo(self.zone))
        end = begin.replace(year=begin.year + begin.month // 12, month=begin.month % 12 + 1)
        since = begin if self.since is None else max(begin, self.since)
        return replace(self, since=since, until=end if self.until is None else min(end, self.until))

    def of_community(self, community_id: str) -> "Asked":
        """Return this question about one community alone."""
        return replace(self, community_id=community_id)

    def links(self, report: str, figures: Iterable[str], **more: str) -> Mapping[str, str]:
        """Return by figure the address of the list of what it counts."""
        query = {name: value for name, value in (self.said() | more).items() if value is not None}
        return {one: f"{REPORTS}/{report}/behind?{urlencode(query | {'figure': one})}" for one in figures}


def zone_of(db: Connection, community_id: str | None) -> str:
    """Return the time zone of a community by what was asked there last, UTC without one or where nothing was."""
    if community_id is None:
        return "UTC"
    visits, asking = return_visits.c, campaigns.c
    for wanted in (
        select(visits.timezone).where(visits.community_id == community_id).order_by(visits.id.desc()),
        select(asking.timezone).where(asking.community_id == community_id).order_by(asking.id.desc()),
    ):
        if found := db.execute(wanted.limit(1)).scalar_one_or_none():
            return str(found)
    return "UTC"
