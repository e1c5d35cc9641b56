"""Whoever chose how to hear of agreed visits hears in the same ways of reminders of them, which are new."""

from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

_FOLLOW = """
UPDATE contacts
SET channels = channels || jsonb_build_object('appointment.reminded', channels -> 'appointment.agreed')
WHERE jsonb_exists(channels, 'appointment.agreed') AND NOT jsonb_exists(channels, 'appointment.reminded')
"""


def upgrade() -> None:
    """Write the choice down; a topic that was chosen as a whole stays one."""
    op.execute("ALTER TABLE contacts NO FORCE ROW LEVEL SECURITY")
    op.execute(_FOLLOW)
    op.execute("ALTER TABLE contacts FORCE ROW LEVEL SECURITY")
