"""A ticket says that its household objects to the waiting, and only a manager writes the terms of a community."""

import sqlalchemy as sa
from alembic import op

from services.kit.migrate import in_tenant

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

_ROLE = "current_setting('doorstep.role', true)"
_COMMUNITIES = "string_to_array(NULLIF(current_setting('doorstep.communities', true), ''), ',')::uuid[]"


def upgrade() -> None:
    """Add the moment of an objection, and check again in the database who writes terms, and for which community."""
    op.add_column("tickets", sa.Column("objected_at", sa.DateTime(timezone=True), nullable=True))
    manager = f"{in_tenant()} AND {_ROLE} = 'manager'"
    op.add_column("policies", sa.Column("community_id", sa.UUID(as_uuid=False), nullable=False))
    op.create_foreign_key(op.f("fk_policies_community_id"), "policies", "communities", ["community_id"], ["id"])
    for table, community in (("calendars", "community_id"), ("policies", "community_id"), ("communities", "id")):
        reach = f"{manager} AND ({_COMMUNITIES} IS NULL OR {community} = ANY({_COMMUNITIES}))"
        op.execute(f"ALTER POLICY {table}_web ON {table} WITH CHECK ({reach})")
