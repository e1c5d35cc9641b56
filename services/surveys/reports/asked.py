"""What a report is asked for: a period and a community, as conditions."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Column, ColumnElement, Table


@dataclass(frozen=True)
class Asked:
    """A period (`until` not included; None leaves a side open), and the one community it is about or None."""

    organisation_id: str
    since: datetime | None = None
    until: datetime | None = None
    community_id: str | None = None

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
