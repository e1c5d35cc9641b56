"""Recurring plans, each time they were due, and the checkpoints of their rounds."""

import sqlalchemy as sa
from alembic import op

from services.kit.migrate import in_tenant, protect

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

# In a subquery each, so that they are asked once a statement and not once a row.
_ROLE = "(SELECT current_setting('doorstep.role', true))"
_PERSON = "(SELECT NULLIF(current_setting('doorstep.person', true), '')::uuid)"
_COMMUNITIES = (
    "(SELECT string_to_array(NULLIF(current_setting('doorstep.communities', true), ''), ',')::uuid[])::uuid[]"
)
_IN_REACH = f"({_COMMUNITIES} IS NULL OR community_id = ANY({_COMMUNITIES}))"

_DESK = f"{in_tenant()} AND {_ROLE} IN ('dispatcher', 'manager') AND {_IN_REACH}"
_OF_PLAN = f"{in_tenant()} AND EXISTS (SELECT FROM plans WHERE plans.id = plan_id)"
# The crew see when a job of theirs was planned for, and nothing of the plan.
_OCCURRENCE = f"""{in_tenant()} AND CASE
    WHEN {_ROLE} IN ('dispatcher', 'manager') THEN EXISTS (SELECT FROM plans WHERE plans.id = plan_id)
    WHEN {_ROLE} IN ('crew', 'admin') THEN ticket_id IS NOT NULL AND sees_ticket(ticket_id)
    ELSE false END"""
_POINT = f"{in_tenant()} AND {_ROLE} <> 'resident' AND sees_ticket(ticket_id)"
# Who ticks a checkpoint off says so with their own name.
_TICK = f"{_POINT} AND {_ROLE} = 'crew' AND ticked_by = {_PERSON}"


def upgrade() -> None:
    """Create the tables and say who may do what with them."""
    _create()
    for statement in _security():
        op.execute(statement)


def _security() -> list[str]:
    return [
        *protect("tickets", "plans", _DESK, web="SELECT, INSERT, UPDATE", worker="SELECT, UPDATE"),
        *protect("tickets", "plan_checkpoints", _OF_PLAN, web="SELECT, INSERT, DELETE", worker="SELECT, DELETE"),
        *protect("tickets", "plan_occurrences", _OCCURRENCE, check="false", web="SELECT", worker="SELECT, INSERT"),
        *protect(
            "tickets",
            "ticket_checkpoints",
            _POINT,
            check=_TICK,
            web="SELECT, UPDATE",
            worker="SELECT, INSERT, UPDATE",
        ),
        "CREATE TRIGGER plan_occurrences_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON plan_occurrences"
        " FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()",
    ]


def _create() -> None:
    op.create_table(
        "plans",
        sa.Column("id", sa.UUID(as_uuid=False), nullable=False),
        sa.Column("organisation_id", sa.UUID(as_uuid=False), nullable=False),
        sa.Column("community_id", sa.UUID(as_uuid=False), nullable=False),
        sa.Column("unit_id", sa.UUID(as_uuid=False), nullable=True),
        sa.Column("location", sa.Text(), nullable=True),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("catalogue_code", sa.Text(), nullable=False),
        sa.Column("urgency", sa.Text(), nullable=True),
        sa.Column("resident_id", sa.UUID(as_uuid=False), nullable=True),
        sa.Column("rrule", sa.Text(), nullable=False),
        sa.Column("starts_local", sa.DateTime(), nullable=False),
        sa.Column("ends_local", sa.DateTime(), nullable=True),
        sa.Column("lead_hours", sa.SmallInteger(), nullable=False),
        sa.Column("if_missed", sa.Text(), nullable=False),
        sa.Column("late_hours", sa.SmallInteger(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("next_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("file_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_by", sa.UUID(as_uuid=False), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changed_by", sa.UUID(as_uuid=False), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint("if_missed IN ('file', 'skip')", name=op.f("ck_plans_if_missed_known")),
        sa.CheckConstraint(
            "kind IN ('preventive_maintenance', 'patrol_round', 'cleaning_round', 'care_visit', 'filter_change')",
            name=op.f("ck_plans_kind_known"),
        ),
        sa.CheckConstraint("state <> 'ended' OR next_at IS NULL", name=op.f("ck_plans_ended_is_over")),
        sa.CheckConstraint("state IN ('active', 'paused', 'ended')", name=op.f("ck_plans_state_known")),
        sa.CheckConstraint("urgency IN ('routine', 'urgent', 'emergency')", name=op.f("ck_plans_urgency_known")),
        sa.CheckConstraint("(next_at IS NULL) = (file_at IS NULL)", name=op.f("ck_plans_filed_when_due")),
        sa.CheckConstraint("unit_id IS NOT NULL OR location IS NOT NULL", name=op.f("ck_plans_somewhere")),
        sa.ForeignKeyConstraint(["community_id"], ["communities.id"], name=op.f("fk_plans_community_id")),
        sa.ForeignKeyConstraint(["unit_id"], ["units.id"], name=op.f("fk_plans_unit_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_plans")),
    )
    op.create_index("ix_plans_due", "plans", ["file_at"], unique=False, postgresql_where=sa.text("file_at IS NOT NULL"))
    op.create_index(op.f("ix_plans_organisation_id_id"), "plans", ["organisation_id", "id"], unique=False)
    op.create_table(
        "plan_checkpoints",
        sa.Column("plan_id", sa.UUID(as_uuid=False), nullable=False),
        sa.Column("n", sa.SmallInteger(), nullable=False),
        sa.Column("organisation_id", sa.UUID(as_uuid=False), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("instruction", sa.Text(), nullable=True),
        sa.Column("code", sa.Text(), nullable=True),
        sa.Column("repair_code", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["plan_id"], ["plans.id"], name=op.f("fk_plan_checkpoints_plan_id")),
        sa.PrimaryKeyConstraint("plan_id", "n", name=op.f("pk_plan_checkpoints")),
    )
    op.create_table(
        "plan_occurrences",
        sa.Column("plan_id", sa.UUID(as_uuid=False), nullable=False),
        sa.Column("occurs_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("organisation_id", sa.UUID(as_uuid=False), nullable=False),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("because", sa.Text(), nullable=True),
        sa.Column("ticket_id", sa.UUID(as_uuid=False), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False),
        sa.CheckConstraint(
            "because IN ('missed', 'paused', 'resident_left', 'not_possible')",
            name=op.f("ck_plan_occurrences_because_known"),
        ),
        sa.CheckConstraint(
            "outcome IN ('filed', 'filed_late', 'skipped', 'refused')", name=op.f("ck_plan_occurrences_outcome_known")
        ),
        sa.CheckConstraint(
            "(ticket_id IS NULL) = (because IS NOT NULL)", name=op.f("ck_plan_occurrences_filed_or_why_not")
        ),
        sa.ForeignKeyConstraint(["plan_id"], ["plans.id"], name=op.f("fk_plan_occurrences_plan_id")),
        sa.ForeignKeyConstraint(["ticket_id"], ["tickets.id"], name=op.f("fk_plan_occurrences_ticket_id")),
        sa.PrimaryKeyConstraint("plan_id", "occurs_at", name=op.f("pk_plan_occurrences")),
        sa.UniqueConstraint("ticket_id", name=op.f("uq_plan_occurrences_ticket_id")),
    )
    op.create_table(
        "ticket_checkpoints",
        sa.Column("ticket_id", sa.UUID(as_uuid=False), nullable=False),
        sa.Column("n", sa.SmallInteger(), nullable=False),
        sa.Column("organisation_id", sa.UUID(as_uuid=False), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("instruction", sa.Text(), nullable=True),
        sa.Column("code", sa.Text(), nullable=True),
        sa.Column("repair_code", sa.Text(), nullable=True),
        sa.Column("result", sa.Text(), nullable=True),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("photo_id", sa.UUID(as_uuid=False), nullable=True),
        sa.Column("ticked_by", sa.UUID(as_uuid=False), nullable=True),
        sa.Column("ticked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("repair_ticket_id", sa.UUID(as_uuid=False), nullable=True),
        sa.CheckConstraint(
            "(result = 'failed') = (repair_ticket_id IS NOT NULL)",
            name=op.f("ck_ticket_checkpoints_repaired_where_failed"),
        ),
        sa.CheckConstraint("result IN ('ok', 'failed')", name=op.f("ck_ticket_checkpoints_result_known")),
        sa.CheckConstraint(
            "(result IS NULL) = (ticked_at IS NULL)", name=op.f("ck_ticket_checkpoints_ticked_with_result")
        ),
        sa.ForeignKeyConstraint(
            ["repair_ticket_id"], ["tickets.id"], name=op.f("fk_ticket_checkpoints_repair_ticket_id")
        ),
        sa.ForeignKeyConstraint(["ticket_id"], ["tickets.id"], name=op.f("fk_ticket_checkpoints_ticket_id")),
        sa.PrimaryKeyConstraint("ticket_id", "n", name=op.f("pk_ticket_checkpoints")),
    )
