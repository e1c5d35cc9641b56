"""Who of the staff saw the telephone number to call about a report."""

import sqlalchemy as sa
from alembic import op

from services.kit.migrate import in_tenant, protect

revision = "0030"
down_revision = "0029"
branch_labels = None
depends_on = None

_ID = sa.UUID(as_uuid=False)
_ROLE = "(SELECT current_setting('doorstep.role', true))"
_PERSON = "(SELECT NULLIF(current_setting('doorstep.person', true), '')::uuid)"
_COMMUNITIES = (
    "(SELECT string_to_array(NULLIF(current_setting('doorstep.communities', true), ''), ',')::uuid[])::uuid[]"
)
_IN_REACH = f"({_COMMUNITIES} IS NULL OR community_id = ANY({_COMMUNITIES}))"
# Whoever looked sees that it is on record already; the record as a whole is the managers'.
_SEEN = f"{in_tenant()} AND (viewer_id = {_PERSON} OR ({_ROLE} = 'manager' AND {_IN_REACH}))"
# Everybody signs for themselves, and a resident sees nobody's number but their own.
_SIGNED = f"{in_tenant()} AND viewer_id = {_PERSON} AND viewer_role = {_ROLE} AND viewer_role <> 'resident'"


def upgrade() -> None:
    """Create the table, which is only added to."""
    op.create_table(
        "contact_views",
        sa.Column("id", _ID, nullable=False),
        sa.Column("organisation_id", _ID, nullable=False),
        sa.Column("community_id", _ID, nullable=False),
        sa.Column("ticket_id", _ID, nullable=False),
        sa.Column("viewer_id", _ID, nullable=False),
        sa.Column("viewer_role", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False),
        sa.ForeignKeyConstraint(["community_id"], ["communities.id"], name=op.f("fk_contact_views_community_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_contact_views")),
    )
    op.create_index(op.f("ix_contact_views_organisation_id_id"), "contact_views", ["organisation_id", "id"])
    op.create_index("ix_contact_views_seen", "contact_views", ["ticket_id", "viewer_id"])
    for statement in protect("tickets", "contact_views", _SEEN, check=_SIGNED, web="SELECT, INSERT", worker="SELECT"):
        op.execute(statement)
    op.execute(
        "CREATE TRIGGER contact_views_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON contact_views"
        " FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
    )
