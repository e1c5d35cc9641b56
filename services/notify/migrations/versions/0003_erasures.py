"""Erasing a person: a log of the passes over what they were told."""

from alembic import op

from services.kit.migrate import erasures

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the log; contacts, notices and deliveries are the worker's to change already."""
    for statement in erasures("notify"):
        op.execute(statement)
