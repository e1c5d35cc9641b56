"""Spots with codes to scan, and visitors without an account who report what they find there."""

import sqlalchemy as sa
from alembic import op

from services.kit.migrate import in_tenant, protect

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None

_ROLE = "(SELECT current_setting('doorstep.role', true))"
# The cast outside changes nothing, but makes it an array to look into rather than a query to look through.
_COMMUNITIES = (
    "(SELECT string_to_array(NULLIF(current_setting('doorstep.communities', true), ''), ',')::uuid[])::uuid[]"
)
_TENANT = "organisation_id = (SELECT NULLIF(current_setting('doorstep.organisation', true), '')::uuid)"
_PERSON = "(SELECT NULLIF(current_setting('doorstep.person', true), '')::uuid)"
_UNITS = "(SELECT string_to_array(NULLIF(current_setting('doorstep.units', true), ''), ',')::uuid[])::uuid[]"
_STAFF = "('crew', 'dispatcher', 'manager', 'admin')"
_IN_REACH = f"({_COMMUNITIES} IS NULL OR community_id = ANY({_COMMUNITIES}))"
# As before; and whoever scanned a code sees what is going on at the spots of that one community, and writes what people
# without an account filed there.
_THEIRS = " AND channel = 'qr'"
_TICKET = f"""{_TENANT} AND CASE
    WHEN {_ROLE} = 'resident' THEN requester_id = {_PERSON} OR (unit_id = ANY({_UNITS}) AND work_type <> 'internal')
    WHEN {_ROLE} IN {_STAFF} THEN {_COMMUNITIES} IS NULL OR community_id = ANY({_COMMUNITIES})
    WHEN {_ROLE} = 'visitor' THEN spot_id IS NOT NULL AND community_id = ANY({_COMMUNITIES}){{and_theirs}}
    ELSE false END"""
# What no policy kept from a role it did not know.
_NOT_FOR_VISITORS = (
    "people", "units", "remarks", "refilings", "households", "household_equipment", "household_circumstances",
    "household_views", "place_changes",
)  # fmt: skip
_CONTACT = f"""{_TENANT} AND sees_ticket(ticket_id) AND CASE
    WHEN {_ROLE} = 'crew' THEN EXISTS (SELECT FROM tickets WHERE id = ticket_id AND owner_id = {_PERSON})
    ELSE {_ROLE} IN ('dispatcher', 'manager', 'visitor') END"""
# A code tells whose it is: nobody has said yet in which organisation they are.
_BEHIND = """
CREATE FUNCTION spot_behind(wanted text) RETURNS TABLE (organisation_id uuid, community_id uuid)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    SELECT organisation_id, community_id FROM public.spots WHERE code = wanted AND closed_at IS NULL
$$
"""


def upgrade() -> None:
    """Create the tables, let a ticket say at which spot it was filed, and say who may do what."""
    op.create_table(
        "spots",
        sa.Column("id", sa.UUID(as_uuid=False), nullable=False),
        sa.Column("organisation_id", sa.UUID(as_uuid=False), nullable=False),
        sa.Column("community_id", sa.UUID(as_uuid=False), nullable=False),
        sa.Column("building_id", sa.UUID(as_uuid=False), nullable=True),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("name_en", sa.Text(), nullable=True),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("shared", sa.Boolean(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.CheckConstraint(
            "kind IN ('lift', 'door', 'gate', 'garage', 'corridor', 'stairs', 'roof', 'garden', 'playground', 'room',"
            " 'other')",
            name=op.f("ck_spots_kind_known"),
        ),
        sa.ForeignKeyConstraint(["building_id"], ["buildings.id"], name=op.f("fk_spots_building_id")),
        sa.ForeignKeyConstraint(["community_id"], ["communities.id"], name=op.f("fk_spots_community_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_spots")),
        sa.UniqueConstraint("code", name=op.f("uq_spots_code")),
    )
    op.create_index(op.f("ix_spots_community_id"), "spots", ["community_id"])
    op.create_table(
        "visitor_contacts",
        sa.Column("ticket_id", sa.UUID(as_uuid=False), nullable=False),
        sa.Column("organisation_id", sa.UUID(as_uuid=False), nullable=False),
        sa.Column("phone", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["ticket_id"], ["tickets.id"], name=op.f("fk_visitor_contacts_ticket_id")),
        sa.PrimaryKeyConstraint("ticket_id", name=op.f("pk_visitor_contacts")),
    )
    op.add_column("tickets", sa.Column("spot_id", sa.UUID(as_uuid=False), nullable=True))
    op.create_foreign_key(op.f("fk_tickets_spot_id"), "tickets", "spots", ["spot_id"], ["id"])
    op.create_index(
        "ix_tickets_spot", "tickets", ["spot_id", "filed_at"], postgresql_where=sa.text("spot_id IS NOT NULL")
    )
    for statement in _security():
        op.execute(statement)


def _security() -> list[str]:
    written = f"{in_tenant()} AND {_ROLE} IN ('manager', 'admin') AND {_IN_REACH}"
    return [
        *protect(
            "tickets", "spots", f"{_TENANT} AND ({_ROLE} <> 'visitor' OR community_id = ANY({_COMMUNITIES}))",
            check=written, web="SELECT, INSERT, UPDATE", worker="SELECT",
        ),
        *protect(
            "tickets", "visitor_contacts", _CONTACT, check=f"{_TENANT} AND {_ROLE} = 'visitor'",
            web="SELECT, INSERT, DELETE", worker="SELECT, DELETE",
        ),
        "CREATE POLICY visitor_contacts_removal ON visitor_contacts AS RESTRICTIVE FOR DELETE TO doorstep_tickets"
        f" USING ({_ROLE} = 'visitor')",
        f"ALTER POLICY tickets_web ON tickets USING ({_TICKET.format(and_theirs='')})"
        f" WITH CHECK ({_TICKET.format(and_theirs=_THEIRS)})",
        *(
            f"CREATE POLICY {table}_not_for_visitors ON {table} AS RESTRICTIVE FOR SELECT TO doorstep_tickets"
            f" USING ({_ROLE} <> 'visitor')"
            for table in _NOT_FOR_VISITORS
        ),
        # The tables' owner is held to the policies too, and the function looks for it.
        "CREATE POLICY spots_owner ON spots FOR SELECT TO CURRENT_USER USING (true)",
        _BEHIND,
        "REVOKE ALL ON FUNCTION spot_behind(text) FROM PUBLIC",
        "GRANT EXECUTE ON FUNCTION spot_behind(text) TO doorstep_tickets",
    ]  # fmt: skip
