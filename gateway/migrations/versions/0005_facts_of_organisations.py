"""Facts of an organisation that its admins keep, and who changed which of them."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

from services.kit.migrate import in_tenant, protect, role_name

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

_UUID = sa.UUID(as_uuid=False)
_ADMIN = f"{in_tenant()} AND current_setting('doorstep.role', true) = 'admin'"
_FACTS = "name, name_en, locale, phone, emergency_phone, revision"


def upgrade() -> None:
    """Add the columns, which admins may write, and the record of changes, which is only ever added to."""
    for name in ("name_en", "phone", "emergency_phone"):
        op.add_column("organisations", sa.Column(name, sa.Text(), nullable=True))
    op.add_column("organisations", sa.Column("revision", sa.Integer(), server_default="1", nullable=False))
    op.create_table(
        "organisation_changes",
        sa.Column("id", _UUID, nullable=False),
        sa.Column("organisation_id", _UUID, nullable=False),
        sa.Column("author_id", _UUID, nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changes", JSONB(), nullable=False),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisations.id"], name=op.f("fk_organisation_changes_organisation_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_organisation_changes")),
    )
    op.create_index(
        op.f("ix_organisation_changes_organisation_id_id"), "organisation_changes", ["organisation_id", "id"]
    )
    for statement in [
        f"GRANT UPDATE ({_FACTS}) ON organisations TO {role_name('gateway')}",
        "CREATE POLICY organisations_admins ON organisations AS RESTRICTIVE FOR UPDATE"
        f" TO {role_name('gateway')} USING ({_ADMIN.replace('organisation_id', 'id', 1)})",
        *protect("gateway", "organisation_changes", _ADMIN, web="SELECT, INSERT", worker="SELECT"),
        "CREATE TRIGGER organisation_changes_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON organisation_changes"
        " FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()",
    ]:
        op.execute(statement)
