"""Organisations' own catalogues: what each version has other than as shipped, by item."""

from sqlalchemy import Column, Integer, PrimaryKeyConstraint, Table, Text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

from services.tickets.models.columns import Id, Moment, metadata, organisation

catalogue_versions = Table(
    "catalogue_versions",
    metadata,
    organisation(),
    Column("version", Integer, nullable=False),
    Column("document", JSONB, nullable=False),
    # The codes that differ from the version before.
    Column("changed", ARRAY(Text), nullable=False),
    Column("reason", Text, nullable=False),
    Column("author_id", Id, nullable=False),
    Column("at", Moment, nullable=False),
    PrimaryKeyConstraint("organisation_id", "version"),
)
