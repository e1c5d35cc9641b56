"""Community events with those who signed up, and volunteers with their hours."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from services.kit.migrate import in_tenant, protect

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

# In a subquery each, so that they are asked once a statement and not once a row.
_ROLE = "(SELECT current_setting('doorstep.role', true))"
_PERSON = "(SELECT NULLIF(current_setting('doorstep.person', true), '')::uuid)"
_COMMUNITIES = (
    "(SELECT string_to_array(NULLIF(current_setting('doorstep.communities', true), ''), ',')::uuid[])::uuid[]"
)
_UNITS = "(SELECT string_to_array(NULLIF(current_setting('doorstep.units', true), ''), ',')::uuid[])::uuid[]"
_IN_REACH = f"({_COMMUNITIES} IS NULL OR community_id = ANY({_COMMUNITIES}))"

# Residents see the events where they live; the desk itself counts places for whoever signs up.
_EVENT = f"""{in_tenant()} AND CASE
    WHEN {_ROLE} = 'resident' THEN community_id IN (SELECT units.community_id FROM units WHERE units.id = ANY({_UNITS}))
    WHEN {_ROLE} IN ('crew', 'dispatcher', 'manager', 'admin') THEN {_IN_REACH}
    ELSE false END"""
_ANNOUNCED = f"{in_tenant()} AND {_ROLE} IN ('dispatcher', 'manager') AND {_IN_REACH}"
_OWN = f"""{in_tenant()} AND CASE
    WHEN {_ROLE} = 'resident' THEN person_id = {_PERSON}
    WHEN {_ROLE} IN ('dispatcher', 'manager') THEN {_IN_REACH}
    ELSE false END"""
_PLACE = f"{in_tenant()} AND ({_ROLE} = 'system' OR {_OWN})"
# Nobody confirms their own hours.
_HOURS = f"{_OWN} AND ({_ROLE} <> 'resident' OR state = 'recorded')"


def upgrade() -> None:
    """Create the tables and say who may do what with them."""
    _create()
    for statement in _security():
        op.execute(statement)


def _security() -> list[str]:
    written = "SELECT, INSERT, UPDATE"
    return [
        *protect("tickets", "gatherings", _EVENT, check=_ANNOUNCED, web=written, worker="SELECT"),
        *protect("tickets", "sign_ups", _PLACE, web=written, worker="SELECT, UPDATE, DELETE"),
        *protect("tickets", "volunteers", _OWN, web=f"{written}, DELETE", worker="SELECT, DELETE"),
        *protect("tickets", "volunteer_hours", _OWN, check=_HOURS, web=written, worker="SELECT, UPDATE, DELETE"),
    ]


def _create() -> None:
    op.create_table(
        "gatherings",
        sa.Column("id", sa.UUID(as_uuid=False), nullable=False),
        sa.Column("organisation_id", sa.UUID(as_uuid=False), nullable=False),
        sa.Column("community_id", sa.UUID(as_uuid=False), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("location", sa.Text(), nullable=False),
        sa.Column("need_level", sa.SmallInteger(), nullable=False),
        sa.Column("starts_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("sign_up_until", sa.DateTime(timezone=True), nullable=False),
        sa.Column("capacity", sa.Integer(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("created_by", sa.UUID(as_uuid=False), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint("state IN ('open', 'cancelled')", name=op.f("ck_gatherings_state_known")),
        sa.CheckConstraint("capacity BETWEEN 1 AND 10000", name=op.f("ck_gatherings_holds_somebody")),
        sa.CheckConstraint("need_level IN (3, 4, 5)", name=op.f("ck_gatherings_above_the_basic_needs")),
        sa.CheckConstraint("starts_at < ends_at AND sign_up_until <= starts_at", name=op.f("ck_gatherings_in_order")),
        sa.ForeignKeyConstraint(["community_id"], ["communities.id"], name=op.f("fk_gatherings_community_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_gatherings")),
    )
    op.create_index("ix_gatherings_page", "gatherings", ["organisation_id", "starts_at", "id"], unique=False)
    op.create_table(
        "sign_ups",
        sa.Column("gathering_id", sa.UUID(as_uuid=False), nullable=False),
        sa.Column("person_id", sa.UUID(as_uuid=False), nullable=False),
        sa.Column("organisation_id", sa.UUID(as_uuid=False), nullable=False),
        sa.Column("community_id", sa.UUID(as_uuid=False), nullable=False),
        sa.Column("place", sa.Text(), nullable=False),
        sa.Column("turn", sa.UUID(as_uuid=False), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("attended", sa.Boolean(), nullable=True),
        sa.Column("marked_by", sa.UUID(as_uuid=False), nullable=True),
        sa.CheckConstraint("place IN ('coming', 'waiting', 'withdrawn')", name=op.f("ck_sign_ups_place_known")),
        sa.ForeignKeyConstraint(["community_id"], ["communities.id"], name=op.f("fk_sign_ups_community_id")),
        sa.ForeignKeyConstraint(["gathering_id"], ["gatherings.id"], name=op.f("fk_sign_ups_gathering_id")),
        sa.PrimaryKeyConstraint("gathering_id", "person_id", name=op.f("pk_sign_ups")),
    )
    op.create_index(
        op.f("ix_sign_ups_gathering_id_place_turn"), "sign_ups", ["gathering_id", "place", "turn"], unique=False
    )
    op.create_table(
        "volunteers",
        sa.Column("person_id", sa.UUID(as_uuid=False), nullable=False),
        sa.Column("organisation_id", sa.UUID(as_uuid=False), nullable=False),
        sa.Column("community_id", sa.UUID(as_uuid=False), nullable=False),
        sa.Column("skills", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("offered_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("cardinality(skills) > 0", name=op.f("ck_volunteers_offers_something")),
        sa.ForeignKeyConstraint(["community_id"], ["communities.id"], name=op.f("fk_volunteers_community_id")),
        sa.PrimaryKeyConstraint("person_id", name=op.f("pk_volunteers")),
    )
    op.create_index(
        op.f("ix_volunteers_organisation_id_person_id"), "volunteers", ["organisation_id", "person_id"], unique=False
    )
    op.create_table(
        "volunteer_hours",
        sa.Column("id", sa.UUID(as_uuid=False), nullable=False),
        sa.Column("organisation_id", sa.UUID(as_uuid=False), nullable=False),
        sa.Column("community_id", sa.UUID(as_uuid=False), nullable=False),
        sa.Column("person_id", sa.UUID(as_uuid=False), nullable=False),
        sa.Column("gathering_id", sa.UUID(as_uuid=False), nullable=True),
        sa.Column("on_date", sa.Date(), nullable=False),
        sa.Column("minutes", sa.SmallInteger(), nullable=False),
        sa.Column("what", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("recorded_by", sa.UUID(as_uuid=False), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("decided_by", sa.UUID(as_uuid=False), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "(state = 'recorded') = (decided_at IS NULL)", name=op.f("ck_volunteer_hours_decided_by_somebody")
        ),
        sa.CheckConstraint(
            "state IN ('recorded', 'confirmed', 'declined')", name=op.f("ck_volunteer_hours_state_known")
        ),
        sa.CheckConstraint("minutes BETWEEN 1 AND 1440", name=op.f("ck_volunteer_hours_within_a_day")),
        sa.ForeignKeyConstraint(["community_id"], ["communities.id"], name=op.f("fk_volunteer_hours_community_id")),
        sa.ForeignKeyConstraint(["gathering_id"], ["gatherings.id"], name=op.f("fk_volunteer_hours_gathering_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_volunteer_hours")),
    )
    op.create_index(
        op.f("ix_volunteer_hours_organisation_id_id"), "volunteer_hours", ["organisation_id", "id"], unique=False
    )
    op.create_index(op.f("ix_volunteer_hours_person_id"), "volunteer_hours", ["person_id"], unique=False)
