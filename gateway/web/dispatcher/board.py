"""The live board: what is open by state and need level, what nobody has and what is due first on top."""

from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from flask import Response, request
from flask_babel import LazyString, gettext
from flask_babel import lazy_gettext as _l

from gateway.web.desk import desk
from gateway.web.dispatcher.area import DESK, blp
from gateway.web.guard import page_for
from gateway.web.moments import duration
from gateway.web.page import go, page
from gateway.web.words import Word
from services.kit import clock

# All that a desk has open on a busy day; the next page is for a day beyond that.
MOST = 250
SOON_SECONDS = 3600
LEVELS = (1, 2, 3, 4, 5, None)


# What is not needed every hour: the page, its name, and what it is for.
MORE: tuple[tuple[str, LazyString, LazyString], ...] = (
    (
        "dispatcher.requests",
        _l("All requests"),
        _l("Those that are over, too: by state, home, days and number"),
    ),
    (
        "dispatcher.announcements",
        _l("Announcements"),
        _l("Outages and planned work: write, publish, who has read them"),
    ),
    ("dispatcher.letters", _l("Letters"), _l("What came by e-mail and waits for the desk")),
    ("dispatcher.events", _l("Events and volunteers"), _l("Announce, who comes, hours to confirm")),
    ("dispatcher.plans", _l("Plans and rounds"), _l("Recurring work and what became of it")),
)


@dataclass
class Column:
    """A column of the board: its name, how many requests there are in it, and those of this page."""

    code: str
    name: LazyString
    count: int = 0
    tickets: list[dict[str, Any]] = field(default_factory=list)


def _columns() -> list[Column]:
    return [
        Column("unclaimed", _l("Nobody has it")),
        Column("taken", _l("Taken")),
        Column("under-way", _l("Under way")),
        Column("paused", _l("Paused")),
    ]


def _place(ticket: dict[str, Any]) -> str:
    """Return the column of a ticket; what management has not given to anybody waits for somebody too."""
    if ticket["status"] == "waiting":
        return "paused"
    if ticket["status"] in ("on_the_way", "on_site", "in_progress"):
        return "under-way"
    return "unclaimed" if ticket["owner"]["id"] is None else "taken"


def left(ticket: dict[str, Any]) -> Word:
    """Say how long there is until the next deadline, in words, with a sign beside the colour."""
    if ticket["next_due_at"] is None:
        waits = gettext("Clock paused") if ticket["status"] == "waiting" else gettext("No deadline runs")
        return Word(waits, "‖" if ticket["status"] == "waiting" else "–")
    seconds = (datetime.fromisoformat(ticket["next_due_at"]) - clock.now()).total_seconds()
    if seconds < 0:
        return Word(gettext("%(time)s late", time=duration(-seconds)), "‼", "danger")
    said_so = gettext("%(time)s left", time=duration(seconds))
    return Word(said_so, "!" if seconds < SOON_SECONDS else "◔", "warning" if seconds < SOON_SECONDS else "primary")


@blp.get("")
@page_for(*DESK)
def board() -> Response:
    """Show the board of one community, or of all; a number that is asked for leads to its request."""
    number = request.args.get("number", "").strip()
    asked = desk().get("/tickets", number=number[:30])["items"] if number else []
    if asked:
        return go("dispatcher.ticket", ticket_id=asked[0]["id"])
    community, level = request.args.get("community_id") or None, request.args.get("level") or None
    wanted = {"limit": MOST, "community_id": community, "need_level": level, "after": request.args.get("after")}
    query = urlencode({name: value for name, value in wanted.items() if value})
    told = desk().several({"board": f"/board?{query}", "places": "/communities", "staff": "/staff"})
    found = told["board"]
    columns, matrix = _columns(), _matrix(found["counts"])
    for column in columns:
        column.count = sum(row["held"][column.code] for row in matrix if level in (None, row["code"]))
        column.tickets = [ticket for ticket in found["items"] if _place(ticket) == column.code]
    return page(
        "dispatcher/board.html",
        columns=columns,
        matrix=matrix,
        number=number,
        communities=told["places"]["items"],
        crew=_crew(told["staff"]["items"], found["items"], community),
        community=community,
        level=level,
        after=found.after,
        left=left,
    )


def _matrix(counts: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return a row per need level that has something, with the counts of its columns and how many are late."""
    rows = []
    for level in LEVELS:
        of_level = [one for one in counts if one["need_level"] == level]
        if not of_level:
            continue
        held: Counter[str] = Counter()
        for one in of_level:
            held["unclaimed"] += one["unclaimed"] if one["status"] != "waiting" else 0
            place = _place({"status": one["status"], "owner": {"id": "somebody"}})
            held[place] += one["n"] - (one["unclaimed"] if one["status"] != "waiting" else 0)
        overdue = sum(one["overdue"] for one in of_level)
        code = "none" if level is None else str(level)
        rows.append({"level": level, "code": code, "held": held, "overdue": overdue})
    return rows


def _crew(staff: list[dict[str, Any]], tickets: list[dict[str, Any]], community: str | None) -> list[dict[str, Any]]:
    """Return the crews of a community, who is on duty first, with how many of the board's jobs each has."""
    jobs = Counter(ticket["owner"]["id"] for ticket in tickets)
    crew = [
        {**one, "jobs": jobs[one["id"]]}
        for one in staff
        if one["role"] == "crew" and (community is None or community in one["community_ids"])
    ]
    return sorted(crew, key=lambda one: (not one["on_duty"], one["jobs"], one["badge"] or ""))


@blp.get("/more")
@page_for(*DESK)
def more() -> Response:
    """Show what else the desk does."""
    return page("dispatcher/more.html", entries=MORE)
