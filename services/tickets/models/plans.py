"""Recurring plans, each time they were due, and the checkpoints of the rounds they filed."""

from sqlalchemy import (
    CheckConstraint,
    Column,
    DateTime,
    ForeignKey,
    Index,
    Integer,
    PrimaryKeyConstraint,
    SmallInteger,
    Table,
    Text,
    UniqueConstraint,
    func,
)

from services.tickets.catalogue import URGENCIES
from services.tickets.models.columns import Id, Moment, metadata, one_of, organisation
from services.tickets.models.places import communities, units
from services.tickets.models.tickets import tickets
from services.tickets.plans import kinds

# `starts_local` and `ends_local` are on the community's wall clock. `next_at` is the next occurrence and `file_at` the
# moment to file it, a column that the worker waits for; both are empty once nothing is left.
plans = Table(
    "plans",
    metadata,
    Column("id", Id, primary_key=True),
    organisation(),
    Column("community_id", Id, ForeignKey(communities.c.id), nullable=False),
    Column("unit_id", Id, ForeignKey(units.c.id)),
    Column("location", Text),
    Column("kind", Text, nullable=False),
    Column("title", Text, nullable=False),
    Column("description", Text, nullable=False),
    Column("catalogue_code", Text, nullable=False),
    Column("urgency", Text),
    # Whose home it is for: they are told, and asked afterwards.
    Column("resident_id", Id),
    Column("rrule", Text, nullable=False),
    Column("starts_local", DateTime(timezone=False), nullable=False),
    Column("ends_local", DateTime(timezone=False)),
    Column("lead_hours", SmallInteger, nullable=False),
    Column("if_missed", Text, nullable=False),
    Column("late_hours", SmallInteger, nullable=False),
    Column("state", Text, nullable=False),
    Column("next_at", Moment),
    Column("file_at", Moment),
    Column("created_by", Id, nullable=False),
    Column("created_at", Moment, nullable=False),
    Column("changed_by", Id, nullable=False),
    Column("changed_at", Moment, nullable=False),
    Column("version", Integer, nullable=False),
    one_of("kind", tuple(kinds.KINDS)),
    one_of("state", kinds.STATES),
    one_of("if_missed", kinds.IF_MISSED),
    one_of("urgency", URGENCIES),
    CheckConstraint("unit_id IS NOT NULL OR location IS NOT NULL", name="somewhere"),
    CheckConstraint("(next_at IS NULL) = (file_at IS NULL)", name="filed_when_due"),
    CheckConstraint("state <> 'ended' OR next_at IS NULL", name="ended_is_over"),
)
Index(None, plans.c.organisation_id, plans.c.id)
Index("ix_plans_due", plans.c.file_at, postgresql_where=plans.c.file_at.is_not(None))

plan_checkpoints = Table(
    "plan_checkpoints",
    metadata,
    Column("plan_id", Id, ForeignKey(plans.c.id), nullable=False),
    Column("n", SmallInteger, nullable=False),
    organisation(),
    Column("name", Text, nullable=False),
    Column("instruction", Text),
    # What the label at the place says; whoever ticks it off has to have been there to read it.
    Column("code", Text),
    Column("repair_code", Text),
    PrimaryKeyConstraint("plan_id", "n"),
)

# Append-only. One row for each time a plan was due, whatever came of it: no two workers can write the same.
plan_occurrences = Table(
    "plan_occurrences",
    metadata,
    Column("plan_id", Id, ForeignKey(plans.c.id), nullable=False),
    Column("occurs_at", Moment, nullable=False),
    organisation(),
    Column("outcome", Text, nullable=False),
    Column("because", Text),
    Column("ticket_id", Id, ForeignKey(tickets.c.id)),
    Column("at", Moment, nullable=False, server_default=func.clock_timestamp()),
    PrimaryKeyConstraint("plan_id", "occurs_at"),
    UniqueConstraint("ticket_id"),
    one_of("outcome", kinds.OUTCOMES),
    one_of("because", kinds.BECAUSE),
    CheckConstraint("(ticket_id IS NULL) = (because IS NOT NULL)", name="filed_or_why_not"),
)

# What a round's crew has to look at: copied from the plan when it was filed, so that a later change leaves it alone.
ticket_checkpoints = Table(
    "ticket_checkpoints",
    metadata,
    Column("ticket_id", Id, ForeignKey(tickets.c.id), nullable=False),
    Column("n", SmallInteger, nullable=False),
    organisation(),
    Column("name", Text, nullable=False),
    Column("instruction", Text),
    Column("code", Text),
    Column("repair_code", Text),
    Column("result", Text),
    Column("note", Text),
    Column("photo_id", Id),
    Column("ticked_by", Id),
    Column("ticked_at", Moment),
    Column("repair_ticket_id", Id, ForeignKey(tickets.c.id)),
    PrimaryKeyConstraint("ticket_id", "n"),
    one_of("result", ("ok", "failed")),
    CheckConstraint("(result IS NULL) = (ticked_at IS NULL)", name="ticked_with_result"),
    CheckConstraint("(result = 'failed') = (repair_ticket_id IS NOT NULL)", name="repaired_where_failed"),
)
