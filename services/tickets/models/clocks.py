"""The clocks of tickets as a cache of what their history says, and what the timers fired."""

from sqlalchemy import (
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    PrimaryKeyConstraint,
    SmallInteger,
    Table,
    Text,
    func,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY

from services.tickets.models.columns import Id, Moment, metadata, organisation
from services.tickets.models.tickets import tickets

# In the order of their widths, so that an entry of the index has no gaps.
REPORT_READS = (
    "ticket_id", "community_id", "crew_id", "started_at", "due_at", "stopped_at", "contract_seconds", "pause_seconds",
    "need_level", "generation", "kind", "state", "work_type", "policy_version", "rule", "unknown",
)  # fmt: skip
OPEN_READS = (
    "ticket_id", "community_id", "crew_id", "due_at", "need_level", "kind", "state", "work_type", "policy_version",
    "rule",
)  # fmt: skip

# A cache of what sla.compute says of the history; `next_fire_at` is the deadline the timer waits for.
clocks = Table(
    "clocks",
    metadata,
    Column("ticket_id", Id, ForeignKey(tickets.c.id), nullable=False),
    Column("kind", Text, nullable=False),
    Column("generation", SmallInteger, nullable=False),
    organisation(),
    Column("state", Text, nullable=False),
    Column("started_at", Moment, nullable=False),
    Column("target_seconds", Integer, nullable=False),
    Column("basis", Text, nullable=False),
    Column("rule", Text, nullable=False, server_default="standard"),
    Column("warnings_at", ARRAY(Moment), nullable=False),
    Column("due_at", Moment),
    Column("stopped_at", Moment),
    Column("paused_at", Moment),
    Column("paused_until", Moment),
    Column("breached_at", Moment),
    # Both are empty until the clock has stopped.
    Column("contract_seconds", Float),
    Column("pause_seconds", Float),
    Column("unknown", Text),
    Column("next_level", SmallInteger),
    Column("next_fire_at", Moment),
    # The ticket's own, beside its clocks, so that a report reads one table and touches no ticket.
    Column("filed_at", Moment, nullable=False),
    Column("community_id", Id, nullable=False),
    Column("need_level", SmallInteger),
    Column("work_type", Text, nullable=False),
    Column("policy_version", Text, nullable=False),
    Column("crew_id", Id),
    PrimaryKeyConstraint("ticket_id", "kind", "generation"),
)
# A report reads all it needs of a month's clocks from this index and touches no row: a third of the time.
Index(
    "ix_clocks_report",
    clocks.c.organisation_id,
    clocks.c.filed_at,
    postgresql_include=REPORT_READS,
    postgresql_where=text("kind <> 'claim'"),
)
# What is open is little; what was filed before a period and is still overdue is found among it.
Index(
    "ix_clocks_open",
    clocks.c.organisation_id,
    clocks.c.filed_at,
    postgresql_include=OPEN_READS,
    postgresql_where=clocks.c.stopped_at.is_(None),
)
Index("ix_clocks_due", clocks.c.next_fire_at, postgresql_where=clocks.c.next_fire_at.is_not(None))

# What was fired, once each: level 1, 2 … are the policy's warnings, level 0 is the breach.
firings = Table(
    "firings",
    metadata,
    Column("ticket_id", Id, nullable=False),
    Column("kind", Text, nullable=False),
    Column("generation", SmallInteger, nullable=False),
    Column("level", SmallInteger, nullable=False),
    organisation(),
    Column("true_at", Moment, nullable=False),
    Column("fired_at", Moment, nullable=False, server_default=func.clock_timestamp()),
    PrimaryKeyConstraint("ticket_id", "kind", "generation", "level"),
)
