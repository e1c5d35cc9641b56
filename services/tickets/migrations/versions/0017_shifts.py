"""Shifts of the crews, and the days they do not take place."""

import sqlalchemy as sa
from alembic import op

from services.kit.migrate import in_tenant, protect

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

_ID = sa.UUID(as_uuid=False)
# In a subquery each, so that they are asked once a statement and not once a row.
_ROLE = "(SELECT current_setting('doorstep.role', true))"
_COMMUNITIES = (
    "(SELECT string_to_array(NULLIF(current_setting('doorstep.communities', true), ''), ',')::uuid[])::uuid[]"
)
_IN_REACH = f"({_COMMUNITIES} IS NULL OR community_id = ANY({_COMMUNITIES}))"
# Colleagues see who is there; `system` asks whom an emergency is told to.
_SEEN = f"{in_tenant()} AND {_ROLE} IN ('crew', 'dispatcher', 'manager', 'admin', 'system') AND {_IN_REACH}"
_PLANNED = f"{in_tenant()} AND {_ROLE} IN ('manager', 'admin') AND {_IN_REACH}"
_OF_SHIFT = f"{in_tenant()} AND EXISTS (SELECT FROM shifts WHERE shifts.id = shift_id)"


def upgrade() -> None:
    """Create the tables and say who may do what with them."""
    op.create_table(
        "shifts",
        sa.Column("id", _ID, nullable=False),
        sa.Column("organisation_id", _ID, nullable=False),
        sa.Column("community_id", _ID, nullable=False),
        sa.Column("person_id", _ID, nullable=False),
        sa.Column("first_on", sa.Date(), nullable=False),
        sa.Column("last_on", sa.Date()),
        sa.Column("begins", sa.Time(), nullable=False),
        sa.Column("ends", sa.Time(), nullable=False),
        sa.Column("rrule", sa.Text()),
        sa.Column("changed_by", _ID, nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint("last_on >= first_on", name=op.f("ck_shifts_ends_after_it_begins")),
        sa.ForeignKeyConstraint(["community_id"], ["communities.id"], name=op.f("fk_shifts_community_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_shifts")),
    )
    op.create_index(op.f("ix_shifts_organisation_id_community_id"), "shifts", ["organisation_id", "community_id"])
    op.create_table(
        "days_off",
        sa.Column("shift_id", _ID, nullable=False),
        sa.Column("on_date", sa.Date(), nullable=False),
        sa.Column("organisation_id", _ID, nullable=False),
        sa.Column("noted_by", _ID, nullable=False),
        sa.Column("noted_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["shift_id"], ["shifts.id"], name=op.f("fk_days_off_shift_id")),
        sa.PrimaryKeyConstraint("shift_id", "on_date", name=op.f("pk_days_off")),
    )
    for statement in _security():
        op.execute(statement)


def _security() -> list[str]:
    every = "SELECT, INSERT, UPDATE, DELETE"
    return [
        *protect("tickets", "shifts", _SEEN, check=_PLANNED, web=every, worker="SELECT"),
        f"CREATE POLICY shifts_planned ON shifts AS RESTRICTIVE FOR DELETE TO doorstep_tickets USING ({_PLANNED})",
        f"CREATE POLICY shifts_changed ON shifts AS RESTRICTIVE FOR UPDATE TO doorstep_tickets USING ({_PLANNED})",
        *protect("tickets", "days_off", _OF_SHIFT, web="SELECT, INSERT, DELETE", worker="SELECT"),
        f"CREATE POLICY days_off_planned ON days_off AS RESTRICTIVE FOR DELETE TO doorstep_tickets"
        f" USING ({_ROLE} IN ('manager', 'admin'))",
        f"CREATE POLICY days_off_noted ON days_off AS RESTRICTIVE FOR INSERT TO doorstep_tickets"
        f" WITH CHECK ({_ROLE} IN ('manager', 'admin'))",
    ]
