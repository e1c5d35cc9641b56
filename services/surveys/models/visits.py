"""Return visits, and the newest turn known of each ticket."""

from enum import StrEnum

from sqlalchemy import CheckConstraint, Column, Index, Integer, Table, Text, UniqueConstraint

from services.surveys.models.columns import Id, Moment, metadata, organisation


class State(StrEnum):
    """Where a return visit stands. `expired` may still become `answered`: a late answer is an answer."""

    SCHEDULED = "scheduled"
    INVITED = "invited"
    ANSWERED = "answered"
    EXPIRED = "expired"
    WITHDRAWN = "withdrawn"


class Turn(StrEnum):
    """The two turns of a ticket that decide about its return visits."""

    COMPLETED = "completed"
    REOPENED = "reopened"


# `id` is the survey's id; `ticket_version` is the ticket's version at the completion asked about, `completed_by` who
# completed it. `expires_at` is the link's end, `late_until` the end of answering by login or by telephone.
# `superseded_at` is when an expired visit's ticket moved on; `proxied_at` is when somebody spoke for the household,
# which is no answer of theirs. `silence_due_at` is when a silent household may be drawn for a call.
return_visits = Table(
    "return_visits",
    metadata,
    Column("id", Id, primary_key=True),
    organisation(),
    Column("ticket_id", Id, nullable=False),
    Column("ticket_version", Integer, nullable=False),
    Column("completion", Integer, nullable=False),
    Column("number", Text, nullable=False),
    Column("community_id", Id, nullable=False),
    Column("unit_id", Id),
    Column("requester_id", Id, nullable=False),
    Column("timezone", Text, nullable=False),
    Column("completed_at", Moment, nullable=False),
    Column("due_at", Moment, nullable=False),
    Column("state", Text, nullable=False),
    Column("withdrawn_because", Text),
    Column("token_sha256", Text),
    Column("invited_at", Moment),
    Column("expires_at", Moment),
    Column("ended_at", Moment),
    Column("completed_by", Id),
    Column("late_until", Moment),
    Column("superseded_at", Moment),
    Column("proxied_at", Moment),
    Column("silence_due_at", Moment),
    UniqueConstraint("ticket_id", "completion"),
    CheckConstraint("state IN ('scheduled', 'invited', 'answered', 'expired', 'withdrawn')", name="state"),
    CheckConstraint("(state = 'withdrawn') = (withdrawn_because IS NOT NULL)", name="withdrawn_with_reason"),
    CheckConstraint(
        "state NOT IN ('invited', 'answered', 'expired')"
        " OR (token_sha256 IS NOT NULL AND invited_at IS NOT NULL AND expires_at IS NOT NULL)",
        name="asked_before_answered",
    ),
    CheckConstraint("(state IN ('scheduled', 'invited')) = (ended_at IS NULL)", name="ended_once"),
)
Index("ix_return_visits_due", return_visits.c.due_at, postgresql_where=return_visits.c.state == State.SCHEDULED.value)
Index(
    "ix_return_visits_open", return_visits.c.expires_at, postgresql_where=return_visits.c.state == State.INVITED.value
)
Index(
    "ix_return_visits_silent",
    return_visits.c.silence_due_at,
    postgresql_where=return_visits.c.silence_due_at.is_not(None),
)
Index("ix_return_visits_requester", return_visits.c.requester_id, return_visits.c.invited_at)
Index("ix_return_visits_unit", return_visits.c.unit_id, return_visits.c.invited_at)

# The newest turn known of each ticket, so that events may come in any order. Its row is also the ticket's lock.
# `reached_version` is the ticket's version at the latest call of the desk that spoke with the household: whoever was
# reached about a completion is not called about it once more.
ticket_turns = Table(
    "ticket_turns",
    metadata,
    Column("ticket_id", Id, primary_key=True),
    organisation(),
    Column("version", Integer, nullable=False),
    Column("turn", Text, nullable=False),
    Column("reached_version", Integer),
    CheckConstraint("turn IN ('completed', 'reopened')", name="turn"),
)
