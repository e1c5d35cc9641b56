"""What became of every promise, told by history: a promise broken stays broken, whatever is promised afterwards."""

from datetime import datetime

from sqlalchemy import ColumnElement, FromClause, Subquery, and_, case, cast, func, literal_column, or_, select, true

from services.tickets.lifecycle import ENDED, OPEN
from services.tickets.models import Moment, history, tickets

KEPT, BROKEN, PENDING, MOVED, WITHDRAWN = "kept", "broken", "open", "moved", "withdrawn"
PROMISES = (KEPT, BROKEN, PENDING, MOVED)
# What a list of tickets may be narrowed to, and what each of it adds up.
DECIDED = "decided"
BECAME = {**{name: (name,) for name in PROMISES}, DECIDED: (KEPT, BROKEN)}
# What promises are told from, beside history, of the tickets they were made about.
PROMISE_COLUMNS = tuple(
    tickets.c[name] for name in ("id", "status", "promised_at", "completions", "first_completed_at")
)
# Written out, not as a parameter: the planner takes the index of promises only for what it can read in the statement.
_IS_PROMISE: ColumnElement[bool] = literal_column("history.action = 'promise'")


def promises_of(jobs: FromClause, now: datetime) -> Subquery:
    """Return every promise made about tickets (`jobs` has PROMISE_COLUMNS), as (ticket_id, became).

    Kept or broken is said of the next completion after the promise, never of an earlier one. Another promise made in
    time takes its place ("moved", and counted: who moves it for ever breaks none); one made when the time was up
    already does not. A request withdrawn before the
    promised time takes the promise along ("withdrawn").
    """
    told = _told(jobs)
    replaced = and_(told.c.next_at.is_not(None), or_(told.c.end_at.is_(None), told.c.next_at < told.c.end_at))
    until = case((replaced, told.c.next_at), else_=func.coalesce(told.c.end_at, now))
    became = case(
        (told.c.promised_at < until, BROKEN),
        (replaced, MOVED),
        (told.c.end_at.is_(None), case((told.c.status.in_(OPEN), PENDING), else_=WITHDRAWN)),
        (told.c.completed, KEPT),
        else_=WITHDRAWN,
    )
    return select(told.c.ticket_id, became.label("became")).subquery("promises")


def _told(jobs: FromClause) -> Subquery:
    """Return each promise with when the next was made and when the job was done or given up after it.

    The last promise is the ticket's own, and a job completed once says when: of most, only the index is read. What was
    promised before, and what became of jobs reopened or given up, is read from history.
    """
    later = history.alias("later")
    end = (
        select(done_at(later).label("at"), (later.c.action == "complete").label("completed"))
        .where(
            or_(jobs.c.completions > 1, jobs.c.status.in_(ENDED)),
            later.c.ticket_id == history.c.ticket_id,
            later.c.seq > history.c.seq,
            later.c.action.in_(("complete", "cancel", "decline")),
        )
        .order_by(later.c.seq)
        .limit(1)
        .lateral("ended")
    )
    once = and_(jobs.c.completions == 1, jobs.c.status.not_in(ENDED), jobs.c.first_completed_at >= history.c.at)
    following = func.lead(history.c.at).over(partition_by=history.c.ticket_id, order_by=history.c.seq)
    return (
        select(
            history.c.ticket_id,
            jobs.c.status,
            case((following.is_(None), jobs.c.promised_at), else_=_said_then()).label("promised_at"),
            following.label("next_at"),
            case((once, jobs.c.first_completed_at), else_=end.c.at).label("end_at"),
            or_(once, func.coalesce(end.c.completed, False)).label("completed"),
        )
        .join(jobs, jobs.c.id == history.c.ticket_id)
        .outerjoin(end, true())
        .where(jobs.c.promised_at.is_not(None), _IS_PROMISE)
        .subquery("told")
    )


def done_at(entries: FromClause) -> ColumnElement[datetime]:
    """Return the moment that an entry of the history counts from, see acts.moment_of."""
    return func.coalesce(cast(entries.c.data["acted"]["moment"].astext, Moment), entries.c.at)


def _said_then() -> ColumnElement[datetime]:
    """Return what a promise said that was not the last."""
    made = history.alias("made")
    said = cast(made.c.data["promised_at"].astext, Moment)
    this_one = and_(made.c.ticket_id == history.c.ticket_id, made.c.seq == history.c.seq)
    return select(said).where(this_one).scalar_subquery()
