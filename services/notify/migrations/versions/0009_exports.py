"""Who took a report out as a table."""

from alembic import op

from services.kit import exports

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the record."""
    for statement in exports.statements("notify"):
        op.execute(statement)
