"""The tables of the surveys service."""

from enum import StrEnum

from sqlalchemy import (
    Boolean,
    CheckConstraint,
    Column,
    DateTime,
    ForeignKey,
    Index,
    Integer,
    SmallInteger,
    Table,
    Text,
    UniqueConstraint,
    func,
)
from sqlalchemy.dialects.postgresql import UUID

from services.kit import inbox as kit_inbox
from services.kit import outbox as kit_outbox
from services.kit.database import new_metadata
from services.kit.http import effects


class State(StrEnum):
    """Where a return visit stands. Only `scheduled` and `invited` ever change."""

    SCHEDULED = "scheduled"
    INVITED = "invited"
    ANSWERED = "answered"
    EXPIRED = "expired"
    WITHDRAWN = "withdrawn"


class Turn(StrEnum):
    """The two turns of a ticket that decide about its return visits."""

    COMPLETED = "completed"
    REOPENED = "reopened"


class AnsweredBy(StrEnum):
    """Who gave an answer. Nobody answering is no row, never a kind."""

    HOUSEHOLD = "household"
    PROXY = "proxy"


metadata = new_metadata()

# `id` is the survey's id; `ticket_version` is the ticket's version at the completion asked about.
return_visits = Table(
    "return_visits",
    metadata,
    Column("id", UUID(as_uuid=False), primary_key=True),
    Column("organisation_id", UUID(as_uuid=False), nullable=False),
    Column("ticket_id", UUID(as_uuid=False), nullable=False),
    Column("ticket_version", Integer, nullable=False),
    Column("completion", Integer, nullable=False),
    Column("number", Text, nullable=False),
    Column("community_id", UUID(as_uuid=False), nullable=False),
    Column("unit_id", UUID(as_uuid=False)),
    Column("requester_id", UUID(as_uuid=False), nullable=False),
    Column("timezone", Text, nullable=False),
    Column("completed_at", DateTime(timezone=True), nullable=False),
    Column("due_at", DateTime(timezone=True), nullable=False),
    Column("state", Text, nullable=False),
    Column("withdrawn_because", Text),
    Column("token_sha256", Text),
    Column("invited_at", DateTime(timezone=True)),
    Column("expires_at", DateTime(timezone=True)),
    Column("ended_at", DateTime(timezone=True)),
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

# The newest turn known of each ticket, so that events may come in any order. Its row is also the ticket's lock.
ticket_turns = Table(
    "ticket_turns",
    metadata,
    Column("ticket_id", UUID(as_uuid=False), primary_key=True),
    Column("organisation_id", UUID(as_uuid=False), nullable=False),
    Column("version", Integer, nullable=False),
    Column("turn", Text, nullable=False),
    CheckConstraint("turn IN ('completed', 'reopened')", name="turn"),
)

# Append-only: no role of ours may change or delete a row. Whoever did not answer has none.
answers = Table(
    "answers",
    metadata,
    Column("id", UUID(as_uuid=False), primary_key=True),
    Column("organisation_id", UUID(as_uuid=False), nullable=False),
    Column("survey_id", UUID(as_uuid=False), ForeignKey("return_visits.id"), nullable=False, unique=True),
    Column("answered_by", Text, nullable=False),
    Column("solved", Boolean, nullable=False),
    Column("satisfaction", SmallInteger),
    Column("comment", Text),
    Column("answered_at", DateTime(timezone=True), nullable=False, server_default=func.clock_timestamp()),
    CheckConstraint("answered_by IN ('household', 'proxy')", name="answered_by"),
    CheckConstraint("satisfaction BETWEEN 1 AND 5", name="satisfaction"),
)

outbox = kit_outbox.define(metadata)
inbox = kit_inbox.define(metadata)
idempotency_keys = effects.define(metadata)
