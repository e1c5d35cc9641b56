"""Erasing a resident: a log of it, and comments that go only while a logged erasure is under way."""

from alembic import op

from services.kit import erasures

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

_SAID = ("answers", "campaign_answers")


def upgrade() -> None:
    """Create the log, and let the worker take comments away under the guard."""
    erasures.create_table()
    for statement in [
        *erasures.statements("surveys", *_SAID),
        *(f"GRANT UPDATE (comment) ON {table} TO doorstep_surveys_worker" for table in _SAID),
    ]:
        op.execute(statement)
