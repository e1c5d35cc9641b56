"""The report on appointments: in how many of the windows that were agreed to somebody came, and whose they were."""

from collections.abc import Mapping
from datetime import datetime
from functools import partial
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    FromClause,
    Integer,
    Select,
    Subquery,
    and_,
    case,
    cast,
    exists,
    func,
    literal_column,
    or_,
    select,
    true,
)

from services.kit import clock as time
from services.tickets.appointments import (
    AGREED,
    AT_WORK,
    CALLED_OFF,
    ENDED,
    KEPT,
    MISSED,
    NOT_AT_HOME,
    ON_SITE,
    REPLACED,
    THERE,
)
from services.tickets.complaints.figures import share
from services.tickets.lifecycle import OPEN
from services.tickets.models import Id, Moment, history, tickets
from services.tickets.queries.reports.asked import Asked, prepare
from services.tickets.queries.reports.behind import Condition, OfGroup, behind, tickets_of
from services.tickets.queries.reports.groups import by_group
from services.tickets.queries.reports.promises import done_at

APPOINTMENT_GROUPINGS = ("member", "community", "work_type")
# What an agreed window is counted under, and its tickets are listed by; each but the first is what became of it.
APPOINTMENT_FIGURES: Mapping[str, Condition] = {
    "appointments": lambda one: true(),
    **{
        became: lambda one, became=became: one.became == became  # type: ignore[misc]
        for became in (KEPT, MISSED, NOT_AT_HOME, REPLACED, CALLED_OFF, ENDED, AGREED)
    },
}
# Written out, not as a parameter: the planner takes the index of agreements only for what it can read in the statement.
_IS_AGREED: ColumnElement[bool] = literal_column("history.action = 'agree'")


def appointment_report(db: Connection, asked: Asked, grouping: str) -> dict[str, Any]:
    """Return, per group, what became of the windows that were agreed to in the period, and the share that was kept.

    The share is of those that were kept or missed: where nobody was at home, the desk had come. A member is whoever
    was accountable when the window was over, so that a job handed on takes no missed visit along.
    """
    prepare(db)
    now = time.now()
    sums = partial(_grouped, asked, now)
    return {
        "asof": now.isoformat(),
        **asked.period(),
        "community_id": asked.community_id,
        "group_by": grouping,
        "interval": "Wilson, 95 %",
        **by_group(db, asked, grouping, sums, _said, lambda key, row: (-row[MISSED], key is None, str(key))),
    }


def _said(row: Mapping[str, Any], asked: Asked, of: OfGroup = ()) -> dict[str, Any]:
    counts = {name: int(row.get(name) or 0) for name in APPOINTMENT_FIGURES}
    return {
        **counts,
        "kept_share": share(counts[KEPT], counts[KEPT] + counts[MISSED]),
        "behind": behind(asked, "appointments", APPOINTMENT_FIGURES, row, of),
    }


def _grouped(asked: Asked, now: datetime, grouping: str | None) -> Select[Any]:
    windows = windows_of(asked, now)
    key = (literal_column("NULL::text") if grouping is None else windows.c[grouping]).label("key")
    jobs = func.count(windows.c.ticket_id.distinct())
    return select(
        key,
        *(func.count().filter(is_so(windows.c)).label(name) for name, is_so in APPOINTMENT_FIGURES.items()),
        *(jobs.filter(is_so(windows.c)).label(tickets_of(name)) for name, is_so in APPOINTMENT_FIGURES.items()),
    ).group_by(key)


def windows_of(asked: Asked, now: datetime) -> Subquery:
    """Return every window agreed to in the period, and what became of it: what appointments.appointments_of says."""
    agreed = history.alias("history")
    begins, ends = (cast(agreed.c.data[name].astext, Moment) for name in ("from", "to"))
    end = _end(agreed)
    came, early, away = _came(agreed, end, begins, ends), _early(agreed, end, begins), _away(agreed, end, begins, ends)
    called_off_by_desk = and_(end.c.action == "call_off", end.c.actor_role != "resident")
    in_time = end.c.at < case((called_off_by_desk, begins), else_=ends)
    became = case(
        (and_(away.c.seq.is_not(None), ~_refused(agreed, away)), NOT_AT_HOME),
        (and_(away.c.seq.is_(None), or_(came, early)), KEPT),
        (in_time, case((end.c.action == "agree", REPLACED), (end.c.action == "call_off", CALLED_OFF), else_=ENDED)),
        (ends <= now, MISSED),
        else_=AGREED,
    )
    # Filed when it was, a job belongs here by when its window was agreed to.
    conditions = [_IS_AGREED, *asked.entry_conditions(agreed)]
    return (
        select(
            agreed.c.ticket_id,
            _accountable(agreed, ends).label("member"),
            tickets.c.community_id.label("community"),
            tickets.c.work_type,
            became.label("became"),
        )
        .join(tickets, tickets.c.id == agreed.c.ticket_id)
        .outerjoin(end, true())
        .outerjoin(away, true())
        .where(*conditions)
        .offset(literal_column("0"))
        .subquery("windows")
    )


def _end(agreed: FromClause) -> FromClause:
    """Return what ended an agreed window: another agreement, its being called off, or the end of the job."""
    later = history.alias("later")
    called_off = and_(later.c.action == "call_off", later.c.data["of"].astext == AGREED)
    over = or_(called_off, later.c.action.in_(("agree", "join")), later.c.status.not_in(OPEN))
    wanted = select(later.c.seq, later.c.action, later.c.actor_role, done_at(later).label("at"))
    wanted = wanted.where(later.c.ticket_id == agreed.c.ticket_id, later.c.seq > agreed.c.seq, over)
    return wanted.order_by(later.c.seq).limit(1).lateral("ended")


def _within(entry: FromClause, agreed: FromClause, end: FromClause) -> ColumnElement[bool]:
    """Whether an entry came after the agreement, and no later than what ended it."""
    until = or_(end.c.seq.is_(None), entry.c.seq <= end.c.seq)
    return and_(entry.c.ticket_id == agreed.c.ticket_id, entry.c.seq > agreed.c.seq, until)


def _by_crew(entry: FromClause, begins: ColumnElement[Any], ends: ColumnElement[Any]) -> ColumnElement[bool]:
    return and_(entry.c.actor_role == "crew", done_at(entry).between(begins, ends))


def _came(agreed: FromClause, end: FromClause, begins: Any, ends: Any) -> ColumnElement[bool]:
    act = history.alias("act")
    return exists().where(_within(act, agreed, end), _by_crew(act, begins, ends), act.c.action.in_(THERE))


def _early(agreed: FromClause, end: FromClause, begins: Any) -> ColumnElement[bool]:
    """Whether somebody came before the window began, and was there still."""
    act, last = history.alias("early"), history.alias("last")
    before = (_within(last, agreed, end), done_at(last) < begins)
    status = select(last.c.status).where(*before).order_by(last.c.seq.desc()).limit(1).scalar_subquery()
    there = and_(act.c.actor_role == "crew", done_at(act) < begins, act.c.action.in_(THERE))
    return and_(exists().where(_within(act, agreed, end), there), status.in_(ON_SITE))


def _away(agreed: FromClause, end: FromClause, begins: Any, ends: Any) -> FromClause:
    """Return the last pause for access in the window, where no work followed in it."""
    pause, work = history.alias("pause"), history.alias("work")
    working = (_by_crew(work, begins, ends), work.c.action.in_(AT_WORK), work.c.seq > pause.c.seq)
    worked = exists().where(_within(work, agreed, end), *working).correlate(agreed, end, pause)
    no_access = and_(pause.c.action == "pause", pause.c.data["waiting_reason"].astext == "access")
    wanted = select(pause.c.seq).where(_within(pause, agreed, end), _by_crew(pause, begins, ends), no_access, ~worked)
    return wanted.order_by(pause.c.seq.desc()).limit(1).lateral("away")


def _refused(agreed: FromClause, away: FromClause) -> ColumnElement[bool]:
    """Whether the desk took the pause for access back."""
    refusal = history.alias("refusal")
    of_it = cast(refusal.c.data["pause"].astext, Integer) == away.c.seq
    return exists().where(refusal.c.ticket_id == agreed.c.ticket_id, refusal.c.action == "disallow", of_it)


def _accountable(agreed: FromClause, ends: ColumnElement[Any]) -> ColumnElement[Any]:
    """Return who was accountable when the window was over; none while it was a desk."""
    given = history.alias("given")
    owner = case(
        (given.c.action == "claim", given.c.actor_id),
        (given.c.action == "complete", func.coalesce(cast(given.c.data["by"].astext, Id), given.c.actor_id)),
        (given.c.action == "reopen", cast(given.c.data["owner_id"].astext, Id)),
        (given.c.action.in_(("assign", "escalate")), cast(given.c.data["to"].astext, Id)),
    )
    passes = given.c.action.in_(("claim", "complete", "reopen", "assign", "escalate", "release"))
    wanted = select(owner).where(given.c.ticket_id == agreed.c.ticket_id, passes, done_at(given) <= ends)
    return wanted.order_by(given.c.seq.desc()).limit(1).scalar_subquery()
