"""What a phone told later is found by when it was heard of."""

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the index by which the report on acts told later finds those of its period."""
    op.create_index("ix_history_acts", "history", ["organisation_id", "at"], postgresql_where=sa.text("data ? 'acted'"))
