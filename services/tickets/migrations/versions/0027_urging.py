"""A ticket counts how often its household asked to hurry, and remembers when it did last."""

import sqlalchemy as sa
from alembic import op

revision = "0027"
down_revision = "0026"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the count and the moment, which both roles change."""
    op.add_column("tickets", sa.Column("urges", sa.SmallInteger(), nullable=False, server_default="0"))
    op.add_column("tickets", sa.Column("urged_at", sa.DateTime(timezone=True), nullable=True))
    for role in ("doorstep_tickets", "doorstep_tickets_worker"):
        op.execute(f"GRANT UPDATE (urges, urged_at) ON tickets TO {role}")
