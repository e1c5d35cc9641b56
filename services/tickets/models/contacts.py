"""Who saw the telephone number to call about a report."""

from sqlalchemy import Column, ForeignKey, Index, Table, Text, func

from services.tickets.models.columns import Id, Moment, metadata, organisation
from services.tickets.models.places import communities

# Append-only. The number itself is not in it: that goes a while after the report ended, and who saw it stays.
contact_views = Table(
    "contact_views",
    metadata,
    Column("id", Id, primary_key=True),
    organisation(),
    Column("community_id", Id, ForeignKey(communities.c.id), nullable=False),
    Column("ticket_id", Id, nullable=False),
    Column("viewer_id", Id, nullable=False),
    Column("viewer_role", Text, nullable=False),
    Column("at", Moment, nullable=False, server_default=func.clock_timestamp()),
)
Index(None, contact_views.c.organisation_id, contact_views.c.id)
Index("ix_contact_views_seen", contact_views.c.ticket_id, contact_views.c.viewer_id)
