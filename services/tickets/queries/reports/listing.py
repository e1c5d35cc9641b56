"""The tickets behind a figure of a report: from the rows that it counted, by the condition that it counted them by."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Subquery, cast, select
from sqlalchemy.types import Text

from services.tickets.models import tickets
from services.tickets.queries.reports.acts import ACT_FIGURES, ACT_GROUPINGS, acts_of
from services.tickets.queries.reports.announcements import ANNOUNCEMENT_FIGURES, ANNOUNCEMENT_GROUPINGS, joined_of
from services.tickets.queries.reports.appointments import APPOINTMENT_FIGURES, APPOINTMENT_GROUPINGS, windows_of
from services.tickets.queries.reports.asked import NONE, Asked
from services.tickets.queries.reports.behind import Condition
from services.tickets.queries.reports.complaints import COMPLAINT_FIGURES, COMPLAINT_GROUPINGS, complaints_of
from services.tickets.queries.reports.pauses import PAUSE_FIGURES, PAUSE_GROUPINGS, pauses_of
from services.tickets.queries.reports.waits import WAIT_FIGURES, WAIT_GROUPINGS, waits_of

Rows = Callable[[Asked, str | None, datetime], tuple[Subquery, str]]


@dataclass(frozen=True)
class _Report:
    """What a report counts under and groups by, and its rows, which have a `ticket_id` and a column of the group."""

    figures: Mapping[str, Condition]
    groupings: tuple[str, ...]
    rows: Rows


REPORTS: Mapping[str, _Report] = {
    "pauses": _Report(PAUSE_FIGURES, PAUSE_GROUPINGS, lambda asked, by, now: (pauses_of(asked, now), by or "")),
    "acts": _Report(ACT_FIGURES, ACT_GROUPINGS, lambda asked, by, now: (acts_of(asked), by or "")),
    "waits": _Report(WAIT_FIGURES, WAIT_GROUPINGS, lambda asked, by, now: (waits_of(asked, by, now), "key")),
    "complaints": _Report(
        COMPLAINT_FIGURES,
        COMPLAINT_GROUPINGS,
        lambda asked, by, now: (complaints_of(asked, by or COMPLAINT_GROUPINGS[0], now), "key"),
    ),
    "appointments": _Report(
        APPOINTMENT_FIGURES, APPOINTMENT_GROUPINGS, lambda asked, by, now: (windows_of(asked, now), by or "")
    ),
    "announcements": _Report(
        ANNOUNCEMENT_FIGURES, ANNOUNCEMENT_GROUPINGS, lambda asked, by, now: (joined_of(asked, by, now), "key")
    ),
}
# Every figure that a list of tickets may be asked for, as `report.figure`.
FIGURES = tuple(f"{name}.{figure}" for name, report in REPORTS.items() for figure in report.figures)


def groupings_of(figure: str) -> tuple[str, ...]:
    """Return what the report of a figure is grouped by."""
    return REPORTS[figure.partition(".")[0]].groupings


def is_behind(asked: Asked, figure: str, grouping: str | None, group: str | None, now: datetime) -> ColumnElement[bool]:
    """Return the condition that a ticket stands behind a figure of a report asked so, of one of its groups or of all.

    The period is the report's own: when a pause began, a window was agreed to, an act was heard of, an estimate given,
    a complaint filed, an announcement published.
    """
    name, _, which = figure.partition(".")
    report = REPORTS[name]
    rows, column = report.rows(asked, grouping, now)
    conditions = [report.figures[which](rows.c)]
    if grouping is not None:
        conditions.append(_is_group(rows.c[column], group))
    return tickets.c.id.in_(select(rows.c.ticket_id).where(*conditions))


def _is_group(column: ColumnElement[Any], group: str | None) -> ColumnElement[bool]:
    # As text: what is no id is nobody's, and no mistake of the database's.
    return column.is_(None) if group in (None, NONE) else cast(column, Text) == group
