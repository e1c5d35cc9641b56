"""What a stored clock says at a moment, in SQL: the one definition behind every count and the list of its tickets."""

from datetime import datetime

from sqlalchemy import ColumnElement, and_, case, or_, true

from services.tickets.models import clocks
from services.tickets.sla.clocks import BREACHED, MET, UNKNOWN, VOID

OPEN_OVERDUE = "open_overdue"
OPEN_IN_TIME = "open_in_time"
DECIDED = "decided"
# Every clock has exactly one of these. A report counts the first two together as breached.
EXACT = (OPEN_OVERDUE, BREACHED, MET, VOID, UNKNOWN, OPEN_IN_TIME)
# What a list of tickets may be narrowed to.
VERDICTS = (MET, BREACHED, OPEN_OVERDUE, OPEN_IN_TIME, UNKNOWN, VOID, DECIDED)


def is_open_overdue(now: datetime) -> ColumnElement[bool]:
    """Whether a clock runs past its target, the moment that is true and whether or not a timer has looked."""
    return and_(clocks.c.stopped_at.is_(None), clocks.c.due_at < now)


def verdict(now: datetime) -> ColumnElement[str]:
    """Return which of EXACT a clock is. An open one whose deadline nobody can know is unknown, and not in time."""
    still_open = clocks.c.stopped_at.is_(None)
    return case(
        (is_open_overdue(now), OPEN_OVERDUE),
        (clocks.c.breached_at.is_not(None), case((still_open, OPEN_OVERDUE), else_=BREACHED)),
        (clocks.c.state.in_((MET, VOID, UNKNOWN)), clocks.c.state),
        (clocks.c.unknown.is_not(None), UNKNOWN),
        else_=OPEN_IN_TIME,
    )


def has_verdict(name: str, now: datetime) -> ColumnElement[bool]:
    """Return the condition that a clock counts under one of VERDICTS; open_overdue is part of breached."""
    exact = verdict(now)
    breached = or_(is_open_overdue(now), clocks.c.breached_at.is_not(None))
    if name == BREACHED:
        return breached
    if name == OPEN_OVERDUE:
        return and_(breached, clocks.c.stopped_at.is_(None))
    if name == DECIDED:
        return or_(breached, exact == MET)
    return exact == name if name in VERDICTS else ~true()
