"""Erasing a resident: a log of it, and words and photos that go only while a logged erasure is under way."""

import sqlalchemy as sa
from alembic import op

from services.kit.migrate import erasures, grant, protect

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

_WORDS = ("remarks", "photos", "refilings")


def upgrade() -> None:
    """Create the log and the list of files to remove, and let the worker delete words under the guard."""
    op.create_table(
        "photo_removals",
        sa.Column("photo_id", sa.UUID(as_uuid=False), nullable=False),
        sa.Column("organisation_id", sa.UUID(as_uuid=False), nullable=False),
        sa.PrimaryKeyConstraint("photo_id", name=op.f("pk_photo_removals")),
    )
    for statement in [
        *erasures("tickets", *_WORDS),
        *(statement for table in _WORDS for statement in grant("tickets", table, web="", worker="DELETE")),
        *protect("tickets", "photo_removals", "false", web="", worker="SELECT, INSERT, DELETE"),
    ]:
        op.execute(statement)
