"""An organisation's catalogue has versions of its own, and a ticket says under which it was filed."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from services.kit.migrate import in_tenant, protect

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the versions, and the ticket's two columns, which a correction of its item may change."""
    op.create_table(
        "catalogue_versions",
        sa.Column("organisation_id", sa.UUID(as_uuid=False), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("document", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("changed", sa.ARRAY(sa.Text()), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("author_id", sa.UUID(as_uuid=False), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("organisation_id", "version", name=op.f("pk_catalogue_versions")),
    )
    op.add_column("tickets", sa.Column("catalogue_version", sa.Integer(), server_default="0", nullable=False))
    op.add_column("tickets", sa.Column("item_name", postgresql.JSONB(astext_type=sa.Text()), nullable=True))
    for role in ("doorstep_tickets", "doorstep_tickets_worker"):
        op.execute(f"GRANT UPDATE (catalogue_version, item_name) ON tickets TO {role}")
    # The catalogue is the whole organisation's, so whoever is kept to some communities does not write it.
    written = (
        f"{in_tenant()} AND current_setting('doorstep.role', true) IN ('manager', 'admin')"
        " AND NULLIF(current_setting('doorstep.communities', true), '') IS NULL"
    )
    for statement in protect(
        "tickets", "catalogue_versions", in_tenant(), check=written, web="SELECT, INSERT", worker="SELECT"
    ):
        op.execute(statement)
    op.execute(
        "CREATE TRIGGER catalogue_versions_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON catalogue_versions"
        " FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
    )
