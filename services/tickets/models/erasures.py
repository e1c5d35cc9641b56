"""What is to be done outside the database: files of photos that no row speaks of any more, or not yet."""

from sqlalchemy import Column, Table, func

from services.kit import erasures
from services.tickets.models.columns import Id, Moment, metadata, organisation

erasure_passes = erasures.define(metadata)
photo_removals = Table(
    "photo_removals",
    metadata,
    Column("photo_id", Id, primary_key=True),
    organisation(),
    Column("not_before", Moment, nullable=False, server_default=func.now()),
)
