"""Opinion campaigns: what is asked of every household of a community, their answers, and what managers expect."""

from sqlalchemy import (
    CheckConstraint,
    Column,
    ForeignKey,
    Index,
    Integer,
    PrimaryKeyConstraint,
    SmallInteger,
    Table,
    Text,
    UniqueConstraint,
    func,
)

from services.surveys.models.columns import Id, Moment, metadata, one_of, organisation

PLANNED, OPEN, CLOSED = "planned", "open", "closed"
CAMPAIGN_STATES = (PLANNED, OPEN, CLOSED)
LINK, IN_APP = "link", "in_app"
CAMPAIGN_CHANNELS = (LINK, IN_APP)

# `households` is how many the community had when the campaign opened, the base of its response rate; `unplaced` is how
# many homes could not be told to lie in this community or another one, and were not asked.
campaigns = Table(
    "campaigns",
    metadata,
    Column("id", Id, primary_key=True),
    organisation(),
    Column("community_id", Id, nullable=False),
    Column("name", Text, nullable=False),
    Column("question_set", Text, nullable=False),
    Column("question_set_version", Integer, nullable=False),
    Column("timezone", Text, nullable=False),
    Column("opens_at", Moment, nullable=False),
    Column("closes_at", Moment, nullable=False),
    Column("state", Text, nullable=False),
    Column("households", Integer),
    Column("unplaced", Integer),
    Column("author_id", Id, nullable=False),
    Column("created_at", Moment, nullable=False, server_default=func.clock_timestamp()),
    CheckConstraint(f"state IN ({one_of(CAMPAIGN_STATES)})", name="state"),
    CheckConstraint("opens_at < closes_at", name="opens_before_it_closes"),
    CheckConstraint("(state = 'planned') = (households IS NULL)", name="counted_when_opened"),
    CheckConstraint("(households IS NULL) = (unplaced IS NULL)", name="counted_whole"),
)
Index("ix_campaigns_community", campaigns.c.organisation_id, campaigns.c.community_id, campaigns.c.opens_at)
Index("ix_campaigns_to_open", campaigns.c.opens_at, postgresql_where=campaigns.c.state == PLANNED)
Index("ix_campaigns_to_close", campaigns.c.closes_at, postgresql_where=campaigns.c.state == OPEN)

# `id` is what the household's link opens. One row a home and campaign.
campaign_households = Table(
    "campaign_households",
    metadata,
    Column("id", Id, primary_key=True),
    organisation(),
    Column("campaign_id", Id, ForeignKey(campaigns.c.id), nullable=False),
    Column("community_id", Id, nullable=False),
    Column("unit_id", Id, nullable=False),
    Column("token_sha256", Text),
    Column("invited_at", Moment),
    Column("answered_at", Moment),
    UniqueConstraint("campaign_id", "unit_id"),
    CheckConstraint("(token_sha256 IS NULL) = (invited_at IS NULL)", name="invited_with_a_link"),
    CheckConstraint("answered_at IS NULL OR invited_at IS NOT NULL", name="asked_before_answered"),
)
Index(
    "ix_campaign_households_to_invite",
    campaign_households.c.id,
    postgresql_where=campaign_households.c.invited_at.is_(None),
)
Index("ix_campaign_households_unit", campaign_households.c.unit_id)

# Append-only, as everything said is. A household that did not answer has no row. `person_id` is who answered in the
# app; a link does not tell.
campaign_answers = Table(
    "campaign_answers",
    metadata,
    Column("household_id", Id, ForeignKey(campaign_households.c.id), primary_key=True),
    organisation(),
    Column("campaign_id", Id, ForeignKey(campaigns.c.id), nullable=False),
    Column("channel", Text, nullable=False),
    Column("person_id", Id),
    Column("comment", Text),
    Column("answered_at", Moment, nullable=False),
    CheckConstraint(f"channel IN ({one_of(CAMPAIGN_CHANNELS)})", name="channel"),
    CheckConstraint("(channel = 'in_app') = (person_id IS NOT NULL)", name="signed_in_is_somebody"),
)
Index("ix_campaign_answers_campaign", campaign_answers.c.campaign_id, campaign_answers.c.answered_at)

campaign_answer_items = Table(
    "campaign_answer_items",
    metadata,
    Column("household_id", Id, ForeignKey(campaign_answers.c.household_id), nullable=False),
    organisation(),
    Column("campaign_id", Id, ForeignKey(campaigns.c.id), nullable=False),
    Column("item", Text, nullable=False),
    Column("value", SmallInteger, nullable=False),
    PrimaryKeyConstraint("household_id", "item"),
)
Index("ix_campaign_answer_items_campaign", campaign_answer_items.c.campaign_id, campaign_answer_items.c.item)

# What a manager thinks the residents will say: once, and `answers_before` says how many had said it by then.
campaign_estimates = Table(
    "campaign_estimates",
    metadata,
    Column("campaign_id", Id, ForeignKey(campaigns.c.id), nullable=False),
    Column("manager_id", Id, nullable=False),
    Column("item", Text, nullable=False),
    organisation(),
    Column("value", SmallInteger, nullable=False),
    Column("answers_before", Integer, nullable=False),
    Column("at", Moment, nullable=False, server_default=func.clock_timestamp()),
    PrimaryKeyConstraint("campaign_id", "manager_id", "item"),
)
