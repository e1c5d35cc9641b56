"""Spots: a lift, a door, a garage with a code on it that a phone reads; and the number to call about a report."""

from sqlalchemy import Boolean, Column, ForeignKey, Index, Integer, Table, Text, UniqueConstraint

from services.tickets.estate.spots import KINDS
from services.tickets.models.columns import Id, Moment, metadata, one_of, organisation
from services.tickets.models.places import buildings, communities

spots = Table(
    "spots",
    metadata,
    Column("id", Id, primary_key=True),
    organisation(),
    Column("community_id", Id, ForeignKey(communities.c.id), nullable=False),
    Column("building_id", Id, ForeignKey(buildings.c.id)),
    Column("name", Text, nullable=False),
    Column("name_en", Text),
    Column("kind", Text, nullable=False),
    # Whether whoever stands there may report something without an account.
    Column("shared", Boolean, nullable=False),
    # What is printed: not to be guessed, and dead once it was replaced.
    Column("code", Text, nullable=False),
    Column("closed_at", Moment),
    Column("version", Integer, nullable=False, server_default="1"),
    UniqueConstraint("code"),
    one_of("kind", KINDS),
)
Index(None, spots.c.community_id)

ticket_contacts = Table(
    "ticket_contacts",
    metadata,
    Column("ticket_id", Id, ForeignKey("tickets.id"), primary_key=True),
    organisation(),
    Column("phone", Text, nullable=False),
    Column("at", Moment, nullable=False),
)
