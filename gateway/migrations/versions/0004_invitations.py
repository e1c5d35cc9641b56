"""Invitations: who may choose a password for an account, once and for a while."""

import sqlalchemy as sa
from alembic import op

from services.kit.migrate import in_tenant, protect, role_name

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

_UUID = sa.UUID(as_uuid=False)
_MOMENT = sa.DateTime(timezone=True)
_OPEN = "used_at IS NULL AND revoked_at IS NULL"
# Who looks after accounts, and whoever the invitation is for.
_CONCERNED = (
    f"{in_tenant()} AND (current_setting('doorstep.role', true) IN ('admin', 'manager')"
    " OR account_id = NULLIF(current_setting('doorstep.person', true), '')::uuid)"
)


def upgrade() -> None:
    """Create the table."""
    op.create_table(
        "invitations",
        sa.Column("id", _UUID, nullable=False),
        sa.Column("organisation_id", _UUID, nullable=False),
        sa.Column("account_id", _UUID, nullable=False),
        sa.Column("purpose", sa.Text(), nullable=False),
        sa.Column("made_by", _UUID, nullable=False),
        sa.Column("made_at", _MOMENT, nullable=False),
        sa.Column("expires_at", _MOMENT, nullable=False),
        sa.Column("sent_at", _MOMENT),
        sa.Column("used_at", _MOMENT),
        sa.Column("revoked_at", _MOMENT),
        sa.CheckConstraint("purpose IN ('join', 'reset')", name=op.f("ck_invitations_purpose")),
        sa.CheckConstraint("used_at IS NULL OR revoked_at IS NULL", name=op.f("ck_invitations_used_or_revoked")),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name=op.f("fk_invitations_account_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_invitations")),
    )
    op.create_index(op.f("ix_invitations_organisation_id_id"), "invitations", ["organisation_id", "id"])
    op.create_index("uq_invitations_open", "invitations", ["account_id"], unique=True, postgresql_where=sa.text(_OPEN))
    changes = "SELECT, INSERT, UPDATE (sent_at, used_at, revoked_at)"
    for statement in [
        *protect("gateway", "invitations", _CONCERNED, web=changes, worker=f"{changes}, DELETE"),
        # A link comes before anybody knows whose it is; the id that its seal vouches for is named.
        f"CREATE POLICY invitations_holder ON invitations FOR SELECT TO {role_name('gateway')}"
        " USING (id = NULLIF(current_setting('doorstep.invitation', true), '')::uuid)",
    ]:
        op.execute(statement)
