"""Who took a report out as a table."""

from alembic import op

from services.kit import exports

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the record."""
    for statement in exports.statements("surveys"):
        op.execute(statement)
