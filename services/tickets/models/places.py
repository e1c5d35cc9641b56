"""Communities with the terms they are served on, their buildings and units, and the people."""

from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ForeignKey,
    Identity,
    Index,
    Integer,
    PrimaryKeyConstraint,
    Table,
    Text,
    UniqueConstraint,
    func,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

from services.tickets.models.columns import Id, Moment, metadata, organisation


def registered() -> tuple[Column[Any], ...]:
    """Return the columns of a place in the register.

    By its code an import finds it, whatever it is called by then. Nothing new is filed for a place that is closed.
    """
    return (
        Column("code", Text, nullable=False),
        Column("closed_at", Moment),
        Column("version", Integer, nullable=False, server_default="1"),
    )


communities = Table(
    "communities",
    metadata,
    Column("id", Id, primary_key=True),
    organisation(),
    Column("name", Text, nullable=False),
    Column("timezone", Text, nullable=False),
    Column("calendar", JSONB, nullable=False),
    # The terms for what is filed from now on. A running ticket keeps those it started with.
    Column("calendar_version", Integer, nullable=False, server_default="1"),
    Column("policy_version", Text, nullable=False),
    *registered(),
    UniqueConstraint("organisation_id", "code"),
)
Index(None, communities.c.organisation_id)

# Every calendar a community ever had and every policy an organisation ever wrote: clocks are computed from them.
calendars = Table(
    "calendars",
    metadata,
    Column("community_id", Id, ForeignKey(communities.c.id), nullable=False),
    Column("version", Integer, nullable=False),
    organisation(),
    Column("document", JSONB, nullable=False),
    Column("note", Text),
    Column("author_id", Id),
    Column("at", Moment, nullable=False, server_default=func.clock_timestamp()),
    PrimaryKeyConstraint("community_id", "version"),
)

policies = Table(
    "policies",
    metadata,
    organisation(),
    Column("version", Text, nullable=False),
    # For which community it was written, so that an audit can follow its terms.
    Column("community_id", Id, ForeignKey(communities.c.id), nullable=False),
    Column("document", JSONB, nullable=False),
    Column("note", Text),
    Column("author_id", Id),
    Column("at", Moment, nullable=False, server_default=func.clock_timestamp()),
    PrimaryKeyConstraint("organisation_id", "version"),
)

buildings = Table(
    "buildings",
    metadata,
    Column("id", Id, primary_key=True),
    organisation(),
    Column("community_id", Id, ForeignKey(communities.c.id), nullable=False),
    Column("name", Text, nullable=False),
    *registered(),
    UniqueConstraint("community_id", "name"),
    UniqueConstraint("organisation_id", "code"),
)

units = Table(
    "units",
    metadata,
    Column("id", Id, primary_key=True),
    organisation(),
    Column("community_id", Id, ForeignKey(communities.c.id), nullable=False),
    Column("building_id", Id, ForeignKey(buildings.c.id), nullable=False),
    Column("name", Text, nullable=False),
    *registered(),
    UniqueConstraint("building_id", "name"),
    UniqueConstraint("organisation_id", "code"),
)
Index(None, units.c.community_id)

# Who changed the register, and from what to what.
place_changes = Table(
    "place_changes",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    organisation(),
    Column("community_id", Id, nullable=False),
    Column("kind", Text, nullable=False),
    Column("place_id", Id, nullable=False),
    Column("action", Text, nullable=False),
    Column("data", JSONB, nullable=False),
    Column("author_id", Id, nullable=False),
    Column("at", Moment, nullable=False, server_default=func.clock_timestamp()),
)
Index(None, place_changes.c.organisation_id, place_changes.c.id)

# Everybody with an account, as ids; only staff have a badge, the name they work under.
people = Table(
    "people",
    metadata,
    Column("id", Id, primary_key=True),
    organisation(),
    Column("role", Text, nullable=False),
    Column("badge", Text),
    Column("community_ids", ARRAY(Id), nullable=False),
    Column("unit_ids", ARRAY(Id), nullable=False),
    Column("skills", ARRAY(Text), nullable=False),
    Column("active", Boolean, nullable=False),
    Column("revision", Integer, nullable=False),
)
Index(None, people.c.organisation_id, people.c.role)

UNIT_NAME = (buildings.c.name + " " + units.c.name).label("unit_name")
