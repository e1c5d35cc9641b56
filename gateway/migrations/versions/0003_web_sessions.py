"""Browser sessions, found by the hash of the token in the cookie."""

import sqlalchemy as sa
from alembic import op

from services.kit.migrate import in_tenant, protect, role_name

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

_UUID = sa.UUID(as_uuid=False)
_MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Create the table."""
    op.create_table(
        "web_sessions",
        sa.Column("token_hash", sa.Text(), nullable=False),
        sa.Column("organisation_id", _UUID, nullable=False),
        sa.Column("account_id", _UUID, nullable=False),
        sa.Column("issued_at", _MOMENT, nullable=False),
        sa.Column("expires_at", _MOMENT, nullable=False),
        sa.Column("revoked_at", _MOMENT),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name=op.f("fk_web_sessions_account_id")),
        sa.PrimaryKeyConstraint("token_hash", name=op.f("pk_web_sessions")),
    )
    op.create_index(op.f("ix_web_sessions_account_id"), "web_sessions", ["account_id"])
    op.create_index(op.f("ix_web_sessions_expires_at"), "web_sessions", ["expires_at"])
    for statement in [
        *protect(
            "gateway",
            "web_sessions",
            in_tenant(),
            web="SELECT, INSERT, UPDATE",
            worker="SELECT, INSERT, UPDATE, DELETE",
        ),
        # A request comes with a token before anybody knows whose it is; its hash is named.
        f"CREATE POLICY web_sessions_holder ON web_sessions FOR SELECT TO {role_name('gateway')}"
        " USING (token_hash = NULLIF(current_setting('doorstep.token_hash', true), ''))",
    ]:
        op.execute(statement)
