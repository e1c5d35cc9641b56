"""What is remembered about a home, with consent, and an append-only log of who looked at it."""

import sqlalchemy as sa
from alembic import op

from services.kit.migrate import in_tenant, protect, role_name

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

_ID = sa.UUID(as_uuid=False)
_MOMENT = sa.DateTime(timezone=True)
_ROLE = "current_setting('doorstep.role', true)"
_PERSON = "NULLIF(current_setting('doorstep.person', true), '')::uuid"
_COMMUNITIES = "string_to_array(NULLIF(current_setting('doorstep.communities', true), ''), ',')::uuid[]"
_UNITS = "string_to_array(NULLIF(current_setting('doorstep.units', true), ''), ',')::uuid[]"
_HELD = "'claimed', 'assigned', 'on_the_way', 'on_site', 'in_progress', 'waiting', 'reopened'"
_KINDS = (
    "'water_filter', 'water_heater', 'boiler', 'air_conditioner', 'ventilation', 'range_hood', 'smoke_alarm',"
    " 'gas_alarm', 'lock_battery', 'intercom', 'meter', 'other'"
)

# A household sees its own record, the desk those of its communities, a crew member one while they own an open job
# there. Filing by a crew member says so, for it takes over what makes the home's requests more pressing.
_RECORD = f"""{in_tenant()} AND CASE
    WHEN {_ROLE} = 'resident' THEN unit_id = ANY({_UNITS})
    WHEN {_ROLE} = 'crew' THEN {{crew}} EXISTS (SELECT FROM tickets WHERE tickets.unit_id = {{table}}.unit_id
        AND tickets.owner_id = {_PERSON} AND tickets.status IN ({_HELD}))
    WHEN {_ROLE} IN ('dispatcher', 'manager') THEN {_COMMUNITIES} IS NULL OR community_id = ANY({_COMMUNITIES})
    ELSE false END"""
_WRITTEN = f"""{in_tenant()} AND CASE
    WHEN {_ROLE} = 'resident' THEN unit_id = ANY({_UNITS})
    WHEN {_ROLE} IN ('dispatcher', 'manager') THEN {_COMMUNITIES} IS NULL OR community_id = ANY({_COMMUNITIES})
    ELSE false END"""
_LOOKS = f"""{in_tenant()} AND CASE
    WHEN {_ROLE} = 'resident' THEN unit_id = ANY({_UNITS})
    WHEN {_ROLE} = 'manager' THEN {_COMMUNITIES} IS NULL OR community_id = ANY({_COMMUNITIES})
    ELSE false END"""
_LOOK = f"{in_tenant()} AND viewer_id = {_PERSON} AND viewer_role = {_ROLE}"
_FILING = "current_setting('doorstep.filing', true) = 'on' OR"


def upgrade() -> None:
    """Create the tables and say who may do what with them."""
    _create()
    for statement in _security():
        op.execute(statement)


def _security() -> list[str]:
    every = "SELECT, INSERT, UPDATE, DELETE"
    return [
        *(
            statement
            for table, filing in (
                ("households", ""), ("household_circumstances", _FILING), ("household_equipment", ""),
            )
            for statement in protect(
                "tickets", table, _RECORD.format(table=table, crew=filing), check=_WRITTEN, web=every, worker=every
            )
        ),
        # Whom a policy lets see a row it lets delete it too, and the crew only looks.
        *(
            f"CREATE POLICY {table}_deleting ON {table} AS RESTRICTIVE FOR DELETE TO {role_name('tickets')}"
            f" USING ({_WRITTEN})"
            for table in ("households", "household_circumstances", "household_equipment")
        ),
        *protect("tickets", "household_views", _LOOKS, check=_LOOK, web="SELECT, INSERT", worker="SELECT"),
        "CREATE TRIGGER household_views_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON household_views"
        " FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()",
    ]  # fmt: skip


def _home(table: str) -> list[sa.Column | sa.ForeignKeyConstraint]:
    return [
        sa.Column("organisation_id", _ID, nullable=False),
        sa.Column("community_id", _ID, nullable=False),
        sa.Column("unit_id", _ID, nullable=False),
        sa.ForeignKeyConstraint(["community_id"], ["communities.id"], name=op.f(f"fk_{table}_community_id")),
        sa.ForeignKeyConstraint(["unit_id"], ["units.id"], name=op.f(f"fk_{table}_unit_id")),
    ]


def _create() -> None:
    op.create_table(
        "households",
        *_home("households"),
        sa.Column("salutation_zh", sa.Text(), nullable=True),
        sa.Column("salutation_en", sa.Text(), nullable=True),
        sa.Column("changed_by", _ID, nullable=False),
        sa.Column("changed_at", _MOMENT, nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("unit_id", name=op.f("pk_households")),
    )
    op.create_table(
        "household_circumstances",
        *_home("household_circumstances"),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("consented_by", _ID, nullable=False),
        sa.Column("consented_at", _MOMENT, nullable=False),
        sa.Column("recorded_by", _ID, nullable=False),
        sa.Column("until", _MOMENT, nullable=False),
        sa.CheckConstraint(
            "kind IN ('infant', 'elderly_alone', 'disability', 'illness')",
            name=op.f("ck_household_circumstances_kind_known"),
        ),
        sa.CheckConstraint("until > consented_at", name=op.f("ck_household_circumstances_ends_after_consent")),
        sa.PrimaryKeyConstraint("unit_id", "kind", name=op.f("pk_household_circumstances")),
    )
    op.create_table(
        "household_equipment",
        *_home("household_equipment"),
        sa.Column("id", _ID, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("model", sa.Text(), nullable=True),
        sa.Column("installed_on", sa.Date(), nullable=False),
        sa.Column("life_months", sa.SmallInteger(), nullable=False),
        sa.CheckConstraint(f"kind IN ({_KINDS})", name=op.f("ck_household_equipment_kind_known")),
        sa.CheckConstraint("life_months BETWEEN 1 AND 600", name=op.f("ck_household_equipment_life_is_a_while")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_household_equipment")),
    )
    op.create_index(op.f("ix_household_equipment_unit_id"), "household_equipment", ["unit_id"])
    op.create_table(
        "household_views",
        *_home("household_views"),
        sa.Column("id", _ID, nullable=False),
        sa.Column("viewer_id", _ID, nullable=False),
        sa.Column("viewer_role", sa.Text(), nullable=False),
        sa.Column("ticket_id", _ID, nullable=True),
        sa.Column("purpose", sa.Text(), nullable=True),
        sa.Column("at", _MOMENT, server_default=sa.text("clock_timestamp()"), nullable=False),
        sa.CheckConstraint(
            "(ticket_id IS NULL) <> (purpose IS NULL)", name=op.f("ck_household_views_looked_for_a_reason")
        ),
        sa.CheckConstraint(
            "purpose IN ('call', 'complaint', 'care_visit', 'planning', 'correction', 'own')",
            name=op.f("ck_household_views_purpose_known"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_household_views")),
    )
    op.create_index(op.f("ix_household_views_unit_id_id"), "household_views", ["unit_id", "id"])
