"""Each telephone rung asks for the calls to one person about one ticket."""

from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Find them without reading every call that was ever made."""
    op.create_index("ix_phone_tasks_person", "phone_tasks", ["person_id", "ticket_id"])
