"""When the desk of a community works, as a form: hours, closed days, days worked besides, and once-only closures."""

import uuid
from collections.abc import Iterator
from typing import Any

from flask import Response
from flask_babel import lazy_gettext as _l

from gateway.web.desk import Told
from gateway.web.guard import page_for
from gateway.web.management import calendar_cells, drafts
from gateway.web.management.area import blp
from gateway.web.management.cells import Cells

DAYS = {
    "mon": _l("Monday"),
    "tue": _l("Tuesday"),
    "wed": _l("Wednesday"),
    "thu": _l("Thursday"),
    "fri": _l("Friday"),
    "sat": _l("Saturday"),
    "sun": _l("Sunday"),
}


def shown(terms: Told) -> Cells:
    """Return the cells of the calendar in force."""
    return calendar_cells.shown(terms["document"])


def written(cells: Cells, terms: Told) -> dict[str, Any]:
    """Return the calendar that the cells say."""
    return calendar_cells.written(cells, terms["document"])


def _paths(_cells: Cells) -> Iterator[str]:
    yield from (*calendar_cells.TEXTS, *calendar_cells.LISTS, "hours", "accept_estimated_holidays")


SHEET = drafts.Sheet(
    "calendar",
    "management/calendar.html",
    shown,
    written,
    _paths,
    lists=calendar_cells.LISTS,
    elsewhere=calendar_cells.ELSEWHERE,
    values={"days": DAYS},
)


@blp.get("/terms/<uuid:community_id>/calendar")
@page_for("manager")
def calendar(community_id: uuid.UUID) -> Response:
    """Show a community's working hours, to be changed."""
    return drafts.show(SHEET, community_id)


@blp.post("/terms/<uuid:community_id>/calendar")
@page_for("manager")
def write_calendar(community_id: uuid.UUID) -> Response:
    """Add or drop a row, look at what other hours would change, or write them."""
    return drafts.take(SHEET, community_id)
