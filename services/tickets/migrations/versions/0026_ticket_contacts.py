"""The number to call about a report may be left by residents too, and by the desk for them."""

from alembic import op

from services.kit.migrate import in_tenant

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None

_ROLE = "(SELECT current_setting('doorstep.role', true))"
_PERSON = "(SELECT NULLIF(current_setting('doorstep.person', true), '')::uuid)"
_OWN = f"EXISTS (SELECT FROM tickets WHERE id = ticket_id AND requester_id = {_PERSON})"
_SEEN = f"""{in_tenant()} AND sees_ticket(ticket_id) AND CASE
    WHEN {_ROLE} = 'crew' THEN EXISTS (SELECT FROM tickets WHERE id = ticket_id AND owner_id = {_PERSON})
    WHEN {_ROLE} = 'resident' THEN {_OWN}
    ELSE {_ROLE} IN ('dispatcher', 'manager', 'visitor') END"""
_CHANGED = f"""{in_tenant()} AND sees_ticket(ticket_id) AND CASE
    WHEN {_ROLE} = 'resident' THEN {_OWN}
    ELSE {_ROLE} IN ('dispatcher', 'manager', 'visitor') END"""


def upgrade() -> None:
    """Rename the table after what it holds now, and say who may read and write it."""
    op.rename_table("visitor_contacts", "ticket_contacts")
    for statement in (
        "ALTER TABLE ticket_contacts RENAME CONSTRAINT pk_visitor_contacts TO pk_ticket_contacts",
        "ALTER TABLE ticket_contacts RENAME CONSTRAINT fk_visitor_contacts_ticket_id TO fk_ticket_contacts_ticket_id",
        "ALTER POLICY visitor_contacts_web ON ticket_contacts RENAME TO ticket_contacts_web",
        "ALTER POLICY visitor_contacts_worker ON ticket_contacts RENAME TO ticket_contacts_worker",
        f"ALTER POLICY ticket_contacts_web ON ticket_contacts USING ({_SEEN}) WITH CHECK ({_CHANGED})",
        "DROP POLICY visitor_contacts_removal ON ticket_contacts",
        f"CREATE POLICY ticket_contacts_removal ON ticket_contacts AS RESTRICTIVE FOR DELETE TO doorstep_tickets"
        f" USING ({_CHANGED})",
    ):
        op.execute(statement)
