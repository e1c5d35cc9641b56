"""Erasing a person: a log of the passes over what they were told."""

from alembic import op

from services.kit import erasures

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the log; contacts, notices and deliveries are the worker's to change already."""
    erasures.create_table()
    for statement in erasures.statements("notify"):
        op.execute(statement)
