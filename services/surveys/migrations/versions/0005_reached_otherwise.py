"""A household that the desk spoke with about a job is not called about it once more."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the version of the ticket at which the desk last spoke with its household."""
    op.add_column("ticket_turns", sa.Column("reached_version", sa.Integer(), nullable=True))
