"""Erasing a resident: who was erased, by whom and why, and a log of the passes over what is kept beside accounts."""

import sqlalchemy as sa
from alembic import op

from services.kit.migrate import erasures, in_tenant, protect

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_UUID = sa.UUID(as_uuid=False)
_MOMENT = sa.DateTime(timezone=True)
_ADMIN = f"{in_tenant()} AND current_setting('doorstep.role', true) = 'admin'"


def upgrade() -> None:
    """Create the two logs, which are only ever added to."""
    op.add_column("accounts", sa.Column("erased_at", _MOMENT, nullable=True))
    op.create_table(
        "erasures",
        sa.Column("id", _UUID, nullable=False),
        sa.Column("organisation_id", _UUID, nullable=False),
        sa.Column("account_id", _UUID, nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("requested_by", _UUID, nullable=False),
        sa.Column("at", _MOMENT, nullable=False),
        sa.CheckConstraint(
            "reason IN ('requested', 'moved_out', 'retention_over', 'unlawful')", name=op.f("ck_erasures_reason")
        ),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name=op.f("fk_erasures_account_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_erasures")),
        sa.UniqueConstraint("account_id", name=op.f("uq_erasures_account_id")),
    )
    op.create_index(op.f("ix_erasures_organisation_id_id"), "erasures", ["organisation_id", "id"])
    for statement in [
        *protect("gateway", "erasures", _ADMIN, web="SELECT, INSERT", worker="SELECT, INSERT"),
        *erasures("gateway"),
        """CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            RAISE EXCEPTION '% is append-only', TG_TABLE_NAME USING ERRCODE = 'insufficient_privilege';
        END $$""",
        "CREATE TRIGGER erasures_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON erasures"
        " FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()",
    ]:
        op.execute(statement)
