"""Internal work stays among staff, also where it is about somebody's home; and a role nobody knows sees nothing."""

from alembic import op

from services.kit.migrate import in_tenant

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_ROLE = "current_setting('doorstep.role', true)"
_PERSON = "NULLIF(current_setting('doorstep.person', true), '')::uuid"
_COMMUNITIES = "string_to_array(NULLIF(current_setting('doorstep.communities', true), ''), ',')::uuid[]"
_UNITS = "string_to_array(NULLIF(current_setting('doorstep.units', true), ''), ',')::uuid[]"

# A resident sees what they filed and what concerns their home; staff see their communities, or all without a limit.
_TICKET = f"""{in_tenant()} AND CASE
    WHEN {_ROLE} = 'resident'
        THEN requester_id = {_PERSON} OR (unit_id = ANY({_UNITS}) AND work_type <> 'internal')
    WHEN {_ROLE} IN ('crew', 'dispatcher', 'manager', 'admin')
        THEN {_COMMUNITIES} IS NULL OR community_id = ANY({_COMMUNITIES})
    ELSE false END"""


def upgrade() -> None:
    """Say anew which tickets the web role sees; what belongs to a ticket follows it."""
    op.execute(f"ALTER POLICY tickets_web ON tickets USING ({_TICKET}) WITH CHECK ({_TICKET})")
