"""A complaint says which finished ticket it is about."""

import sqlalchemy as sa
from alembic import op

from services.kit.migrate import grant

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column, and let the worker file: an answer that comes by event opens the complaint."""
    op.add_column("tickets", sa.Column("about_ticket_id", sa.UUID(as_uuid=False), nullable=True))
    op.create_foreign_key(op.f("fk_tickets_about_ticket_id"), "tickets", "tickets", ["about_ticket_id"], ["id"])
    op.create_index(
        "ix_tickets_about",
        "tickets",
        ["about_ticket_id"],
        postgresql_where=sa.text("about_ticket_id IS NOT NULL"),
    )
    for statement in grant("tickets", "tickets", web="", worker="INSERT"):
        op.execute(statement)
