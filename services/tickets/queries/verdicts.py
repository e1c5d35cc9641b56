"""What a stored clock says at a moment, in SQL: the one definition behind every count and the list of its tickets."""

from datetime import datetime

from sqlalchemy import ColumnElement, and_, case, literal_column, or_

from services.tickets.models import clocks
from services.tickets.sla.clocks import BREACHED, MET, UNKNOWN, VOID
from services.tickets.sla.targets import JUDGED, TOTAL

OPEN_OVERDUE = "open_overdue"
OPEN_IN_TIME = "open_in_time"
DECIDED = "decided"
# Every clock has exactly one of these. A report counts the first two together as breached.
EXACT = (OPEN_OVERDUE, BREACHED, MET, VOID, UNKNOWN, OPEN_IN_TIME)
# Ended and not given up, so that there is a time it took: by the contract, which is not known of all, or as lived.
TIMED_CONTRACT = "timed_contract"
TIMED_LIVED = "timed_lived"
TIMED = (TIMED_CONTRACT, TIMED_LIVED)
# What a list of tickets may be narrowed to.
VERDICTS = (MET, BREACHED, OPEN_OVERDUE, OPEN_IN_TIME, UNKNOWN, VOID, DECIDED, *TIMED)
# What is reported. The clock of a job that nobody has claimed warns inside the house and is no service to anybody.
REPORTED = (*JUDGED, TOTAL)
# Written out, not as a parameter: the planner takes the index of reports only for what it can read in the statement.
IS_REPORTED: ColumnElement[bool] = literal_column("clocks.kind <> 'claim'")


def is_open_overdue(now: datetime) -> ColumnElement[bool]:
    """Whether a clock runs past its target, the moment that is true and whether or not a timer has looked."""
    return and_(clocks.c.stopped_at.is_(None), or_(clocks.c.due_at < now, clocks.c.state == BREACHED))


def verdict(now: datetime) -> ColumnElement[str]:
    """Return which of EXACT a clock is. An open one whose deadline nobody can know is unknown, and not in time."""
    return case(
        (is_open_overdue(now), OPEN_OVERDUE),
        (clocks.c.state.in_((MET, BREACHED, VOID, UNKNOWN)), clocks.c.state),
        (and_(clocks.c.due_at.is_(None), clocks.c.unknown.is_not(None)), UNKNOWN),
        else_=OPEN_IN_TIME,
    )


def has_verdict(name: str, now: datetime) -> ColumnElement[bool]:
    """Return the condition that a clock counts under one of VERDICTS; open_overdue is part of breached.

    Said in columns where that is the same: the planner knows how much of what they hold there is, of a case nothing.
    """
    overdue, state = is_open_overdue(now), clocks.c.state
    timed = and_(clocks.c.stopped_at.is_not(None), state != VOID)
    said = {
        OPEN_OVERDUE: overdue,
        BREACHED: or_(state == BREACHED, overdue),
        DECIDED: or_(state.in_((MET, BREACHED)), overdue),
        MET: state == MET,
        VOID: state == VOID,
        OPEN_IN_TIME: and_(clocks.c.stopped_at.is_(None), verdict(now) == OPEN_IN_TIME),
        UNKNOWN: verdict(now) == UNKNOWN,
        TIMED_CONTRACT: and_(timed, clocks.c.contract_seconds.is_not(None)),
        TIMED_LIVED: timed,
    }
    return said[name]
