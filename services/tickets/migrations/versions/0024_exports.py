"""Who took a case file, or a report as a table, out of the desk."""

import sqlalchemy as sa
from alembic import op

from services.kit.migrate import in_tenant, protect

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None

_ID = sa.UUID(as_uuid=False)
_ROLE = "(SELECT current_setting('doorstep.role', true))"
_PERSON = "(SELECT NULLIF(current_setting('doorstep.person', true), '')::uuid)"
_COMMUNITIES = (
    "(SELECT string_to_array(NULLIF(current_setting('doorstep.communities', true), ''), ',')::uuid[])::uuid[]"
)
# What was taken out of all communities concerns every manager.
_IN_REACH = f"({_COMMUNITIES} IS NULL OR community_id IS NULL OR community_id = ANY({_COMMUNITIES}))"
_SEEN = f"{in_tenant()} AND {_ROLE} IN ('manager', 'admin') AND {_IN_REACH}"
# Everybody signs for themselves.
_SIGNED = f"{in_tenant()} AND viewer_id = {_PERSON} AND viewer_role = {_ROLE}"


def upgrade() -> None:
    """Create the table, which is only added to."""
    op.create_table(
        "exports",
        sa.Column("id", _ID, nullable=False),
        sa.Column("organisation_id", _ID, nullable=False),
        sa.Column("community_id", _ID),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("ticket_id", _ID),
        sa.Column("report", sa.Text()),
        sa.Column("viewer_id", _ID, nullable=False),
        sa.Column("viewer_role", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False),
        sa.CheckConstraint("kind IN ('case_file', 'report')", name=op.f("ck_exports_kind_known")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_exports")),
    )
    op.create_index(op.f("ix_exports_organisation_id_id"), "exports", ["organisation_id", "id"])
    for statement in protect("tickets", "exports", _SEEN, check=_SIGNED, web="SELECT, INSERT", worker="SELECT"):
        op.execute(statement)
