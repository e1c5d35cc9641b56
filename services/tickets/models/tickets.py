"""Tickets with their history, and what people wrote and photographed about them."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
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
    select,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

from services.tickets import appointments, lifecycle
from services.tickets.catalogue import URGENCIES
from services.tickets.models.columns import Id, Moment, metadata, one_of, organisation
from services.tickets.models.places import UNIT_NAME, buildings, communities, people, units

tickets = Table(
    "tickets",
    metadata,
    Column("id", Id, primary_key=True),
    organisation(),
    Column("number", Text, nullable=False),
    Column("community_id", Id, ForeignKey(communities.c.id), nullable=False),
    Column("unit_id", Id, ForeignKey(units.c.id)),
    Column("location", Text),
    Column("requester_id", Id, nullable=False),
    Column("filed_by", Id, nullable=False),
    Column("channel", Text, nullable=False),
    Column("title", Text, nullable=False),
    Column("description", Text, nullable=False),
    # Title, description and location are sealed in the first entry of history; the salt is erased with them.
    Column("words_salt", Text),
    Column("catalogue_code", Text, nullable=False),
    # The organisation's catalogue it was filed under, and what the item was called there; 0 and none: as shipped.
    Column("catalogue_version", Integer, nullable=False, server_default="0"),
    Column("item_name", JSONB(none_as_null=True)),
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
    # What makes it more pressing for this household: an infant, somebody old living alone, the only toilet.
    Column("circumstances", ARRAY(Text), nullable=False, server_default="{}"),
    Column("waiting_reason", Text),
    Column("paused_until", Moment),
    # When the household said that it does not accept the waiting; empty again when the waiting is over.
    Column("objected_at", Moment),
    # How often the household asked to hurry, and when it did last.
    Column("urges", SmallInteger, nullable=False, server_default="0"),
    Column("urged_at", Moment),
    # Since when nobody is in danger; empty again once it is reopened, for what was safe may no longer be.
    Column("made_safe_at", Moment),
    Column("owner_id", Id),
    Column("owner_desk", Text),
    Column("completed_by", Id),
    Column("completions", SmallInteger, nullable=False, server_default="0"),
    Column("promised_at", Moment),
    # When somebody comes: what one side proposes, and what both agreed to. The version is the number of the entry of
    # history that last changed either; empty where neither stands.
    Column("appointment_version", Integer),
    Column("proposed_from", Moment),
    Column("proposed_until", Moment),
    Column("proposed_by", Text),
    Column("agreed_from", Moment),
    Column("agreed_until", Moment),
    # When both sides are reminded of what was agreed; empty once they were.
    Column("remind_at", Moment),
    Column("filed_at", Moment, nullable=False),
    Column("acknowledged_at", Moment),
    Column("first_completed_at", Moment),
    Column("completed_at", Moment),
    Column("changed_at", Moment, nullable=False),
    # What a human answered about the latest completion; empty until one does.
    Column("solved", Boolean),
    Column("satisfaction", SmallInteger),
    # The finished request that a complaint is about, where an answer of its household opened it.
    Column("about_ticket_id", Id, ForeignKey("tickets.id")),
    # The request with the same cause that it moves with; one that others move with says so, to be asked for them.
    Column("joined_to", Id, ForeignKey("tickets.id")),
    Column("leads", Boolean, nullable=False, server_default="false"),
    # Where a code was scanned to file it.
    Column("spot_id", Id, ForeignKey("spots.id")),
    Column("policy_version", Text, nullable=False),
    Column("calendar_version", Integer, nullable=False, server_default="1"),
    Column("version", Integer, nullable=False),
    Column("history_hash", Text, nullable=False),
    UniqueConstraint("organisation_id", "number"),
    one_of("status", lifecycle.STATUSES),
    one_of("urgency", URGENCIES),
    # One accountable owner at every moment: a person or a named desk, never both, never nobody.
    CheckConstraint("(owner_id IS NULL) <> (owner_desk IS NULL)", name="one_owner"),
    CheckConstraint("(status = 'waiting') = (waiting_reason IS NOT NULL)", name="waiting_for_something"),
    one_of("proposed_by", appointments.SIDES),
    CheckConstraint("num_nulls(proposed_from, proposed_until, proposed_by) IN (0, 3)", name="proposal_whole"),
    CheckConstraint("num_nulls(agreed_from, agreed_until) IN (0, 2)", name="agreement_whole"),
    CheckConstraint(
        "(appointment_version IS NULL) = (proposed_from IS NULL AND agreed_from IS NULL)", name="appointment_whole"
    ),
)
Index("ix_tickets_page", tickets.c.organisation_id, tickets.c.filed_at.desc(), tickets.c.id.desc())
# What a report asks of a month's tickets, and the columns by which their security is decided: it reads a few hundred
# pages of this in place of thousands of the wide table.
Index(
    "ix_tickets_report",
    tickets.c.organisation_id,
    tickets.c.filed_at,
    postgresql_include=(
        "id", "community_id", "unit_id", "requester_id", "owner_id", "completed_by", "promised_at",
        "first_completed_at", "completions", "need_level", "satisfaction", "solved", "status", "work_type",
        "policy_version",
    ),
)  # fmt: skip
Index("ix_tickets_requester", tickets.c.requester_id, tickets.c.filed_at.desc())
Index("ix_tickets_unit", tickets.c.unit_id, tickets.c.filed_at.desc())
Index("ix_tickets_owner", tickets.c.owner_id, postgresql_where=tickets.c.status.in_(lifecycle.HELD))
Index("ix_tickets_pool", tickets.c.community_id, postgresql_where=tickets.c.status.in_(lifecycle.POOL))
Index("ix_tickets_completed", tickets.c.completed_at, postgresql_where=tickets.c.status == "completed")
Index("ix_tickets_paused", tickets.c.paused_until, postgresql_where=tickets.c.status == "waiting")
Index("ix_tickets_remind", tickets.c.remind_at, postgresql_where=tickets.c.remind_at.is_not(None))
Index("ix_tickets_about", tickets.c.about_ticket_id, postgresql_where=tickets.c.about_ticket_id.is_not(None))
Index("ix_tickets_joined", tickets.c.joined_to, postgresql_where=tickets.c.joined_to.is_not(None))
Index("ix_tickets_spot", tickets.c.spot_id, tickets.c.filed_at, postgresql_where=tickets.c.spot_id.is_not(None))
Index("ix_tickets_open", tickets.c.community_id, postgresql_where=tickets.c.status.in_(lifecycle.OPEN))

# The version of a ticket is the `seq` of its last entry, so two writers at one version collide on this key.
history = Table(
    "history",
    metadata,
    Column("ticket_id", Id, ForeignKey(tickets.c.id), nullable=False),
    Column("seq", Integer, nullable=False),
    organisation(),
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
# The reports on pauses and promises read these alone.
Index("ix_history_pauses", history.c.organisation_id, history.c.at, postgresql_where=history.c.action == "pause")
Index("ix_history_overrides", history.c.organisation_id, history.c.at, postgresql_where=history.c.action == "override")
Index("ix_history_agreed", history.c.organisation_id, history.c.at, postgresql_where=history.c.action == "agree")
Index("ix_history_acts", history.c.organisation_id, history.c.at, postgresql_where=history.c.data.has_key("acted"))
Index(
    "ix_history_promises",
    history.c.ticket_id,
    postgresql_include=("organisation_id", "seq", "at"),
    postgresql_where=history.c.action == "promise",
)

# Everything people write about a ticket. History refers to a remark by id and sealed digest.
remarks = Table(
    "remarks",
    metadata,
    Column("id", Id, primary_key=True),
    organisation(),
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
    organisation(),
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

# What dispatchers corrected; triage learns from this organisation's own.
refilings = Table(
    "refilings",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    organisation(),
    Column("ticket_id", Id, ForeignKey(tickets.c.id), nullable=False),
    Column("words", Text, nullable=False),
    Column("from_code", Text, nullable=False),
    Column("to_code", Text, nullable=False),
    Column("at", Moment, nullable=False),
)
Index(None, refilings.c.organisation_id, refilings.c.id)

# A ticket with the names beside its ids that readers and refusals need, its community's time zone, and the terms that
# what is filed there now would have.
NAMED_TICKETS = (
    select(
        tickets,
        communities.c.timezone,
        communities.c.name.label("community_name"),
        communities.c.policy_version.label("policy_in_force"),
        communities.c.calendar_version.label("calendar_in_force"),
        UNIT_NAME,
        people.c.badge.label("owner_name"),
    )
    .join(communities, communities.c.id == tickets.c.community_id)
    .outerjoin(units, units.c.id == tickets.c.unit_id)
    .outerjoin(buildings, buildings.c.id == units.c.building_id)
    .outerjoin(people, people.c.id == tickets.c.owner_id)
)
