"""A ticket says when both sides are reminded of the visit that they agreed to."""

import sqlalchemy as sa
from alembic import op

revision = "0031"
down_revision = "0030"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the moment, which both roles change, and find what is due by it."""
    op.add_column("tickets", sa.Column("remind_at", sa.DateTime(timezone=True), nullable=True))
    for role in ("doorstep_tickets", "doorstep_tickets_worker"):
        op.execute(f"GRANT UPDATE (remind_at) ON tickets TO {role}")
    op.create_index("ix_tickets_remind", "tickets", ["remind_at"], postgresql_where=sa.text("remind_at IS NOT NULL"))
