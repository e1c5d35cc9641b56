"""Who works when: shifts on the community's wall clock, and the days they do not take place."""

from sqlalchemy import (
    CheckConstraint,
    Column,
    Date,
    ForeignKey,
    Index,
    Integer,
    PrimaryKeyConstraint,
    Table,
    Text,
    Time,
)

from services.tickets.models.columns import Id, Moment, metadata, organisation
from services.tickets.models.places import communities

# See duty.Shift for what the columns mean.
shifts = Table(
    "shifts",
    metadata,
    Column("id", Id, primary_key=True),
    organisation(),
    Column("community_id", Id, ForeignKey(communities.c.id), nullable=False),
    Column("person_id", Id, nullable=False),
    Column("first_on", Date, nullable=False),
    Column("last_on", Date),
    Column("begins", Time, nullable=False),
    Column("ends", Time, nullable=False),
    Column("rrule", Text),
    Column("changed_by", Id, nullable=False),
    Column("changed_at", Moment, nullable=False),
    Column("version", Integer, nullable=False),
    CheckConstraint("last_on >= first_on", name="ends_after_it_begins"),
)
Index(None, shifts.c.organisation_id, shifts.c.community_id)

days_off = Table(
    "days_off",
    metadata,
    Column("shift_id", Id, ForeignKey(shifts.c.id), nullable=False),
    Column("on_date", Date, nullable=False),
    organisation(),
    Column("noted_by", Id, nullable=False),
    Column("noted_at", Moment, nullable=False),
    PrimaryKeyConstraint("shift_id", "on_date"),
)
