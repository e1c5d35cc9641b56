"""A ticket says when both sides are reminded of the visit that they agreed to."""

import sqlalchemy as sa
from alembic import op

revision = "0031"
down_revision = "0030"
branch_labels = None
depends_on = None


# As for what is agreed from now on: at 18:00 on the day before, or two hours before.
AGREED_BEFORE = """
UPDATE tickets SET remind_at = CASE WHEN evening > now() THEN evening ELSE agreed_from - interval '2 hours' END
FROM (
    SELECT tickets.id AS agreed,
        (date_trunc('day', agreed_from AT TIME ZONE timezone) - interval '6 hours') AT TIME ZONE timezone AS evening
    FROM tickets JOIN communities ON communities.id = community_id WHERE agreed_from > now() + interval '2 hours'
) AS visits WHERE id = agreed
"""


def upgrade() -> None:
    """Add the moment, which both roles change, and find what is due by it."""
    op.add_column("tickets", sa.Column("remind_at", sa.DateTime(timezone=True), nullable=True))
    for role in ("doorstep_tickets", "doorstep_tickets_worker"):
        op.execute(f"GRANT UPDATE (remind_at) ON tickets TO {role}")
    op.create_index("ix_tickets_remind", "tickets", ["remind_at"], postgresql_where=sa.text("remind_at IS NOT NULL"))
    for table in ("tickets", "communities"):
        op.execute(f"ALTER TABLE {table} NO FORCE ROW LEVEL SECURITY")
    op.execute(AGREED_BEFORE)
    for table in ("tickets", "communities"):
        op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
