"""What the desk corrected is found by when it did."""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the index by which a report finds the corrected tickets of its period."""
    op.create_index(
        "ix_history_overrides", "history", ["organisation_id", "at"], postgresql_where=sa.text("action = 'override'")
    )
