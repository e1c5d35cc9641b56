"""Community events with those who signed up, and volunteers with their skills and hours."""

from sqlalchemy import (
    Boolean,
    CheckConstraint,
    Column,
    Date,
    ForeignKey,
    Index,
    Integer,
    PrimaryKeyConstraint,
    SmallInteger,
    Table,
    Text,
)
from sqlalchemy.dialects.postgresql import ARRAY

from services.tickets.gathering import HOURS_STATES, PLACES, STATES
from services.tickets.models.columns import Id, Moment, metadata, one_of, organisation
from services.tickets.models.places import communities

# An event of a community is called a gathering here: events are what the services tell one another.
gatherings = Table(
    "gatherings",
    metadata,
    Column("id", Id, primary_key=True),
    organisation(),
    Column("community_id", Id, ForeignKey(communities.c.id), nullable=False),
    Column("title", Text, nullable=False),
    Column("description", Text, nullable=False),
    Column("location", Text, nullable=False),
    Column("need_level", SmallInteger, nullable=False),
    Column("starts_at", Moment, nullable=False),
    Column("ends_at", Moment, nullable=False),
    Column("sign_up_until", Moment, nullable=False),
    Column("capacity", Integer, nullable=False),
    Column("state", Text, nullable=False),
    Column("created_by", Id, nullable=False),
    Column("created_at", Moment, nullable=False),
    Column("changed_at", Moment, nullable=False),
    Column("version", Integer, nullable=False),
    one_of("state", STATES),
    CheckConstraint("capacity BETWEEN 1 AND 10000", name="holds_somebody"),
    CheckConstraint("need_level IN (3, 4, 5)", name="above_the_basic_needs"),
    CheckConstraint("starts_at < ends_at AND sign_up_until <= starts_at", name="in_order"),
)
Index("ix_gatherings_page", gatherings.c.organisation_id, gatherings.c.starts_at, gatherings.c.id)

# `turn` is a new id at each sign-up, and ids are in order of time: the waiting list goes by it.
sign_ups = Table(
    "sign_ups",
    metadata,
    Column("gathering_id", Id, ForeignKey(gatherings.c.id), nullable=False),
    Column("person_id", Id, nullable=False),
    organisation(),
    Column("community_id", Id, ForeignKey(communities.c.id), nullable=False),
    Column("place", Text, nullable=False),
    Column("turn", Id, nullable=False),
    Column("at", Moment, nullable=False),
    Column("attended", Boolean),
    Column("marked_by", Id),
    PrimaryKeyConstraint("gathering_id", "person_id"),
    one_of("place", PLACES),
)
Index(None, sign_ups.c.gathering_id, sign_ups.c.place, sign_ups.c.turn)

volunteers = Table(
    "volunteers",
    metadata,
    Column("person_id", Id, primary_key=True),
    organisation(),
    Column("community_id", Id, ForeignKey(communities.c.id), nullable=False),
    Column("skills", ARRAY(Text), nullable=False),
    Column("note", Text),
    Column("offered_at", Moment, nullable=False),
    CheckConstraint("cardinality(skills) > 0", name="offers_something"),
)
Index(None, volunteers.c.organisation_id, volunteers.c.person_id)

volunteer_hours = Table(
    "volunteer_hours",
    metadata,
    Column("id", Id, primary_key=True),
    organisation(),
    Column("community_id", Id, ForeignKey(communities.c.id), nullable=False),
    Column("person_id", Id, nullable=False),
    Column("gathering_id", Id, ForeignKey(gatherings.c.id)),
    Column("on_date", Date, nullable=False),
    Column("minutes", SmallInteger, nullable=False),
    Column("what", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("recorded_by", Id, nullable=False),
    Column("recorded_at", Moment, nullable=False),
    Column("decided_by", Id),
    Column("decided_at", Moment),
    Column("reason", Text),
    one_of("state", HOURS_STATES),
    CheckConstraint("minutes BETWEEN 1 AND 1440", name="within_a_day"),
    CheckConstraint("(state = 'recorded') = (decided_at IS NULL)", name="decided_by_somebody"),
)
Index(None, volunteer_hours.c.organisation_id, volunteer_hours.c.id)
Index(None, volunteer_hours.c.person_id)
