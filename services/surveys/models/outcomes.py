"""What the tickets service told of its jobs, kept for the gaps: their steps, and what became of their clocks."""

from sqlalchemy import CheckConstraint, Column, Index, Integer, PrimaryKeyConstraint, SmallInteger, Table, Text

from services.surveys.models.columns import Id, Moment, metadata, one_of, organisation

FILED, PROMISED, COMPLETED, REOPENED, ENDED = "filed", "promised", "completed", "reopened", "ended"
STEPS = (FILED, PROMISED, COMPLETED, REOPENED, ENDED)
CLOCK_STATES = ("met", "breached", "unknown")

# One row a step, by the ticket's version after it: hearing of it twice, late or in any order leaves the same rows.
# `ended` is a request that was cancelled or declined.
ticket_steps = Table(
    "ticket_steps",
    metadata,
    Column("ticket_id", Id, nullable=False),
    Column("version", Integer, nullable=False),
    organisation(),
    Column("community_id", Id, nullable=False),
    Column("unit_id", Id),
    Column("work_type", Text, nullable=False),
    Column("urgency", Text, nullable=False),
    Column("step", Text, nullable=False),
    Column("at", Moment, nullable=False),
    Column("promised_at", Moment),
    PrimaryKeyConstraint("ticket_id", "version"),
    CheckConstraint(f"step IN ({one_of(STEPS)})", name="step"),
)
Index(
    "ix_ticket_steps_filed",
    ticket_steps.c.organisation_id,
    ticket_steps.c.at,
    postgresql_where=ticket_steps.c.step == FILED,
)

# A clock that ran out is told when that is noticed, and again with its figures once it has stopped; until then it has
# none but its state. `version` is the ticket's when this was told: the newest word on a stopped clock counts.
clock_outcomes = Table(
    "clock_outcomes",
    metadata,
    Column("ticket_id", Id, nullable=False),
    Column("kind", Text, nullable=False),
    Column("generation", SmallInteger, nullable=False),
    organisation(),
    Column("community_id", Id, nullable=False),
    Column("version", Integer, nullable=False),
    Column("state", Text, nullable=False),
    Column("basis", Text),
    Column("target_seconds", Integer),
    Column("allowed_seconds", Integer),
    Column("taken_seconds", Integer),
    PrimaryKeyConstraint("ticket_id", "kind", "generation"),
    CheckConstraint(f"state IN ({one_of(CLOCK_STATES)})", name="state"),
    CheckConstraint("(taken_seconds IS NULL) = (target_seconds IS NULL)", name="stopped_with_figures"),
    CheckConstraint("state = 'breached' OR taken_seconds IS NOT NULL", name="only_breaches_run_on"),
)
