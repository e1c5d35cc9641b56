"""Lets the worker take the words off plans and rounds when the person they were for is erased."""

from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Grant the columns that hold words, and no others."""
    for columns, table in (
        ("name, instruction", "plan_checkpoints"),
        ("name, instruction, note", "ticket_checkpoints"),
    ):
        op.execute(f"GRANT UPDATE ({columns}) ON {table} TO doorstep_tickets_worker")
