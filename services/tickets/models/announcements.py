"""Announcements to the residents of chosen homes, every step of each, and who was told and has read it."""

from sqlalchemy import Boolean, CheckConstraint, Column, ForeignKey, Index, Integer, PrimaryKeyConstraint, Table, Text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

from services.tickets.announcing import KINDS, STATES
from services.tickets.models.columns import Id, Moment, metadata, one_of, organisation
from services.tickets.models.places import communities, units
from services.tickets.models.tickets import tickets

# No buildings and no units: the whole community. `told_version` is the version that residents were last told of, so
# that who read it before its times were changed has not read it. `over` is said by somebody, or follows from the end.
announcements = Table(
    "announcements",
    metadata,
    Column("id", Id, primary_key=True),
    organisation(),
    Column("community_id", Id, ForeignKey(communities.c.id), nullable=False),
    Column("kind", Text, nullable=False),
    Column("planned", Boolean, nullable=False),
    Column("building_ids", ARRAY(Id), nullable=False),
    Column("unit_ids", ARRAY(Id), nullable=False),
    Column("starts_at", Moment, nullable=False),
    Column("ends_at", Moment),
    Column("title_zh", Text),
    Column("body_zh", Text),
    Column("title_en", Text),
    Column("body_en", Text),
    Column("state", Text, nullable=False),
    Column("publish_at", Moment),
    Column("published_at", Moment),
    Column("over_at", Moment),
    Column("withdrawn_because", Text),
    # The period that was asked for when residents were told, whether it was kept each time, and why it was not.
    Column("rule", Text),
    Column("required_seconds", Integer),
    Column("in_time", Boolean),
    Column("late_because", Text),
    Column("remind_at", Moment),
    Column("reminded_at", Moment),
    # The request that the work is done under; reports of the same outage are joined to it.
    Column("ticket_id", Id, ForeignKey(tickets.c.id)),
    Column("created_by", Id, nullable=False),
    Column("created_at", Moment, nullable=False),
    Column("changed_at", Moment, nullable=False),
    Column("told_version", Integer),
    Column("version", Integer, nullable=False),
    one_of("kind", tuple(KINDS)),
    one_of("state", STATES),
    CheckConstraint("ends_at IS NULL OR ends_at > starts_at", name="in_order"),
    CheckConstraint(
        "(title_zh IS NOT NULL AND body_zh IS NOT NULL) OR (title_en IS NOT NULL AND body_en IS NOT NULL)",
        name="says_something",
    ),
    CheckConstraint("(state = 'scheduled') <= (publish_at IS NOT NULL)", name="scheduled_for_a_moment"),
    CheckConstraint("(state IN ('published', 'over')) <= (published_at IS NOT NULL)", name="published_at_a_moment"),
)
Index("ix_announcements_page", announcements.c.organisation_id, announcements.c.starts_at, announcements.c.id)
Index("ix_announcements_running", announcements.c.community_id, postgresql_where=announcements.c.state == "published")
Index("ix_announcements_due", announcements.c.publish_at, postgresql_where=announcements.c.state == "scheduled")
Index("ix_announcements_remind", announcements.c.remind_at, postgresql_where=announcements.c.remind_at.is_not(None))

# Append-only: what was done about an announcement, by whom, with the times and reasons that it had then.
announcement_steps = Table(
    "announcement_steps",
    metadata,
    Column("announcement_id", Id, ForeignKey(announcements.c.id), nullable=False),
    Column("version", Integer, nullable=False),
    organisation(),
    Column("at", Moment, nullable=False),
    Column("actor_id", Id, nullable=False),
    Column("action", Text, nullable=False),
    Column("data", JSONB, nullable=False),
    PrimaryKeyConstraint("announcement_id", "version"),
)

# Who was told, one row a person and home; whoever moved in later has a row once they read it. `read_version` is the
# version they read last.
announcement_readers = Table(
    "announcement_readers",
    metadata,
    Column("announcement_id", Id, ForeignKey(announcements.c.id), nullable=False),
    Column("person_id", Id, nullable=False),
    Column("unit_id", Id, ForeignKey(units.c.id), nullable=False),
    organisation(),
    Column("community_id", Id, ForeignKey(communities.c.id), nullable=False),
    Column("told_at", Moment),
    Column("reminded_at", Moment),
    Column("read_at", Moment),
    Column("read_version", Integer),
    PrimaryKeyConstraint("announcement_id", "person_id", "unit_id"),
    CheckConstraint("(read_at IS NULL) = (read_version IS NULL)", name="read_a_version"),
)
Index(None, announcement_readers.c.person_id)
