"""The first tables of the tickets service, under row-level security."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from services.kit.migrate import in_tenant, plumbing, protect

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

_ROLE = "current_setting('doorstep.role', true)"
_PERSON = "NULLIF(current_setting('doorstep.person', true), '')::uuid"
_COMMUNITIES = "string_to_array(NULLIF(current_setting('doorstep.communities', true), ''), ',')::uuid[]"
_UNITS = "string_to_array(NULLIF(current_setting('doorstep.units', true), ''), ',')::uuid[]"

# A resident sees what they filed and what concerns their home; staff see their communities, or all without a limit.
_TICKET = f"""{in_tenant()} AND CASE WHEN {_ROLE} = 'resident'
    THEN requester_id = {_PERSON} OR unit_id = ANY({_UNITS})
    ELSE {_COMMUNITIES} IS NULL OR community_id = ANY({_COMMUNITIES}) END"""
_OF_TICKET = f"{in_tenant()} AND sees_ticket(ticket_id)"
_REMARK = f"{_OF_TICKET} AND (visible OR {_ROLE} <> 'resident')"
_UNIT = f"{in_tenant()} AND ({_ROLE} <> 'resident' OR id = ANY({_UNITS}))"
_REFILING = f"{in_tenant()} AND {_ROLE} <> 'resident'"
_STAFF = f"{in_tenant()} AND ({_ROLE} <> 'resident' OR role <> 'resident' OR id = {_PERSON})"

# Asked row by row, by key and under the policy of tickets. Written into the policies themselves, the planner turns the
# same question into a hash of every ticket of the organisation: 93 pages read instead of 3 with only 300 tickets.
_SEES_TICKET = """
CREATE FUNCTION sees_ticket(wanted uuid) RETURNS boolean LANGUAGE plpgsql STABLE AS $$
BEGIN
    RETURN EXISTS (SELECT 1 FROM tickets WHERE id = wanted);
END $$
"""
_APPEND_ONLY = """
CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% is append-only', TG_TABLE_NAME USING ERRCODE = 'insufficient_privilege';
END $$
"""


def upgrade() -> None:
    """Create the tables, then say who may do what with them."""
    _create()
    for statement in _security():
        op.execute(statement)


def _security() -> list[str]:
    every, tenant = "SELECT, INSERT, UPDATE, DELETE", in_tenant()
    return [
        _SEES_TICKET,
        *protect("tickets", "communities", tenant, web="SELECT, INSERT, UPDATE", worker=every),
        *protect("tickets", "buildings", tenant, web="SELECT, INSERT, UPDATE", worker=every),
        *protect("tickets", "units", _UNIT, web="SELECT, INSERT, UPDATE", worker=every),
        *protect("tickets", "people", _STAFF, web="SELECT", worker="SELECT, INSERT, UPDATE"),
        *protect("tickets", "tickets", _TICKET, web="SELECT, INSERT, UPDATE", worker="SELECT, UPDATE"),
        *protect("tickets", "history", _OF_TICKET, check=tenant, web="SELECT, INSERT", worker="SELECT, INSERT"),
        *protect("tickets", "remarks", _REMARK, check=tenant, web="SELECT, INSERT", worker="SELECT, INSERT"),
        *protect("tickets", "photos", _OF_TICKET, check=tenant, web="SELECT, INSERT", worker="SELECT"),
        *protect(
            "tickets", "clocks", _OF_TICKET, check=tenant, web="SELECT, INSERT, UPDATE", worker="SELECT, INSERT, UPDATE"
        ),
        *protect("tickets", "firings", _OF_TICKET, check=tenant, web="SELECT", worker="SELECT, INSERT"),
        *protect("tickets", "refilings", _REFILING, web="SELECT, INSERT", worker="SELECT"),
        *plumbing("tickets"),
        _APPEND_ONLY,
        *(
            f"CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON {table}"
            " FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
            for table in ("history", "firings")
        ),
    ]


def _create() -> None:
    op.create_table(
        "communities",
        sa.Column("id", sa.UUID(as_uuid=False), nullable=False),
        sa.Column("organisation_id", sa.UUID(as_uuid=False), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("timezone", sa.Text(), nullable=False),
        sa.Column("calendar", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_communities")),
    )
    op.create_index(op.f("ix_communities_organisation_id"), "communities", ["organisation_id"], unique=False)
    op.create_table(
        "firings",
        sa.Column("ticket_id", sa.UUID(as_uuid=False), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("generation", sa.SmallInteger(), nullable=False),
        sa.Column("level", sa.SmallInteger(), nullable=False),
        sa.Column("organisation_id", sa.UUID(as_uuid=False), nullable=False),
        sa.Column("true_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("fired_at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False),
        sa.PrimaryKeyConstraint("ticket_id", "kind", "generation", "level", name=op.f("pk_firings")),
    )
    op.create_table(
        "idempotency_keys",
        sa.Column("organisation_id", sa.UUID(as_uuid=False), nullable=False),
        sa.Column("person_id", sa.UUID(as_uuid=False), nullable=False),
        sa.Column("route", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("body_sha256", sa.Text(), nullable=False),
        sa.Column("status", sa.Integer(), nullable=False),
        sa.Column("headers", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("answered_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("organisation_id", "person_id", "route", "key", name=op.f("pk_idempotency_keys")),
    )
    op.create_table(
        "inbox",
        sa.Column("event_id", sa.UUID(as_uuid=False), nullable=False),
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("attempts", sa.Integer(), server_default="0", nullable=False),
        sa.Column("next_attempt_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("headers", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.Column("body", sa.LargeBinary(), nullable=True),
        sa.Column("received_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("event_id", name=op.f("pk_inbox")),
    )
    op.create_index("ix_inbox_dead", "inbox", ["received_at"], unique=False, postgresql_where=sa.text("state = 'dead'"))
    op.create_index(
        "ix_inbox_retry", "inbox", ["next_attempt_at"], unique=False, postgresql_where=sa.text("state = 'retry'")
    )
    op.create_table(
        "outbox",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("event_id", sa.UUID(as_uuid=False), nullable=False),
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("organisation_id", sa.UUID(as_uuid=False), nullable=False),
        sa.Column("occurred_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("correlation_id", sa.Text(), nullable=False),
        sa.Column("traceparent", sa.Text(), nullable=False),
        sa.Column("data", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("written_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("published_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("parked_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_outbox")),
        sa.UniqueConstraint("event_id", name=op.f("uq_outbox_event_id")),
    )
    op.create_index(
        "ix_outbox_unpublished", "outbox", ["id"], unique=False, postgresql_where=sa.text("published_at IS NULL")
    )
    op.create_table(
        "people",
        sa.Column("id", sa.UUID(as_uuid=False), nullable=False),
        sa.Column("organisation_id", sa.UUID(as_uuid=False), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("badge", sa.Text(), nullable=True),
        sa.Column("community_ids", sa.ARRAY(sa.UUID(as_uuid=False)), nullable=False),
        sa.Column("unit_ids", sa.ARRAY(sa.UUID(as_uuid=False)), nullable=False),
        sa.Column("skills", sa.ARRAY(sa.Text()), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_people")),
    )
    op.create_index(op.f("ix_people_organisation_id_role"), "people", ["organisation_id", "role"], unique=False)
    op.create_table(
        "buildings",
        sa.Column("id", sa.UUID(as_uuid=False), nullable=False),
        sa.Column("organisation_id", sa.UUID(as_uuid=False), nullable=False),
        sa.Column("community_id", sa.UUID(as_uuid=False), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["community_id"], ["communities.id"], name=op.f("fk_buildings_community_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_buildings")),
        sa.UniqueConstraint("community_id", "name", name=op.f("uq_buildings_community_id_name")),
    )
    op.create_table(
        "units",
        sa.Column("id", sa.UUID(as_uuid=False), nullable=False),
        sa.Column("organisation_id", sa.UUID(as_uuid=False), nullable=False),
        sa.Column("community_id", sa.UUID(as_uuid=False), nullable=False),
        sa.Column("building_id", sa.UUID(as_uuid=False), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["building_id"], ["buildings.id"], name=op.f("fk_units_building_id")),
        sa.ForeignKeyConstraint(["community_id"], ["communities.id"], name=op.f("fk_units_community_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_units")),
        sa.UniqueConstraint("building_id", "name", name=op.f("uq_units_building_id_name")),
    )
    op.create_index(op.f("ix_units_community_id"), "units", ["community_id"], unique=False)
    op.create_table(
        "tickets",
        sa.Column("id", sa.UUID(as_uuid=False), nullable=False),
        sa.Column("organisation_id", sa.UUID(as_uuid=False), nullable=False),
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("community_id", sa.UUID(as_uuid=False), nullable=False),
        sa.Column("unit_id", sa.UUID(as_uuid=False), nullable=True),
        sa.Column("location", sa.Text(), nullable=True),
        sa.Column("requester_id", sa.UUID(as_uuid=False), nullable=False),
        sa.Column("filed_by", sa.UUID(as_uuid=False), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("catalogue_code", sa.Text(), nullable=False),
        sa.Column("topic", sa.Text(), nullable=False),
        sa.Column("work_type", sa.Text(), nullable=False),
        sa.Column("need_level", sa.SmallInteger(), nullable=True),
        sa.Column("standard", sa.Text(), nullable=False),
        sa.Column("value_tier", sa.Text(), nullable=False),
        sa.Column("sla_class", sa.Text(), nullable=False),
        sa.Column("skills", sa.ARRAY(sa.Text()), nullable=False),
        sa.Column("urgency", sa.Text(), nullable=False),
        sa.Column("confidence", sa.Float(), nullable=False),
        sa.Column("because", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("waiting_reason", sa.Text(), nullable=True),
        sa.Column("owner_id", sa.UUID(as_uuid=False), nullable=True),
        sa.Column("owner_desk", sa.Text(), nullable=True),
        sa.Column("completed_by", sa.UUID(as_uuid=False), nullable=True),
        sa.Column("completions", sa.SmallInteger(), server_default="0", nullable=False),
        sa.Column("promised_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("filed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("acknowledged_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("first_completed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("completed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("policy_version", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("history_hash", sa.Text(), nullable=False),
        sa.CheckConstraint(
            "(status = 'waiting') = (waiting_reason IS NOT NULL)", name=op.f("ck_tickets_waiting_for_something")
        ),
        sa.CheckConstraint(
            "status IN ('filed', 'acknowledged', 'claimed', 'assigned', 'on_the_way', 'on_site', 'in_progress', 'waiting', 'reopened', 'completed', 'confirmed', 'closed', 'cancelled', 'declined')",
            name=op.f("ck_tickets_status_known"),
        ),
        sa.CheckConstraint("urgency IN ('routine', 'urgent', 'emergency')", name=op.f("ck_tickets_urgency_known")),
        sa.CheckConstraint("(owner_id IS NULL) <> (owner_desk IS NULL)", name=op.f("ck_tickets_one_owner")),
        sa.ForeignKeyConstraint(["community_id"], ["communities.id"], name=op.f("fk_tickets_community_id")),
        sa.ForeignKeyConstraint(["unit_id"], ["units.id"], name=op.f("fk_tickets_unit_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tickets")),
        sa.UniqueConstraint("organisation_id", "number", name=op.f("uq_tickets_organisation_id_number")),
    )
    op.create_index(
        "ix_tickets_completed",
        "tickets",
        ["completed_at"],
        unique=False,
        postgresql_where=sa.text("status = 'completed'"),
    )
    op.create_index(
        "ix_tickets_owner",
        "tickets",
        ["owner_id"],
        unique=False,
        postgresql_where=sa.text(
            "status IN ('claimed', 'assigned', 'on_the_way', 'on_site', 'in_progress', 'waiting', 'reopened')"
        ),
    )
    op.create_index(
        "ix_tickets_page",
        "tickets",
        ["organisation_id", sa.literal_column("filed_at DESC"), sa.literal_column("id DESC")],
        unique=False,
    )
    op.create_index(
        "ix_tickets_pool",
        "tickets",
        ["community_id"],
        unique=False,
        postgresql_where=sa.text("status IN ('filed', 'acknowledged')"),
    )
    op.create_index(
        "ix_tickets_requester", "tickets", ["requester_id", sa.literal_column("filed_at DESC")], unique=False
    )
    op.create_index("ix_tickets_unit", "tickets", ["unit_id", sa.literal_column("filed_at DESC")], unique=False)
    op.create_table(
        "clocks",
        sa.Column("ticket_id", sa.UUID(as_uuid=False), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("generation", sa.SmallInteger(), nullable=False),
        sa.Column("organisation_id", sa.UUID(as_uuid=False), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("target_seconds", sa.Integer(), nullable=False),
        sa.Column("basis", sa.Text(), nullable=False),
        sa.Column("warnings_at", sa.ARRAY(sa.DateTime(timezone=True)), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("stopped_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("paused_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("breached_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("unknown", sa.Text(), nullable=True),
        sa.Column("next_level", sa.SmallInteger(), nullable=True),
        sa.Column("next_fire_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["ticket_id"], ["tickets.id"], name=op.f("fk_clocks_ticket_id")),
        sa.PrimaryKeyConstraint("ticket_id", "kind", "generation", name=op.f("pk_clocks")),
    )
    op.create_index(
        "ix_clocks_due", "clocks", ["next_fire_at"], unique=False, postgresql_where=sa.text("next_fire_at IS NOT NULL")
    )
    op.create_table(
        "history",
        sa.Column("ticket_id", sa.UUID(as_uuid=False), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("organisation_id", sa.UUID(as_uuid=False), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("actor_id", sa.UUID(as_uuid=False), nullable=False),
        sa.Column("actor_role", sa.Text(), nullable=False),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("from_status", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("data", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("previous_hash", sa.Text(), nullable=False),
        sa.Column("hash", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["ticket_id"], ["tickets.id"], name=op.f("fk_history_ticket_id")),
        sa.PrimaryKeyConstraint("ticket_id", "seq", name=op.f("pk_history")),
    )
    op.create_table(
        "photos",
        sa.Column("id", sa.UUID(as_uuid=False), nullable=False),
        sa.Column("organisation_id", sa.UUID(as_uuid=False), nullable=False),
        sa.Column("ticket_id", sa.UUID(as_uuid=False), nullable=False),
        sa.Column("author_id", sa.UUID(as_uuid=False), nullable=False),
        sa.Column("author_role", sa.Text(), nullable=False),
        sa.Column("width", sa.Integer(), nullable=False),
        sa.Column("height", sa.Integer(), nullable=False),
        sa.Column("size_bytes", sa.Integer(), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["ticket_id"], ["tickets.id"], name=op.f("fk_photos_ticket_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_photos")),
    )
    op.create_index(op.f("ix_photos_ticket_id"), "photos", ["ticket_id"], unique=False)
    op.create_table(
        "refilings",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("organisation_id", sa.UUID(as_uuid=False), nullable=False),
        sa.Column("ticket_id", sa.UUID(as_uuid=False), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("from_code", sa.Text(), nullable=False),
        sa.Column("to_code", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["ticket_id"], ["tickets.id"], name=op.f("fk_refilings_ticket_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_refilings")),
    )
    op.create_index(op.f("ix_refilings_organisation_id_id"), "refilings", ["organisation_id", "id"], unique=False)
    op.create_table(
        "remarks",
        sa.Column("id", sa.UUID(as_uuid=False), nullable=False),
        sa.Column("organisation_id", sa.UUID(as_uuid=False), nullable=False),
        sa.Column("ticket_id", sa.UUID(as_uuid=False), nullable=False),
        sa.Column("author_id", sa.UUID(as_uuid=False), nullable=False),
        sa.Column("author_role", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("visible", sa.Boolean(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("salt", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["ticket_id"], ["tickets.id"], name=op.f("fk_remarks_ticket_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_remarks")),
    )
    op.create_index(op.f("ix_remarks_ticket_id_at"), "remarks", ["ticket_id", "at"], unique=False)
