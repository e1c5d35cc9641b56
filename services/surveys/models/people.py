"""Everybody with an account, as the gateway tells of them: ids and roles; only staff have a name they work under."""

from sqlalchemy import Boolean, Column, Index, Integer, Table, Text
from sqlalchemy.dialects.postgresql import ARRAY

from services.surveys.models.columns import Id, metadata, organisation

people = Table(
    "people",
    metadata,
    Column("id", Id, primary_key=True),
    organisation(),
    Column("role", Text, nullable=False),
    Column("badge", Text),
    Column("locale", Text, nullable=False),
    Column("community_ids", ARRAY(Id), nullable=False),
    Column("unit_ids", ARRAY(Id), nullable=False),
    Column("active", Boolean, nullable=False),
    Column("revision", Integer, nullable=False),
)
Index(None, people.c.organisation_id, people.c.role)
