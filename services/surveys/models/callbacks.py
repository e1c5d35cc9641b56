"""Who is drawn for a call, the queue of calls, and how each attempt went."""

from sqlalchemy import (
    Boolean,
    CheckConstraint,
    Column,
    ForeignKey,
    Index,
    Integer,
    Numeric,
    PrimaryKeyConstraint,
    SmallInteger,
    Table,
    Text,
    UniqueConstraint,
    func,
)
from sqlalchemy.dialects.postgresql import ARRAY

from services.surveys.calling import ENDINGS, OUTCOMES, State
from services.surveys.drawing import METHODS, REASONS, ROUNDS
from services.surveys.models.columns import Id, Moment, metadata, one_of, organisation
from services.surveys.models.visits import return_visits

# How an organisation, or one community of it (`scope_id`), draws; the newest version counts. Append-only, so that
# each draw can be held against the rule of its time.
sampling_rules = Table(
    "sampling_rules",
    metadata,
    organisation(),
    Column("scope_id", Id, nullable=False),
    Column("version", Integer, nullable=False),
    Column("phone_percent", SmallInteger, nullable=False),
    Column("silent_percent", SmallInteger, nullable=False),
    Column("silent_after_days", SmallInteger, nullable=False),
    Column("author_id", Id, nullable=False),
    Column("at", Moment, nullable=False, server_default=func.clock_timestamp()),
    PrimaryKeyConstraint("organisation_id", "scope_id", "version"),
    CheckConstraint("phone_percent BETWEEN 0 AND 100", name="phone_percent"),
    CheckConstraint("silent_percent BETWEEN 0 AND 100", name="silent_percent"),
    CheckConstraint("silent_after_days BETWEEN 1 AND 60", name="silent_after_days"),
)

# Every draw with its probability, also where the lot said no: figures from calls are weighed by it. Append-only.
draws = Table(
    "draws",
    metadata,
    Column("survey_id", Id, ForeignKey(return_visits.c.id), nullable=False),
    Column("round", Text, nullable=False),
    organisation(),
    Column("community_id", Id, nullable=False),
    Column("drawn_with", Numeric(5, 4), nullable=False),
    Column("method", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("drawn", Boolean, nullable=False),
    Column("at", Moment, nullable=False, server_default=func.clock_timestamp()),
    PrimaryKeyConstraint("survey_id", "round"),
    CheckConstraint("drawn_with BETWEEN 0 AND 1", name="drawn_with"),
    CheckConstraint(f"round IN ({one_of(ROUNDS)})", name="round"),
    CheckConstraint(f"method IN ({one_of(METHODS)})", name="method"),
    CheckConstraint(f"reason IN ({one_of(REASONS)})", name="reason"),
    CheckConstraint("drawn OR drawn_with < 1", name="certainty_is_certain"),
    CheckConstraint("NOT drawn OR drawn_with > 0", name="never_is_never"),
)

# One call to make per visit. `not_for` are the persons who may neither see nor take it: whoever completed the job, and
# whoever asked for it. A claim holds until `claimed_until`; then anybody may take the call over.
callbacks = Table(
    "callbacks",
    metadata,
    Column("id", Id, primary_key=True),
    organisation(),
    Column("survey_id", Id, ForeignKey(return_visits.c.id), nullable=False),
    Column("ticket_id", Id, nullable=False),
    Column("number", Text, nullable=False),
    Column("completion", Integer, nullable=False),
    Column("community_id", Id, nullable=False),
    Column("unit_id", Id),
    Column("requester_id", Id, nullable=False),
    Column("timezone", Text, nullable=False),
    Column("completed_at", Moment, nullable=False),
    Column("reason", Text, nullable=False),
    Column("drawn_with", Numeric(5, 4), nullable=False),
    Column("not_for", ARRAY(Id), nullable=False),
    Column("state", Text, nullable=False),
    Column("attempts", SmallInteger, nullable=False, server_default="0"),
    Column("next_call_at", Moment),
    Column("expires_at", Moment),
    Column("claimed_by", Id),
    Column("claimed_at", Moment),
    Column("claimed_until", Moment),
    Column("ended_because", Text),
    Column("ended_at", Moment),
    UniqueConstraint("survey_id"),
    CheckConstraint(f"state IN ({one_of(tuple(State))})", name="state"),
    CheckConstraint("(state = 'claimed') = (claimed_by IS NOT NULL)", name="claimed_by_somebody"),
    CheckConstraint(
        "(claimed_by IS NULL) = (claimed_at IS NULL) AND (claimed_by IS NULL) = (claimed_until IS NULL)",
        name="claimed_at_some_time",
    ),
    CheckConstraint("(state = 'ended') = (ended_because IS NOT NULL)", name="ended_with_reason"),
    CheckConstraint("(state = 'ended') = (ended_at IS NOT NULL)", name="ended_at_some_time"),
    CheckConstraint("state IN ('waiting', 'ended') OR next_call_at IS NOT NULL", name="open_from_some_time"),
    CheckConstraint(f"ended_because IN ({one_of(ENDINGS)})", name="ended_because"),
)
Index("ix_callbacks_queue", callbacks.c.next_call_at, callbacks.c.id, postgresql_where=callbacks.c.state != "ended")
Index("ix_callbacks_lapsing", callbacks.c.expires_at, postgresql_where=callbacks.c.state.in_(["open", "claimed"]))

# Append-only. `number` counts the attempts of one callback.
call_attempts = Table(
    "call_attempts",
    metadata,
    Column("callback_id", Id, ForeignKey(callbacks.c.id), nullable=False),
    Column("number", SmallInteger, nullable=False),
    organisation(),
    Column("survey_id", Id, nullable=False),
    Column("outcome", Text, nullable=False),
    Column("called_by", Id, nullable=False),
    Column("called_at", Moment, nullable=False),
    Column("call_again_at", Moment),
    Column("recorded_at", Moment, nullable=False, server_default=func.clock_timestamp()),
    PrimaryKeyConstraint("callback_id", "number"),
    CheckConstraint(f"outcome IN ({one_of(OUTCOMES)})", name="outcome"),
    CheckConstraint("(outcome = 'call_later') = (call_again_at IS NOT NULL)", name="later_is_a_time"),
)
