"""Other systems hear of a ticket in the order in which it happened, and what was sent to them is kept for a time."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

_TABLE = "webhook_deliveries"


def upgrade() -> None:
    """Say of each delivery which ticket it is about, at which version, and when it came."""
    op.add_column(_TABLE, sa.Column("ticket_id", sa.UUID(as_uuid=False)))
    op.add_column(_TABLE, sa.Column("ticket_version", sa.Integer()))
    op.add_column(_TABLE, sa.Column("position", sa.BigInteger(), sa.Identity(always=True), nullable=False))
    # The tables' owner is held to the policies too.
    op.execute(f"ALTER TABLE {_TABLE} NO FORCE ROW LEVEL SECURITY")
    op.execute(
        f"UPDATE {_TABLE} SET ticket_id = (payload->'data'->>'ticket_id')::uuid,"
        " ticket_version = (payload->'data'->>'version')::int"
    )
    op.execute(f"ALTER TABLE {_TABLE} FORCE ROW LEVEL SECURITY")
    queued = sa.text("state = 'queued'")
    op.create_index(
        "ix_webhook_deliveries_order",
        _TABLE,
        ["webhook_id", "ticket_id", "ticket_version", "position"],
        postgresql_where=queued,
    )
    op.create_index("ix_webhook_deliveries_old", _TABLE, ["created_at"], postgresql_where=sa.text("state <> 'queued'"))
