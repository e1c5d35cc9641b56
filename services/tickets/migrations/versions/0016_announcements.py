"""Announcements with their steps and readers, and reports that are joined to another."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from services.kit.migrate import in_tenant, protect

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

# In a subquery each, so that they are asked once a statement and not once a row.
_ROLE = "(SELECT current_setting('doorstep.role', true))"
_PERSON = "(SELECT NULLIF(current_setting('doorstep.person', true), '')::uuid)"
_COMMUNITIES = (
    "(SELECT string_to_array(NULLIF(current_setting('doorstep.communities', true), ''), ',')::uuid[])::uuid[]"
)
_UNITS = "(SELECT string_to_array(NULLIF(current_setting('doorstep.units', true), ''), ',')::uuid[])::uuid[]"
_IN_REACH = f"({_COMMUNITIES} IS NULL OR community_id = ANY({_COMMUNITIES}))"
_DESK = f"{_ROLE} IN ('dispatcher', 'manager') AND {_IN_REACH}"

# Residents see what was published for a home of theirs, whatever became of it; a draft is the desk's alone.
_ANNOUNCEMENT = f"""{in_tenant()} AND CASE
    WHEN {_ROLE} = 'resident' THEN published_at IS NOT NULL AND EXISTS (
        SELECT FROM units WHERE units.id = ANY({_UNITS}) AND units.community_id = announcements.community_id
        AND (cardinality(unit_ids) + cardinality(building_ids) = 0
            OR units.id = ANY(unit_ids) OR units.building_id = ANY(building_ids)))
    WHEN {_ROLE} IN ('crew', 'admin') THEN published_at IS NOT NULL AND {_IN_REACH}
    WHEN {_ROLE} = 'system' THEN true
    ELSE {_DESK} END"""
_WRITTEN = f"{in_tenant()} AND {_DESK}"
_STEP = f"{in_tenant()} AND {_ROLE} IN ('dispatcher', 'manager', 'admin')"
_READER = f"""{in_tenant()} AND CASE
    WHEN {_ROLE} = 'resident' THEN person_id = {_PERSON}
    ELSE {_ROLE} IN ('dispatcher', 'manager', 'admin') AND {_IN_REACH} END"""


def upgrade() -> None:
    """Create the tables, add the columns, and say who may do what with them."""
    _announcements()
    _steps()
    _readers()
    op.add_column("tickets", sa.Column("joined_to", sa.UUID(as_uuid=False), nullable=True))
    op.add_column("tickets", sa.Column("leads", sa.Boolean(), server_default="false", nullable=False))
    op.create_foreign_key(op.f("fk_tickets_joined_to"), "tickets", "tickets", ["joined_to"], ["id"])
    joined = sa.text("joined_to IS NOT NULL")
    op.create_index("ix_tickets_joined", "tickets", ["joined_to"], postgresql_where=joined)
    written = "SELECT, INSERT, UPDATE"
    for statement in [
        *protect("tickets", "announcements", _ANNOUNCEMENT, check=_WRITTEN, web=written, worker="SELECT, UPDATE"),
        *protect("tickets", "announcement_steps", _STEP, web="SELECT, INSERT", worker="SELECT, INSERT"),
        *protect("tickets", "announcement_readers", _READER, web=written, worker=f"{written}, DELETE"),
        "CREATE TRIGGER announcement_steps_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON announcement_steps"
        " FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()",
        *(
            f"GRANT UPDATE (joined_to, leads) ON tickets TO {role}"
            for role in ("doorstep_tickets", "doorstep_tickets_worker")
        ),
    ]:
        op.execute(statement)


def _id(name: str, *, needed: bool = True) -> sa.Column[str]:
    return sa.Column(name, sa.UUID(as_uuid=False), nullable=not needed)


def _moment(name: str, *, needed: bool = False) -> sa.Column[object]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=not needed)


def _text(name: str, *, needed: bool = False) -> sa.Column[str]:
    return sa.Column(name, sa.Text(), nullable=not needed)


def _announcements() -> None:
    op.create_table(
        "announcements",
        _id("id"),
        _id("organisation_id"),
        _id("community_id"),
        _text("kind", needed=True),
        sa.Column("planned", sa.Boolean(), nullable=False),
        sa.Column("building_ids", sa.ARRAY(sa.UUID(as_uuid=False)), nullable=False),
        sa.Column("unit_ids", sa.ARRAY(sa.UUID(as_uuid=False)), nullable=False),
        _moment("starts_at", needed=True),
        _moment("ends_at"),
        *(_text(name) for name in ("title_zh", "body_zh", "title_en", "body_en")),
        _text("state", needed=True),
        *(_moment(name) for name in ("publish_at", "published_at", "over_at")),
        _text("withdrawn_because"),
        _text("rule"),
        sa.Column("required_seconds", sa.Integer(), nullable=True),
        sa.Column("in_time", sa.Boolean(), nullable=True),
        _text("late_because"),
        _moment("remind_at"),
        _moment("reminded_at"),
        _id("ticket_id", needed=False),
        _id("created_by"),
        _moment("created_at", needed=True),
        _moment("changed_at", needed=True),
        sa.Column("told_version", sa.Integer(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        *(sa.CheckConstraint(said, name=op.f(f"ck_announcements_{name}")) for name, said in _CHECKS.items()),
        sa.ForeignKeyConstraint(["community_id"], ["communities.id"], name=op.f("fk_announcements_community_id")),
        sa.ForeignKeyConstraint(["ticket_id"], ["tickets.id"], name=op.f("fk_announcements_ticket_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_announcements")),
    )
    for name, columns, where in (
        ("page", ["organisation_id", "starts_at", "id"], None),
        ("running", ["community_id"], "state = 'published'"),
        ("due", ["publish_at"], "state = 'scheduled'"),
        ("remind", ["remind_at"], "remind_at IS NOT NULL"),
    ):
        op.create_index(f"ix_announcements_{name}", "announcements", columns, postgresql_where=where and sa.text(where))


_CHECKS = {
    "kind_known": "kind IN ('planned_repair', 'water_outage', 'power_outage', 'gas_outage', 'lift_out_of_service',"
    " 'notice')",
    "state_known": "state IN ('drafted', 'scheduled', 'published', 'withdrawn', 'over')",
    "in_order": "ends_at IS NULL OR ends_at > starts_at",
    "says_something": "(title_zh IS NOT NULL AND body_zh IS NOT NULL)"
    " OR (title_en IS NOT NULL AND body_en IS NOT NULL)",
    "scheduled_for_a_moment": "(state = 'scheduled') <= (publish_at IS NOT NULL)",
    "published_at_a_moment": "(state IN ('published', 'over')) <= (published_at IS NOT NULL)",
}


def _steps() -> None:
    of = sa.ForeignKeyConstraint(
        ["announcement_id"], ["announcements.id"], name=op.f("fk_announcement_steps_announcement_id")
    )
    op.create_table(
        "announcement_steps",
        _id("announcement_id"),
        sa.Column("version", sa.Integer(), nullable=False),
        _id("organisation_id"),
        _moment("at", needed=True),
        _id("actor_id"),
        _text("action", needed=True),
        sa.Column("data", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        of,
        sa.PrimaryKeyConstraint("announcement_id", "version", name=op.f("pk_announcement_steps")),
    )


def _readers() -> None:
    table = "announcement_readers"
    op.create_table(
        table,
        _id("announcement_id"),
        _id("person_id"),
        _id("unit_id"),
        _id("organisation_id"),
        _id("community_id"),
        *(_moment(name) for name in ("told_at", "reminded_at", "read_at")),
        sa.Column("read_version", sa.Integer(), nullable=True),
        sa.CheckConstraint(
            "(read_at IS NULL) = (read_version IS NULL)", name=op.f("ck_announcement_readers_read_a_version")
        ),
        *(
            sa.ForeignKeyConstraint([name], [f"{other}.id"], name=op.f(f"fk_{table}_{name}"))
            for name, other in (
                ("announcement_id", "announcements"),
                ("unit_id", "units"),
                ("community_id", "communities"),
            )
        ),
        sa.PrimaryKeyConstraint("announcement_id", "person_id", "unit_id", name=op.f(f"pk_{table}")),
    )
    op.create_index(op.f(f"ix_{table}_person_id"), table, ["person_id"])
