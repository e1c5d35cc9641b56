"""Erasing a resident: a log of it, and comments that go only while a logged erasure is under way."""

from alembic import op

from services.kit.migrate import erasures

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

_SAID = ("answers", "campaign_answers")


def upgrade() -> None:
    """Create the log, and let the worker take comments away under the guard."""
    for statement in [
        *erasures("surveys", *_SAID),
        *(f"GRANT UPDATE (comment) ON {table} TO doorstep_surveys_worker" for table in _SAID),
    ]:
        op.execute(statement)
