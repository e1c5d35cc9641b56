"""Remembers, as digests, addresses that were somebody's, so that an erasure finds the letters sent from them."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column; the table's grants cover it."""
    op.add_column("addresses", sa.Column("former", postgresql.ARRAY(sa.Text()), server_default="{}", nullable=False))
