"""Places have codes and can be closed, changes to them are on record, and only an admin makes them."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from services.kit.migrate import in_tenant, protect

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

_ROLE = "(SELECT current_setting('doorstep.role', true))"
_COMMUNITIES = "string_to_array(NULLIF(current_setting('doorstep.communities', true), ''), ',')::uuid[]"
_TABLES = ("communities", "buildings", "units")
# As commands.places makes them; one that is taken gets the end of the place's id.
_NAMED = {
    "communities": "SELECT id, organisation_id, name AS wanted FROM communities",
    "buildings": "SELECT b.id, b.organisation_id, c.code || '-' || b.name AS wanted"
    " FROM buildings b JOIN communities c ON c.id = b.community_id",
    "units": "SELECT u.id, u.organisation_id, b.code || '-' || u.name AS wanted"
    " FROM units u JOIN buildings b ON b.id = u.building_id",
}


def upgrade() -> None:
    """Add the columns, give every place a code, and say who may write."""
    for table in _TABLES:
        op.add_column(table, sa.Column("code", sa.Text(), nullable=True))
        op.add_column(table, sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True))
        op.add_column(table, sa.Column("version", sa.Integer(), server_default="1", nullable=False))
    _give_codes()
    for table in _TABLES:
        op.alter_column(table, "code", nullable=False)
        op.create_unique_constraint(op.f(f"uq_{table}_organisation_id_code"), table, ["organisation_id", "code"])
    op.create_table(
        "place_changes",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("organisation_id", sa.UUID(as_uuid=False), nullable=False),
        sa.Column("community_id", sa.UUID(as_uuid=False), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("place_id", sa.UUID(as_uuid=False), nullable=False),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("data", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("author_id", sa.UUID(as_uuid=False), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_place_changes")),
    )
    op.create_index(op.f("ix_place_changes_organisation_id_id"), "place_changes", ["organisation_id", "id"])
    for statement in _security():
        op.execute(statement)


def _reach(community: str) -> str:
    return f"({_COMMUNITIES} IS NULL OR {community} = ANY({_COMMUNITIES}))"


def _give_codes() -> None:
    """Write a code for every organisation's places: the tables' owner is held to their policies otherwise."""
    for table in _TABLES:
        op.execute(f"ALTER TABLE {table} NO FORCE ROW LEVEL SECURITY")
    for table, named in _NAMED.items():
        op.execute(
            f"WITH named AS ({named}), ranked AS (SELECT id, left(regexp_replace(wanted, '\\s+', '-', 'g'), 100) AS code,"
            " row_number() OVER (PARTITION BY organisation_id, left(regexp_replace(wanted, '\\s+', '-', 'g'), 100)"
            " ORDER BY id) AS turn FROM named)"
            f" UPDATE {table} SET code = ranked.code || CASE WHEN turn = 1 THEN '' ELSE '-' || right({table}.id::text, 12)"
            f" END FROM ranked WHERE ranked.id = {table}.id"
        )
    for table in _TABLES:
        op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")


def _security() -> list[str]:
    tenant = in_tenant()
    by_admin = f"{tenant} AND {_ROLE} = 'admin' AND {_reach('community_id')}"
    return [
        # Terms are the managers' to write, and stand in the community's own row; an admin writes the first of them.
        f"ALTER POLICY communities_web ON communities"
        f" WITH CHECK ({tenant} AND {_ROLE} IN ('manager', 'admin') AND {_reach('id')})",
        f"ALTER POLICY calendars_web ON calendars WITH CHECK ({tenant} AND {_reach('community_id')}"
        f" AND ({_ROLE} = 'manager' OR ({_ROLE} = 'admin' AND version = 1)))",
        *(f"ALTER POLICY {table}_web ON {table} WITH CHECK ({by_admin})" for table in ("buildings", "units")),
        """CREATE FUNCTION refuse_terms() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            RAISE EXCEPTION 'terms are the managers'' to write' USING ERRCODE = 'insufficient_privilege';
        END $$""",
        "CREATE TRIGGER communities_terms BEFORE UPDATE OF calendar, calendar_version, policy_version, timezone"
        " ON communities FOR EACH STATEMENT WHEN (current_setting('doorstep.role', true) = 'admin')"
        " EXECUTE FUNCTION refuse_terms()",
        # Only what nothing refers to can be taken away at all.
        *(
            f"CREATE POLICY {table}_removal ON {table} AS RESTRICTIVE FOR DELETE TO doorstep_tickets USING ({by_admin})"
            for table in ("buildings", "units")
        ),
        "GRANT DELETE ON buildings, units TO doorstep_tickets",
        *protect(
            "tickets",
            "place_changes",
            f"{tenant} AND {_ROLE} IN ('admin', 'manager')",
            web="SELECT, INSERT",
            worker="SELECT, INSERT",
        ),
        "CREATE TRIGGER place_changes_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON place_changes"
        " FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()",
    ]
