"""The desk sees how a household wants to be told: in which language, by which channels, and when not."""

import sqlalchemy as sa
from alembic import op

from services.kit.migrate import in_tenant, protect

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None

_ROLE = "current_setting('doorstep.role', true)"
_COMMUNITIES = "string_to_array(NULLIF(current_setting('doorstep.communities', true), ''), ',')::uuid[]"
# For the desk of the community where the person lives, and for nobody else.
_DESK = f"""{in_tenant()} AND {_ROLE} IN ('dispatcher', 'manager') AND ({_COMMUNITIES} IS NULL OR EXISTS (
    SELECT FROM people JOIN units ON units.id = ANY(people.unit_ids)
    WHERE people.id = resident_preferences.person_id AND units.community_id = ANY({_COMMUNITIES})))"""


def upgrade() -> None:
    """Create the table."""
    op.create_table(
        "resident_preferences",
        sa.Column("person_id", sa.UUID(as_uuid=False), nullable=False),
        sa.Column("organisation_id", sa.UUID(as_uuid=False), nullable=False),
        sa.Column("account_locale", sa.Text),
        sa.Column("account_revision", sa.Integer, nullable=False, server_default="-1"),
        sa.Column("locale", sa.Text),
        sa.Column("timezone", sa.Text),
        sa.Column("quiet_from", sa.Text),
        sa.Column("quiet_until", sa.Text),
        sa.Column("digest_at", sa.Text),
        sa.Column("channels", sa.ARRAY(sa.Text()), nullable=False, server_default="{}"),
        sa.Column("revision", sa.Integer, nullable=False, server_default="-1"),
        sa.PrimaryKeyConstraint("person_id", name=op.f("pk_resident_preferences")),
    )
    for statement in protect(
        "tickets", "resident_preferences", _DESK, web="SELECT", worker="SELECT, INSERT, UPDATE, DELETE"
    ):
        op.execute(statement)
