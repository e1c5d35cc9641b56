"""The SLA ledger: versions of calendars and policies, pauses that end, and clocks that a report reads alone."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from services.kit.migrate import grant, in_tenant, protect

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

_FIRST_POLICY = "2026-11-22.1"
_ROLE = "(SELECT current_setting('doorstep.role', true))"
# The cast outside changes nothing, but makes it an array to look into rather than a query to look through.
_COMMUNITIES = (
    "(SELECT string_to_array(NULLIF(current_setting('doorstep.communities', true), ''), ',')::uuid[])::uuid[]"
)
_TENANT = "organisation_id = (SELECT NULLIF(current_setting('doorstep.organisation', true), '')::uuid)"
_PERSON = "(SELECT NULLIF(current_setting('doorstep.person', true), '')::uuid)"
_UNITS = "(SELECT string_to_array(NULLIF(current_setting('doorstep.units', true), ''), ',')::uuid[])::uuid[]"
_STAFF = "('crew', 'dispatcher', 'manager', 'admin')"
# A report reads a hundred thousand clocks of its own: for staff the row itself says whether it is theirs, and what the
# caller may see is asked once a statement, not once a row.
_CLOCK = f"""{_TENANT} AND CASE
    WHEN {_ROLE} = 'resident' THEN sees_ticket(ticket_id)
    WHEN {_ROLE} IN {_STAFF} THEN {_COMMUNITIES} IS NULL OR community_id = ANY({_COMMUNITIES})
    ELSE false END"""
# The same tickets as before, with the caller asked once.
_TICKET = f"""{_TENANT} AND CASE
    WHEN {_ROLE} = 'resident' THEN requester_id = {_PERSON} OR (unit_id = ANY({_UNITS}) AND work_type <> 'internal')
    WHEN {_ROLE} IN {_STAFF} THEN {_COMMUNITIES} IS NULL OR community_id = ANY({_COMMUNITIES})
    ELSE false END"""
# Staff of all communities see whatever is their organisation's: to ask for each of thousands of rows whether they see
# its ticket takes longer than the report that reads them.
_HISTORY = f"""{_TENANT} AND CASE
    WHEN {_ROLE} IN {_STAFF} AND {_COMMUNITIES} IS NULL THEN true
    ELSE sees_ticket(ticket_id) END"""
_REPORT_READS = [
    "ticket_id", "community_id", "crew_id", "started_at", "due_at", "stopped_at", "contract_seconds", "pause_seconds",
    "need_level", "generation", "kind", "state", "work_type", "policy_version", "rule", "unknown",
]  # fmt: skip
_REPORT_READS_OF_TICKETS = [
    "id", "community_id", "unit_id", "requester_id", "owner_id", "completed_by", "promised_at",
    "first_completed_at", "completions", "need_level", "satisfaction", "solved", "status", "work_type",
    "policy_version",
]  # fmt: skip
_OPEN_READS = [
    "ticket_id", "community_id", "crew_id", "due_at", "need_level", "kind", "state", "work_type", "policy_version",
    "rule",
]  # fmt: skip
_OPEN = "'filed', 'acknowledged', 'claimed', 'assigned', 'on_the_way', 'on_site', 'in_progress', 'waiting', 'reopened'"


def upgrade() -> None:
    """Add what the ledger needs, filled for what is there, and say who may do what with it."""
    _versions()
    _tickets()
    _clocks()
    for statement in _security():
        op.execute(statement)


def _versions() -> None:
    op.add_column("communities", sa.Column("calendar_version", sa.Integer(), server_default="1", nullable=False))
    op.add_column("communities", sa.Column("policy_version", sa.Text(), server_default=_FIRST_POLICY, nullable=False))
    op.alter_column("communities", "policy_version", server_default=None)
    op.create_table(
        "calendars",
        sa.Column("community_id", sa.UUID(as_uuid=False), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        *_version_columns(),
        sa.ForeignKeyConstraint(["community_id"], ["communities.id"], name=op.f("fk_calendars_community_id")),
        sa.PrimaryKeyConstraint("community_id", "version", name=op.f("pk_calendars")),
    )
    op.create_table(
        "policies",
        sa.Column("version", sa.Text(), nullable=False),
        *_version_columns(),
        sa.PrimaryKeyConstraint("organisation_id", "version", name=op.f("pk_policies")),
    )
    _over_all(
        "communities",
        "INSERT INTO calendars (community_id, version, organisation_id, document)"
        " SELECT id, 1, organisation_id, calendar FROM communities",
    )


def _version_columns() -> list[sa.Column]:
    return [
        sa.Column("organisation_id", sa.UUID(as_uuid=False), nullable=False),
        sa.Column("document", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("author_id", sa.UUID(as_uuid=False), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False),
    ]


def _tickets() -> None:
    op.add_column("tickets", sa.Column("circumstances", sa.ARRAY(sa.Text()), server_default="{}", nullable=False))
    op.add_column("tickets", sa.Column("paused_until", sa.DateTime(timezone=True), nullable=True))
    op.add_column("tickets", sa.Column("solved", sa.Boolean(), nullable=True))
    op.add_column("tickets", sa.Column("satisfaction", sa.SmallInteger(), nullable=True))
    op.add_column("tickets", sa.Column("calendar_version", sa.Integer(), server_default="1", nullable=False))
    op.create_index("ix_tickets_paused", "tickets", ["paused_until"], postgresql_where=sa.text("status = 'waiting'"))
    op.create_index(
        "ix_tickets_report", "tickets", ["organisation_id", "filed_at"], postgresql_include=_REPORT_READS_OF_TICKETS
    )
    op.create_index("ix_tickets_open", "tickets", ["community_id"], postgresql_where=sa.text(f"status IN ({_OPEN})"))
    op.create_index(
        "ix_history_pauses", "history", ["organisation_id", "at"], postgresql_where=sa.text("action = 'pause'")
    )
    op.create_index(
        "ix_history_promises",
        "history",
        ["ticket_id"],
        postgresql_include=["organisation_id", "seq", "at"],
        postgresql_where=sa.text("action = 'promise'"),
    )


def _clocks() -> None:
    op.add_column("clocks", sa.Column("rule", sa.Text(), server_default="standard", nullable=False))
    op.add_column("clocks", sa.Column("paused_until", sa.DateTime(timezone=True), nullable=True))
    op.add_column("clocks", sa.Column("contract_seconds", sa.Float(), nullable=True))
    op.add_column("clocks", sa.Column("pause_seconds", sa.Float(), nullable=True))
    op.add_column("clocks", sa.Column("filed_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("clocks", sa.Column("community_id", sa.UUID(as_uuid=False), nullable=True))
    op.add_column("clocks", sa.Column("need_level", sa.SmallInteger(), nullable=True))
    op.add_column("clocks", sa.Column("work_type", sa.Text(), nullable=True))
    op.add_column("clocks", sa.Column("policy_version", sa.Text(), nullable=True))
    op.add_column("clocks", sa.Column("crew_id", sa.UUID(as_uuid=False), nullable=True))
    _over_all(
        "clocks",
        "UPDATE clocks SET filed_at = t.filed_at, community_id = t.community_id, need_level = t.need_level,"
        " work_type = t.work_type, policy_version = t.policy_version, crew_id = coalesce(t.completed_by, t.owner_id)"
        " FROM tickets t WHERE t.id = clocks.ticket_id",
        "tickets",
    )
    for name in ("filed_at", "community_id", "work_type", "policy_version"):
        op.alter_column("clocks", name, nullable=False)
    op.create_index(
        "ix_clocks_report",
        "clocks",
        ["organisation_id", "filed_at"],
        postgresql_include=_REPORT_READS,
        postgresql_where=sa.text("kind <> 'claim'"),
    )
    op.create_index(
        "ix_clocks_open",
        "clocks",
        ["organisation_id", "filed_at"],
        postgresql_include=_OPEN_READS,
        postgresql_where=sa.text("stopped_at IS NULL"),
    )


def _over_all(table: str, statement: str, *read: str) -> None:
    """Run a statement over every organisation's rows: the tables' owner is held to their policies otherwise."""
    for name in (table, *read):
        op.execute(f"ALTER TABLE {name} NO FORCE ROW LEVEL SECURITY")
    op.execute(statement)
    for name in (table, *read):
        op.execute(f"ALTER TABLE {name} FORCE ROW LEVEL SECURITY")


def _security() -> list[str]:
    tenant = in_tenant()
    return [
        *protect("tickets", "calendars", tenant, web="SELECT, INSERT", worker="SELECT, INSERT"),
        *protect("tickets", "policies", tenant, web="SELECT, INSERT", worker="SELECT, INSERT"),
        *(
            f"CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON {table}"
            " FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
            for table in ("calendars", "policies")
        ),
        # Rebuilding the clocks from history also takes away what history does not know.
        *grant("tickets", "clocks", web="", worker="DELETE"),
        f"ALTER POLICY clocks_web ON clocks USING ({_CLOCK}) WITH CHECK ({tenant})",
        f"ALTER POLICY tickets_web ON tickets USING ({_TICKET})",
        f"ALTER POLICY history_web ON history USING ({_HISTORY}) WITH CHECK ({tenant})",
    ]
