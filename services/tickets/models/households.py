"""What is remembered about a home: how to address it, who lives there with whose consent, its equipment, who looked."""

from sqlalchemy import (
    CheckConstraint,
    Column,
    Date,
    ForeignKey,
    Index,
    Integer,
    PrimaryKeyConstraint,
    SmallInteger,
    Table,
    Text,
    func,
)

from services.tickets.equipment import KINDS
from services.tickets.models.columns import Id, Moment, metadata, one_of, organisation
from services.tickets.models.places import communities, units

# Circumstances that belong to who lives there; the others of sla.CIRCUMSTANCES are about one day's fault.
PERSONAL = ("infant", "elderly_alone", "disability", "illness")
# What staff may look for; a household's own look has its own name.
STAFF_PURPOSES = ("call", "complaint", "care_visit", "planning", "correction")
PURPOSES = (*STAFF_PURPOSES, "own")

households = Table(
    "households",
    metadata,
    Column("unit_id", Id, ForeignKey(units.c.id), primary_key=True),
    organisation(),
    Column("community_id", Id, ForeignKey(communities.c.id), nullable=False),
    Column("salutation_zh", Text),
    Column("salutation_en", Text),
    Column("changed_by", Id, nullable=False),
    Column("changed_at", Moment, nullable=False),
    Column("version", Integer, nullable=False),
)

# Nothing is noted of a person's health or age without somebody of the household who agreed, and not for ever.
household_circumstances = Table(
    "household_circumstances",
    metadata,
    Column("unit_id", Id, ForeignKey(units.c.id), nullable=False),
    Column("kind", Text, nullable=False),
    organisation(),
    Column("community_id", Id, ForeignKey(communities.c.id), nullable=False),
    Column("consented_by", Id, nullable=False),
    Column("consented_at", Moment, nullable=False),
    Column("recorded_by", Id, nullable=False),
    Column("until", Moment, nullable=False),
    PrimaryKeyConstraint("unit_id", "kind"),
    one_of("kind", PERSONAL),
    CheckConstraint("until > consented_at", name="ends_after_consent"),
)

household_equipment = Table(
    "household_equipment",
    metadata,
    Column("id", Id, primary_key=True),
    organisation(),
    Column("community_id", Id, ForeignKey(communities.c.id), nullable=False),
    Column("unit_id", Id, ForeignKey(units.c.id), nullable=False),
    Column("kind", Text, nullable=False),
    Column("model", Text),
    Column("installed_on", Date, nullable=False),
    Column("life_months", SmallInteger, nullable=False),
    one_of("kind", KINDS),
    CheckConstraint("life_months BETWEEN 1 AND 600", name="life_is_a_while"),
)
Index(None, household_equipment.c.unit_id)

# Append-only. Why somebody looked is the ticket they were at work on, or a purpose they named.
household_views = Table(
    "household_views",
    metadata,
    Column("id", Id, primary_key=True),
    organisation(),
    Column("community_id", Id, ForeignKey(communities.c.id), nullable=False),
    Column("unit_id", Id, ForeignKey(units.c.id), nullable=False),
    Column("viewer_id", Id, nullable=False),
    Column("viewer_role", Text, nullable=False),
    Column("ticket_id", Id),
    Column("purpose", Text),
    Column("at", Moment, nullable=False, server_default=func.clock_timestamp()),
    CheckConstraint("(ticket_id IS NULL) <> (purpose IS NULL)", name="looked_for_a_reason"),
    one_of("purpose", PURPOSES),
)
Index(None, household_views.c.unit_id, household_views.c.id)
