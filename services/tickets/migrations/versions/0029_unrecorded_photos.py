"""Files of photos are noted for removal before they are stored, so that one that is never recorded goes again."""

import sqlalchemy as sa
from alembic import op

from services.kit.migrate import grant, in_tenant

revision = "0029"
down_revision = "0028"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add when a file may be removed, and let the web role note its own organisation's."""
    op.add_column(
        "photo_removals",
        sa.Column("not_before", sa.DateTime(timezone=True), nullable=False, server_default=sa.func.now()),
    )
    op.execute(f"ALTER POLICY photo_removals_web ON photo_removals USING ({in_tenant()}) WITH CHECK ({in_tenant()})")
    for statement in grant("tickets", "photo_removals", web="SELECT, INSERT, DELETE", worker=""):
        op.execute(statement)
