"""What past waits say, prepared for looking up, and every estimate that was given of a wait."""

from datetime import datetime
from typing import Any

from sqlalchemy import (
    Boolean,
    CheckConstraint,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    PrimaryKeyConstraint,
    Select,
    SmallInteger,
    Table,
    Text,
    func,
    select,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY

from services.tickets.models.columns import Id, Moment, metadata, one_of, organisation
from services.tickets.models.tickets import history, tickets
from services.tickets.waits.likeness import MEASURES

# A curve for each circle of requests (waits.likeness), made anew by the worker; `known_at` is up to when it knows. The
# window of a request just filed stands beside it, so that filing reads six numbers and no curve.
wait_curves = Table(
    "wait_curves",
    metadata,
    organisation(),
    Column("key", Text, nullable=False),
    Column("measure", Text, nullable=False),
    Column("known_at", Moment, nullable=False),
    Column("times", ARRAY(Integer), nullable=False),
    Column("at_risk", ARRAY(Integer), nullable=False),
    Column("ended", ARRAY(Integer), nullable=False),
    Column("censored", Integer, nullable=False),
    Column("n", Integer, nullable=False),
    Column("low", Integer),
    Column("high", Integer),
    Column("exact", Float),
    PrimaryKeyConstraint("organisation_id", "key", "measure"),
)

# Added to and never changed: what somebody was told stays what it was, and is judged by it.
wait_estimates = Table(
    "wait_estimates",
    metadata,
    Column("ticket_id", Id, ForeignKey(tickets.c.id), nullable=False),
    Column("measure", Text, nullable=False),
    # 1 is the estimate given at filing, whatever follows is an update.
    Column("seq", SmallInteger, nullable=False),
    organisation(),
    Column("community_id", Id, nullable=False),
    Column("catalogue_code", Text, nullable=False),
    Column("given_at", Moment, nullable=False),
    Column("known_at", Moment),
    Column("waited_seconds", Integer, nullable=False),
    Column("basis", Text),
    Column("because", Text),
    Column("n", Integer, nullable=False),
    Column("censored", Integer, nullable=False),
    Column("probability", Float, nullable=False),
    Column("exact", Float),
    Column("low_at", Moment),
    Column("high_at", Moment),
    # How it differs from the one before, and whether the requester was told so.
    Column("moved", Text),
    Column("told", Boolean, nullable=False),
    PrimaryKeyConstraint("ticket_id", "measure", "seq"),
    one_of("measure", MEASURES),
    CheckConstraint("known_at <= given_at", name="of_the_past"),
    CheckConstraint("(basis IS NULL) = (high_at IS NULL) AND (basis IS NULL) = (low_at IS NULL)", name="window_whole"),
    CheckConstraint("(basis IS NULL) = (because IS NOT NULL)", name="window_or_why_not"),
)
# The report on waits reads a period of these.
Index("ix_wait_estimates_given", wait_estimates.c.organisation_id, wait_estimates.c.given_at)
# When somebody came, and when a request was withdrawn: curves and the report on waits read these alone.
_ENDS = "action IN ('arrive', 'start', 'complete', 'confirm', 'close', 'cancel', 'decline')"
_WITHDRAWS = ("cancel", "decline")
Index(
    "ix_history_ends_waits",
    history.c.organisation_id,
    history.c.at,
    postgresql_include=("ticket_id", "action"),
    postgresql_where=text(_ENDS),
)


def ends_of_waits(organisation_id: str, since: datetime | None) -> Select[Any]:
    """Return the query of when somebody came to each ticket first, and when it was withdrawn, as history tells it."""
    withdrawn = history.c.action.in_(_WITHDRAWS)
    wanted = (
        select(
            history.c.ticket_id,
            func.min(history.c.at).filter(~withdrawn).label("attended_at"),
            func.max(history.c.at).filter(withdrawn).label("withdrawn_at"),
        )
        # Written out, so that the planner sees that the index holds them all.
        .where(history.c.organisation_id == organisation_id, text(f"history.{_ENDS}"))
        .group_by(history.c.ticket_id)
    )
    return wanted if since is None else wanted.where(history.c.at >= since)
