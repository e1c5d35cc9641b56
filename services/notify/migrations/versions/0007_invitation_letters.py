"""Letters that carry somebody's way into their account."""

import sqlalchemy as sa
from alembic import op

from services.kit.migrate import in_tenant, protect

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

_UUID = sa.UUID(as_uuid=False)
_MOMENT = sa.DateTime(timezone=True)
# Whoever looks after accounts has letters sent; what became of one is theirs to know, the link in none of its rows.
_DESK = f"{in_tenant()} AND current_setting('doorstep.role', true) IN ('admin', 'manager')"


def upgrade() -> None:
    """Create the table."""
    op.create_table(
        "invitation_letters",
        sa.Column("invitation_id", _UUID, nullable=False),
        sa.Column("organisation_id", _UUID, nullable=False),
        sa.Column("person_id", _UUID, nullable=False),
        sa.Column("address", sa.Text()),
        sa.Column("locale", sa.Text(), nullable=False),
        sa.Column("purpose", sa.Text(), nullable=False),
        sa.Column("asked_by", _UUID, nullable=False),
        sa.Column("created_at", _MOMENT, nullable=False),
        sa.Column("expires_at", _MOMENT, nullable=False),
        sa.Column("attempts", sa.Integer(), server_default="0", nullable=False),
        sa.Column("next_attempt_at", _MOMENT),
        sa.Column("sent_at", _MOMENT),
        sa.CheckConstraint("purpose IN ('join', 'reset')", name=op.f("ck_invitation_letters_purpose_known")),
        sa.CheckConstraint(
            "next_attempt_at IS NULL OR address IS NOT NULL", name=op.f("ck_invitation_letters_due_has_an_address")
        ),
        sa.PrimaryKeyConstraint("invitation_id", name=op.f("pk_invitation_letters")),
    )
    op.create_index(
        "ix_invitation_letters_due",
        "invitation_letters",
        ["next_attempt_at"],
        postgresql_where=sa.text("next_attempt_at IS NOT NULL"),
    )
    every = "SELECT, INSERT, UPDATE, DELETE"
    for statement in protect("notify", "invitation_letters", _DESK, web="SELECT, INSERT, UPDATE", worker=every):
        op.execute(statement)
