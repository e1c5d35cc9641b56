"""Who of the staff read what a household said in words, when and why."""

from sqlalchemy import CheckConstraint, Column, ForeignKey, Index, Table, Text, func

from services.surveys.models.columns import Id, Moment, metadata, one_of, organisation
from services.surveys.models.visits import return_visits

# `ticket` is whoever is at work on that ticket.
PURPOSES = ("ticket", "call", "complaint", "quality")
READERS = ("dispatcher", "manager")

# Append-only, and written before the words are shown: row-level security shows them to nobody else.
answer_views = Table(
    "answer_views",
    metadata,
    Column("id", Id, primary_key=True),
    organisation(),
    Column("community_id", Id, nullable=False),
    Column("survey_id", Id, ForeignKey(return_visits.c.id), nullable=False),
    Column("ticket_id", Id, nullable=False),
    Column("viewer_id", Id, nullable=False),
    Column("viewer_role", Text, nullable=False),
    Column("purpose", Text, nullable=False),
    Column("at", Moment, nullable=False, server_default=func.clock_timestamp()),
    CheckConstraint(f"viewer_role IN ({one_of(READERS)})", name="viewer_role"),
    CheckConstraint(f"purpose IN ({one_of(PURPOSES)})", name="purpose"),
)
Index(None, answer_views.c.organisation_id, answer_views.c.id)
Index(None, answer_views.c.survey_id, answer_views.c.viewer_id)
