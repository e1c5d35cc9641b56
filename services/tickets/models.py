"""The tables of the tickets service."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    DateTime,
    Float,
    ForeignKey,
    Identity,
    Index,
    Integer,
    PrimaryKeyConstraint,
    SmallInteger,
    Table,
    Text,
    UniqueConstraint,
    func,
    select,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB, UUID

from services.kit import inbox as kit_inbox
from services.kit import outbox as kit_outbox
from services.kit.database import new_metadata
from services.kit.http import effects
from services.tickets import lifecycle
from services.tickets.catalogue import URGENCIES

metadata = new_metadata()

Id = UUID(as_uuid=False)
Moment = DateTime(timezone=True)


def _organisation() -> Column[str]:
    return Column("organisation_id", Id, nullable=False)


def _one_of(column: str, values: tuple[str, ...]) -> CheckConstraint:
    listed = ", ".join(f"'{value}'" for value in values)
    return CheckConstraint(f"{column} IN ({listed})", name=f"{column}_known")


communities = Table(
    "communities",
    metadata,
    Column("id", Id, primary_key=True),
    _organisation(),
    Column("name", Text, nullable=False),
    Column("timezone", Text, nullable=False),
    Column("calendar", JSONB, nullable=False),
)
Index(None, communities.c.organisation_id)

buildings = Table(
    "buildings",
    metadata,
    Column("id", Id, primary_key=True),
    _organisation(),
    Column("community_id", Id, ForeignKey(communities.c.id), nullable=False),
    Column("name", Text, nullable=False),
    UniqueConstraint("community_id", "name"),
)

units = Table(
    "units",
    metadata,
    Column("id", Id, primary_key=True),
    _organisation(),
    Column("community_id", Id, ForeignKey(communities.c.id), nullable=False),
    Column("building_id", Id, ForeignKey(buildings.c.id), nullable=False),
    Column("name", Text, nullable=False),
    UniqueConstraint("building_id", "name"),
)
Index(None, units.c.community_id)

# Everybody with an account, as ids; only staff have a badge, the name they work under.
people = Table(
    "people",
    metadata,
    Column("id", Id, primary_key=True),
    _organisation(),
    Column("role", Text, nullable=False),
    Column("badge", Text),
    Column("community_ids", ARRAY(Id), nullable=False),
    Column("unit_ids", ARRAY(Id), nullable=False),
    Column("skills", ARRAY(Text), nullable=False),
    Column("active", Boolean, nullable=False),
    Column("revision", Integer, nullable=False),
)
Index(None, people.c.organisation_id, people.c.role)

tickets = Table(
    "tickets",
    metadata,
    Column("id", Id, primary_key=True),
    _organisation(),
    Column("number", Text, nullable=False),
    Column("community_id", Id, ForeignKey(communities.c.id), nullable=False),
    Column("unit_id", Id, ForeignKey(units.c.id)),
    Column("location", Text),
    Column("requester_id", Id, nullable=False),
    Column("filed_by", Id, nullable=False),
    Column("channel", Text, nullable=False),
    Column("title", Text, nullable=False),
    Column("description", Text, nullable=False),
    Column("catalogue_code", Text, nullable=False),
    Column("topic", Text, nullable=False),
    Column("work_type", Text, nullable=False),
    Column("need_level", SmallInteger),
    Column("standard", Text, nullable=False),
    Column("value_tier", Text, nullable=False),
    Column("sla_class", Text, nullable=False),
    Column("skills", ARRAY(Text), nullable=False),
    Column("urgency", Text, nullable=False),
    Column("confidence", Float, nullable=False),
    Column("because", JSONB, nullable=False),
    Column("status", Text, nullable=False),
    Column("waiting_reason", Text),
    Column("owner_id", Id),
    Column("owner_desk", Text),
    Column("completed_by", Id),
    Column("completions", SmallInteger, nullable=False, server_default="0"),
    Column("promised_at", Moment),
    Column("filed_at", Moment, nullable=False),
    Column("acknowledged_at", Moment),
    Column("first_completed_at", Moment),
    Column("completed_at", Moment),
    Column("changed_at", Moment, nullable=False),
    Column("policy_version", Text, nullable=False),
    Column("version", Integer, nullable=False),
    Column("history_hash", Text, nullable=False),
    UniqueConstraint("organisation_id", "number"),
    _one_of("status", lifecycle.STATUSES),
    _one_of("urgency", URGENCIES),
    # One accountable owner at every moment: a person or a named desk, never both, never nobody.
    CheckConstraint("(owner_id IS NULL) <> (owner_desk IS NULL)", name="one_owner"),
    CheckConstraint("(status = 'waiting') = (waiting_reason IS NOT NULL)", name="waiting_for_something"),
)
Index("ix_tickets_page", tickets.c.organisation_id, tickets.c.filed_at.desc(), tickets.c.id.desc())
Index("ix_tickets_requester", tickets.c.requester_id, tickets.c.filed_at.desc())
Index("ix_tickets_unit", tickets.c.unit_id, tickets.c.filed_at.desc())
Index("ix_tickets_owner", tickets.c.owner_id, postgresql_where=tickets.c.status.in_(lifecycle.HELD))
Index("ix_tickets_pool", tickets.c.community_id, postgresql_where=tickets.c.status.in_(lifecycle.POOL))
Index("ix_tickets_completed", tickets.c.completed_at, postgresql_where=tickets.c.status == "completed")

# The version of a ticket is the `seq` of its last entry, so two writers at one version collide on this key.
history = Table(
    "history",
    metadata,
    Column("ticket_id", Id, ForeignKey(tickets.c.id), nullable=False),
    Column("seq", Integer, nullable=False),
    _organisation(),
    Column("at", Moment, nullable=False),
    Column("actor_id", Id, nullable=False),
    Column("actor_role", Text, nullable=False),
    Column("action", Text, nullable=False),
    Column("from_status", Text, nullable=False),
    Column("status", Text, nullable=False),
    Column("data", JSONB, nullable=False),
    Column("previous_hash", Text, nullable=False),
    Column("hash", Text, nullable=False),
    PrimaryKeyConstraint("ticket_id", "seq"),
)

# Everything people write about a ticket. History refers to a remark by id and sealed digest.
remarks = Table(
    "remarks",
    metadata,
    Column("id", Id, primary_key=True),
    _organisation(),
    Column("ticket_id", Id, ForeignKey(tickets.c.id), nullable=False),
    Column("author_id", Id, nullable=False),
    Column("author_role", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("visible", Boolean, nullable=False),
    Column("body", Text, nullable=False),
    Column("salt", Text, nullable=False),
    Column("at", Moment, nullable=False),
)
Index(None, remarks.c.ticket_id, remarks.c.at)

photos = Table(
    "photos",
    metadata,
    Column("id", Id, primary_key=True),
    _organisation(),
    Column("ticket_id", Id, ForeignKey(tickets.c.id), nullable=False),
    Column("author_id", Id, nullable=False),
    Column("author_role", Text, nullable=False),
    Column("width", Integer, nullable=False),
    Column("height", Integer, nullable=False),
    Column("size_bytes", Integer, nullable=False),
    Column("sha256", Text, nullable=False),
    Column("at", Moment, nullable=False),
)
Index(None, photos.c.ticket_id)

# A cache of what sla.compute says of the history; `next_fire_at` is the deadline the timer waits for.
clocks = Table(
    "clocks",
    metadata,
    Column("ticket_id", Id, ForeignKey(tickets.c.id), nullable=False),
    Column("kind", Text, nullable=False),
    Column("generation", SmallInteger, nullable=False),
    _organisation(),
    Column("state", Text, nullable=False),
    Column("started_at", Moment, nullable=False),
    Column("target_seconds", Integer, nullable=False),
    Column("basis", Text, nullable=False),
    Column("warnings_at", ARRAY(Moment), nullable=False),
    Column("due_at", Moment),
    Column("stopped_at", Moment),
    Column("paused_at", Moment),
    Column("breached_at", Moment),
    Column("unknown", Text),
    Column("next_level", SmallInteger),
    Column("next_fire_at", Moment),
    PrimaryKeyConstraint("ticket_id", "kind", "generation"),
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
    _organisation(),
    Column("true_at", Moment, nullable=False),
    Column("fired_at", Moment, nullable=False, server_default=func.clock_timestamp()),
    PrimaryKeyConstraint("ticket_id", "kind", "generation", "level"),
)

# What dispatchers corrected; triage learns from this organisation's own.
refilings = Table(
    "refilings",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    _organisation(),
    Column("ticket_id", Id, ForeignKey(tickets.c.id), nullable=False),
    Column("words", Text, nullable=False),
    Column("from_code", Text, nullable=False),
    Column("to_code", Text, nullable=False),
    Column("at", Moment, nullable=False),
)
Index(None, refilings.c.organisation_id, refilings.c.id)

UNIT_NAME = (buildings.c.name + " " + units.c.name).label("unit_name")

# A ticket with the names beside its ids that readers and refusals need, and its community's calendar and time zone.
NAMED_TICKETS = (
    select(
        tickets,
        communities.c.calendar,
        communities.c.timezone,
        communities.c.name.label("community_name"),
        UNIT_NAME,
        people.c.badge.label("owner_name"),
    )
    .join(communities, communities.c.id == tickets.c.community_id)
    .outerjoin(units, units.c.id == tickets.c.unit_id)
    .outerjoin(buildings, buildings.c.id == units.c.building_id)
    .outerjoin(people, people.c.id == tickets.c.owner_id)
)

outbox = kit_outbox.define(metadata)
inbox = kit_inbox.define(metadata)
idempotency_keys = effects.define(metadata)
