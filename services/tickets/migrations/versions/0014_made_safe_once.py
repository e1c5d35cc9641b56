"""A ticket says since when nobody is in danger, so that the danger is taken away once and not again and again."""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

# What history tells of it: the first time since the ticket was last opened again.
_REMEMBER = """
UPDATE tickets SET made_safe_at = (
    SELECT min(told.at) FROM history AS told
    WHERE told.ticket_id = tickets.id AND told.action = 'make_safe' AND told.seq > coalesce((
        SELECT max(seq) FROM history WHERE ticket_id = tickets.id AND action = 'reopen'
    ), 0)
)
WHERE EXISTS (SELECT FROM history WHERE ticket_id = tickets.id AND action = 'make_safe')
"""


def upgrade() -> None:
    """Add the moment and fill it from history, which the tables' owner is held to the policies of otherwise."""
    op.add_column("tickets", sa.Column("made_safe_at", sa.DateTime(timezone=True), nullable=True))
    for table in ("tickets", "history"):
        op.execute(f"ALTER TABLE {table} NO FORCE ROW LEVEL SECURITY")
    op.execute(_REMEMBER)
    for table in ("tickets", "history"):
        op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
    for role in ("doorstep_tickets", "doorstep_tickets_worker"):
        op.execute(f"GRANT UPDATE (made_safe_at) ON tickets TO {role}")
