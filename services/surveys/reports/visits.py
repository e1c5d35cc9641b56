"""Every return visit of a period with how it ended and what was said, and which of them a figure counts."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Connection, Subquery, and_, case, func, or_, select

from services.kit.database import database_now
from services.surveys import statistics
from services.surveys.models import AnsweredBy, State, answers, clock_outcomes, return_visits, ticket_steps
from services.surveys.models.outcomes import FILED
from services.surveys.reports.asked import Asked

ANSWERED, PROXY, SILENT, OPEN, WITHDRAWN = "answered", "proxy", "silent", "open", "withdrawn"
WAYS = (ANSWERED, PROXY, SILENT, OPEN, WITHDRAWN)
HAPPY, UNHAPPY = 4, 2
COMPLAINT, RESOLVE, MET = "complaint", "resolve", "met"
MARKS = range(1, 6)

Condition = Callable[[Any], ColumnElement[bool]]


def told(db: Connection, asked: Asked) -> Subquery:
    """Return the visits of the period, by when the household was asked."""
    visits, own, other = return_visits.c, answers.alias("own"), answers.alias("other")
    filed, resolved = ticket_steps.alias("filed"), clock_outcomes.alias("resolved")
    way = case(
        (own.c.id.is_not(None), ANSWERED),
        (other.c.id.is_not(None), PROXY),
        (visits.state == State.WITHDRAWN, WITHDRAWN),
        (and_(visits.state == State.INVITED, visits.expires_at > database_now(db)), OPEN),
        else_=SILENT,
    )
    return (
        select(
            visits.id,
            visits.ticket_id,
            visits.number,
            visits.community_id,
            visits.unit_id,
            visits.invited_at,
            way.label("way"),
            own.c.solved,
            own.c.satisfaction,
            other.c.solved.label("proxy_solved"),
            other.c.satisfaction.label("proxy_satisfaction"),
            func.coalesce(filed.c.work_type == COMPLAINT, False).label("complaint"),
            func.coalesce(resolved.c.state == MET, False).label("in_time"),
        )
        .select_from(return_visits)
        .outerjoin(own, and_(own.c.survey_id == visits.id, own.c.answered_by == AnsweredBy.HOUSEHOLD.value))
        .outerjoin(other, and_(other.c.survey_id == visits.id, other.c.answered_by == AnsweredBy.PROXY.value))
        .outerjoin(filed, and_(filed.c.ticket_id == visits.ticket_id, filed.c.step == FILED))
        .outerjoin(resolved, and_(resolved.c.ticket_id == visits.ticket_id, *_first_resolution(resolved)))
        .where(*asked.of(return_visits), visits.invited_at.is_not(None), *asked.within(visits.invited_at))
        .subquery("told")
    )


def _first_resolution(resolved: Any) -> tuple[ColumnElement[bool], ...]:
    return (resolved.c.kind == RESOLVE, resolved.c.generation == 1)


def _ended(*ways: str) -> Condition:
    return lambda visit: visit.way.in_(ways)


def _unhappy(visit: Any) -> ColumnElement[bool]:
    return and_(visit.way == ANSWERED, or_(~visit.solved, func.coalesce(visit.satisfaction, HAPPY) <= UNHAPPY))


def _happy(visit: Any) -> ColumnElement[bool]:
    return and_(visit.way == ANSWERED, visit.solved, visit.satisfaction >= HAPPY)


def _complaint_solved(*, in_time: bool) -> Condition:
    return lambda visit: and_(visit.way == ANSWERED, visit.complaint, visit.solved, visit.in_time.is_(in_time))


def _said(prefix: str, solved: str, mark: str) -> Mapping[str, Condition]:
    """Return what is counted of one kind of speaker, whose answers are in these columns."""
    return {
        f"{prefix}solved": lambda visit: visit[solved].is_(True),
        f"{prefix}unsolved": lambda visit: visit[solved].is_(False),
        f"{prefix}rated": lambda visit: visit[mark].is_not(None),
        f"{prefix}satisfied": lambda visit: visit[mark].in_(statistics.SATISFIED),
        **{f"{prefix}rated_{given}": _marked(mark, given) for given in MARKS},
    }


def _marked(column: str, given: int) -> Condition:
    return lambda visit: visit[column] == given


# Whether a household answered is told to whoever asks for the list; what it said only on record.
CAME: Mapping[str, Condition] = {
    "asked": _ended(ANSWERED, PROXY, SILENT, OPEN),
    "concluded": _ended(ANSWERED, PROXY, SILENT),
    **{way: _ended(way) for way in WAYS},
}
SAID: Mapping[str, Condition] = {
    **_said("", "solved", "satisfaction"),
    "unhappy": _unhappy,
    "happy": _happy,
    "complaints_solved": _complaint_solved(in_time=False),
    "complaints_solved_in_time": _complaint_solved(in_time=True),
    "proxies": lambda visit: visit.proxy_solved.is_not(None),
    **_said("proxies_", "proxy_solved", "proxy_satisfaction"),
}
# Requests of the period that are complaints, by when they were filed.
COMPLAINTS = "complaints"
FIGURES = (*CAME, *SAID, COMPLAINTS)


def complaining(asked: Asked) -> Sequence[ColumnElement[bool]]:
    """Return the conditions that a step is the filing of a complaint in the period."""
    steps = ticket_steps.c
    filed = (steps.step == FILED, steps.work_type == COMPLAINT)
    return [*asked.of(ticket_steps), *asked.within(steps.at), *filed]
