"""Who took something out of the desk: a case file, or a report as a table."""

from sqlalchemy import Column, Index, Table, Text, func

from services.tickets.models.columns import Id, Moment, metadata, one_of, organisation

KINDS = ("case_file", "report")

# Append-only. A case file is of a ticket; a report is named, and of a community or of all.
exports = Table(
    "exports",
    metadata,
    Column("id", Id, primary_key=True),
    organisation(),
    Column("community_id", Id),
    Column("kind", Text, nullable=False),
    Column("ticket_id", Id),
    Column("report", Text),
    Column("viewer_id", Id, nullable=False),
    Column("viewer_role", Text, nullable=False),
    Column("at", Moment, nullable=False, server_default=func.clock_timestamp()),
    one_of("kind", KINDS),
)
Index(None, exports.c.organisation_id, exports.c.id)
