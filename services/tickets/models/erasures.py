"""What an erasure leaves to do outside the database: files of photos that no row speaks of any more."""

from sqlalchemy import Column, Table

from services.kit import erasures
from services.tickets.models.columns import Id, metadata, organisation

erasure_passes = erasures.define(metadata)
photo_removals = Table("photo_removals", metadata, Column("photo_id", Id, primary_key=True), organisation())
