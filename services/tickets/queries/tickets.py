"""One ticket and lists of them, with their history, clocks, comments and photos."""

import uuid
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, cast, exists, literal, select, tuple_

from services.kit import clock as time
from services.kit.errors import Forbidden
from services.kit.http.paging import cut, read_cursor
from services.kit.identity import Actor
from services.tickets import service_levels
from services.tickets.books import books_of
from services.tickets.clock_view import NOT_LATER, clock_view
from services.tickets.commands.steps import no_such_ticket
from services.tickets.lifecycle import DONE, ENDED, OPEN
from services.tickets.models import NAMED_TICKETS, Moment, clocks, history, people, photos, remarks, tickets
from services.tickets.queries.reports.acts import has_act_of
from services.tickets.queries.reports.asked import NARROWED, Asked, prepare, zone_of
from services.tickets.queries.reports.listing import is_behind
from services.tickets.queries.reports.quality import has_promise, has_quality
from services.tickets.queries.verdicts import has_verdict
from services.tickets.queries.views import moment, ticket_view
from services.tickets.sla.resolution import resolution_of
from services.tickets.sla.targets import CLAIM, JUDGED

_READS_REPORTS = ("manager", "admin")
# What other tables say of a ticket, by the words of the reports.
_OF_REPORTS = ("rule", "clock", "verdict", "promise", "quality", "told_later", "figure")


@dataclass(frozen=True)
class TicketFilter:
    """What a list is narrowed to; None leaves a column free. `owner` is a person's id.

    `over` keeps what is completed or ended, or, false, what is still to be done. `crew_id` is who completed it, else
    who has it; `since` and `until` bound the time of filing, the end not included; `clock`, `verdict` and `rule` ask
    for a clock of that kind that stands like that, `promise` for a promise that became so, `quality` for what is true
    of the job as a whole, `told_later` for an act that the phone of this person ("any" for anybody's) told later.
    `figure` asks for those behind a figure of another report, see reports.listing, with `group_by` and `group` for one
    of its groups; the period is that report's own then, and `cause` and `emotion` are what its complaints were narrowed
    to. With a clock asked for, need level, work type, crew and policy are those under which it counts. A `need_level`
    or `crew_id` of "none" means those without.
    """

    ids: tuple[str, ...] = ()
    status: tuple[str, ...] = ()
    over: bool | None = None
    urgency: str | None = None
    need_level: str | None = None
    work_type: str | None = None
    community_id: str | None = None
    unit_id: str | None = None
    owner: str | None = None
    number: str | None = None
    requester_id: str | None = None
    crew_id: str | None = None
    policy_version: str | None = None
    rule: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    clock: str | None = None
    verdict: str | None = None
    promise: str | None = None
    quality: str | None = None
    told_later: str | None = None
    item: str | None = None
    figure: str | None = None
    group_by: str | None = None
    group: str | None = None
    cause: str | None = None
    emotion: str | None = None


def ticket_row(db: Connection, ticket_id: str) -> dict[str, Any]:
    """Return a ticket with the names a reader needs; raises NotFound, also for other people's."""
    row = db.execute(NAMED_TICKETS.where(tickets.c.id == ticket_id)).mappings().one_or_none()
    if row is None:
        raise no_such_ticket()
    return dict(row)


def list_tickets(
    db: Connection, actor: Actor, wanted: TicketFilter, limit: int, after: str | None
) -> tuple[list[dict[str, Any]], str | None]:
    """Return a page, newest first, and the cursor of the next one or None. Reads one row more than it shows.

    Raises Forbidden where somebody else than a manager asks for what stands behind a figure of a report.
    """
    if wanted.figure is not None and actor.role not in _READS_REPORTS:
        raise Forbidden("Figures of reports are for managers.", "报表数据仅供管理人员查看。")
    newest_first = (tickets.c.filed_at.desc(), tickets.c.id.desc())
    conditions = _narrowed(db, wanted, actor.organisation_id)
    cursor = read_cursor(after, datetime, uuid.UUID)
    if cursor is not None:
        last = tuple_(literal(cursor[0], Moment), cursor[1])
        conditions.append(tuple_(tickets.c.filed_at, tickets.c.id) < last)
    if not any(getattr(wanted, name) for name in _OF_REPORTS):
        # The page is cut before names are joined to it: how many tickets have a community's row that may be seen is
        # underestimated, and for so few the planner would read and sort all that the organisation ever had.
        cut_out = select(tickets.c.id).where(*conditions).order_by(*newest_first).limit(limit + 1).cte("page")
        conditions = [tickets.c.id.in_(select(cut_out.c.id))]
    statement = NAMED_TICKETS.where(*conditions).order_by(*newest_first).limit(limit + 1)
    rows = db.execute(statement).mappings().all()
    shown, more = cut(rows, limit, "filed_at", "id")
    return [ticket_view(dict(row), actor) for row in shown], more


def _narrowed(db: Connection, wanted: TicketFilter, organisation_id: str) -> list[ColumnElement[bool]]:
    """Return the conditions that a filter sets; those of a report are the report's own."""
    now = time.now()
    asked = Asked(organisation_id, **{name: getattr(wanted, name) for name in ("since", "until", *NARROWED)})
    own: tuple[tuple[Any, Callable[[Any], ColumnElement[bool]]], ...] = (
        (wanted.ids or None, tickets.c.id.in_),
        (wanted.status or None, tickets.c.status.in_),
        (wanted.over, lambda over: tickets.c.status.in_((*DONE, *ENDED) if over else OPEN)),
        (wanted.unit_id, tickets.c.unit_id.__eq__),
        (wanted.urgency, tickets.c.urgency.__eq__),
        (wanted.owner, tickets.c.owner_id.__eq__),
        (wanted.number, lambda number: tickets.c.number == number.upper()),
        (wanted.requester_id, tickets.c.requester_id.__eq__),
        (wanted.promise, lambda became: has_promise(asked, became, now)),
        (wanted.quality, lambda quality: has_quality(asked, quality, now)),
        (wanted.told_later, has_act_of),
    )
    conditions = [condition(value) for value, condition in own if value is not None]
    if wanted.clock is not None or wanted.verdict is not None:
        conditions.append(_has_clock(wanted, asked, now))
        asked = asked.of_any()  # It is the clock asked for that is by the rule, of that level and that person's.
    if wanted.figure is not None:
        prepare(db)
        of_report = replace(
            asked.of_any(), cause=wanted.cause, emotion=wanted.emotion, zone=zone_of(db, wanted.community_id)
        )
        conditions.append(is_behind(of_report, wanted.figure, wanted.group_by, wanted.group, now))
        asked = replace(asked, since=None, until=None)
    return [*asked.ticket_conditions(), *conditions]


def _has_clock(wanted: TicketFilter, asked: Asked, now: datetime) -> ColumnElement[bool]:
    """Return the condition that a ticket has a clock that counts under a verdict; any clock judged, without a kind.

    What a report narrows clocks by is the clock's own: a deadline missed at one need level is listed there, whatever
    the ticket was corrected to afterwards.
    """
    kinds = JUDGED if wanted.clock is None else (wanted.clock,)
    of_clock = asked.clock_conditions()
    found = exists().where(clocks.c.ticket_id == tickets.c.id, clocks.c.kind.in_(kinds), *of_clock)
    return found if wanted.verdict is None else found.where(has_verdict(wanted.verdict, now))


def history_of(db: Connection, actor: Actor, ticket_id: str) -> list[dict[str, Any]]:
    """Return the steps in order, each with its hash and the words written with it that the reader may see.

    Internal comments are left out for residents; their places in the numbering stay, so nothing is hidden silently.
    """
    ticket_row(db, ticket_id)
    rows = db.execute(
        select(history, remarks.c.body, people.c.badge)
        .outerjoin(remarks, remarks.c.id == cast(history.c.data["remark_id"].astext, remarks.c.id.type))
        .outerjoin(people, people.c.id == history.c.actor_id)
        .where(history.c.ticket_id == ticket_id)
        .order_by(history.c.seq)
    ).mappings()
    return [
        {
            "seq": row["seq"],
            "at": moment(row["at"]),
            "action": row["action"],
            "from_status": row["from_status"] or None,
            "status": row["status"],
            "actor_id": row["actor_id"],
            "actor_role": row["actor_role"],
            "actor_name": row["badge"],
            "data": row["data"],
            "note": row["body"],
            "previous_hash": row["previous_hash"],
            "hash": row["hash"],
        }
        for row in rows
        if actor.role != "resident" or row["action"] != "comment" or row["data"].get("visible")
    ]


def clocks_of(db: Connection, actor: Actor, ticket_id: str) -> dict[str, Any]:
    """Return the ticket's clocks and resolution as they stand now, computed from its history, not from stored rows.

    How long a job may lie before the desk hears of it is a matter among staff.
    """
    row = ticket_row(db, ticket_id)
    past = select(history).where(history.c.ticket_id == ticket_id).order_by(history.c.seq)
    entries = [dict(entry) for entry in db.execute(past).mappings()]
    library = books_of(db, row["organisation_id"], row["community_id"], entries)
    computed = service_levels.clocks_of(entries, row["community_id"], library, time.now())
    resolution = resolution_of(computed, completed=row["first_completed_at"] is not None)
    return {
        "items": [{**NOT_LATER, **clock_view(clock)} for clock in computed if actor.is_staff or clock.kind != CLAIM],
        "resolution": None if resolution is None else asdict(resolution),
    }


def comments_of(db: Connection, ticket_id: str) -> list[dict[str, Any]]:
    """Return what was written about a ticket and may be seen by the caller, oldest first."""
    ticket_row(db, ticket_id)
    rows = db.execute(
        select(remarks).where(remarks.c.ticket_id == ticket_id).order_by(remarks.c.at, remarks.c.id)
    ).mappings()
    kept = ("id", "ticket_id", "author_id", "author_role", "kind", "visible", "body")
    return [{**{name: row[name] for name in kept}, "at": moment(row["at"])} for row in rows]


def photos_of(db: Connection, ticket_id: str) -> list[dict[str, Any]]:
    """Return what is known of a ticket's photos, oldest first."""
    ticket_row(db, ticket_id)
    rows = db.execute(
        select(photos).where(photos.c.ticket_id == ticket_id).order_by(photos.c.at, photos.c.id)
    ).mappings()
    kept = ("id", "ticket_id", "author_id", "author_role", "width", "height", "size_bytes", "sha256")
    return [{**{name: row[name] for name in kept}, "at": moment(row["at"])} for row in rows]
