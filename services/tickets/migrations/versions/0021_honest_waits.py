"""What past waits say, and every estimate that was given of a wait."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from services.kit.migrate import in_tenant, protect

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None

_ROLE = "(SELECT current_setting('doorstep.role', true))"
_COMMUNITIES = (
    "(SELECT string_to_array(NULLIF(current_setting('doorstep.communities', true), ''), ',')::uuid[])::uuid[]"
)
_TENANT = "organisation_id = (SELECT NULLIF(current_setting('doorstep.organisation', true), '')::uuid)"
# As of clocks: for staff the row itself says whether it is theirs, since a report reads many thousands.
_ESTIMATE = f"""{_TENANT} AND CASE
    WHEN {_ROLE} = 'resident' THEN sees_ticket(ticket_id)
    WHEN {_ROLE} IN ('crew', 'dispatcher', 'manager', 'admin')
        THEN {_COMMUNITIES} IS NULL OR community_id = ANY({_COMMUNITIES})
    ELSE false END"""


def upgrade() -> None:
    """Create both tables, and the index by which ends of waits are found."""
    _curves()
    _estimates()
    op.create_index(
        "ix_history_ends_waits",
        "history",
        ["organisation_id", "at"],
        postgresql_include=["ticket_id", "action"],
        postgresql_where=sa.text("action IN ('arrive', 'start', 'complete', 'confirm', 'close', 'cancel', 'decline')"),
    )
    statements = [
        # Curves say nothing of anybody: how long so many waited. Whoever files needs them.
        *protect("tickets", "wait_curves", in_tenant(), web="SELECT", worker="SELECT, INSERT, DELETE"),
        *protect(
            "tickets", "wait_estimates", _ESTIMATE, check=in_tenant(), web="SELECT, INSERT", worker="SELECT, INSERT"
        ),
        "CREATE TRIGGER wait_estimates_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON wait_estimates"
        " FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()",
    ]
    for statement in statements:
        op.execute(statement)


def _curves() -> None:
    op.create_table(
        "wait_curves",
        sa.Column("organisation_id", sa.UUID(as_uuid=False), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("measure", sa.Text(), nullable=False),
        sa.Column("known_at", sa.DateTime(timezone=True), nullable=False),
        *(sa.Column(name, postgresql.ARRAY(sa.Integer()), nullable=False) for name in ("times", "at_risk", "ended")),
        sa.Column("censored", sa.Integer(), nullable=False),
        sa.Column("n", sa.Integer(), nullable=False),
        sa.Column("low", sa.Integer(), nullable=True),
        sa.Column("high", sa.Integer(), nullable=True),
        sa.Column("exact", sa.Float(), nullable=True),
        sa.PrimaryKeyConstraint("organisation_id", "key", "measure", name=op.f("pk_wait_curves")),
    )


def _estimates() -> None:
    op.create_table(
        "wait_estimates",
        sa.Column("ticket_id", sa.UUID(as_uuid=False), nullable=False),
        sa.Column("measure", sa.Text(), nullable=False),
        sa.Column("seq", sa.SmallInteger(), nullable=False),
        sa.Column("organisation_id", sa.UUID(as_uuid=False), nullable=False),
        sa.Column("community_id", sa.UUID(as_uuid=False), nullable=False),
        sa.Column("catalogue_code", sa.Text(), nullable=False),
        sa.Column("given_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("known_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("waited_seconds", sa.Integer(), nullable=False),
        sa.Column("basis", sa.Text(), nullable=True),
        sa.Column("because", sa.Text(), nullable=True),
        sa.Column("n", sa.Integer(), nullable=False),
        sa.Column("censored", sa.Integer(), nullable=False),
        sa.Column("probability", sa.Float(), nullable=False),
        sa.Column("exact", sa.Float(), nullable=True),
        sa.Column("low_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("high_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("moved", sa.Text(), nullable=True),
        sa.Column("told", sa.Boolean(), nullable=False),
        sa.CheckConstraint("measure IN ('attend', 'resolve')", name=op.f("ck_wait_estimates_measure_known")),
        sa.CheckConstraint("known_at <= given_at", name=op.f("ck_wait_estimates_of_the_past")),
        sa.CheckConstraint(
            "(basis IS NULL) = (high_at IS NULL) AND (basis IS NULL) = (low_at IS NULL)",
            name=op.f("ck_wait_estimates_window_whole"),
        ),
        sa.CheckConstraint("(basis IS NULL) = (because IS NOT NULL)", name=op.f("ck_wait_estimates_window_or_why_not")),
        sa.ForeignKeyConstraint(["ticket_id"], ["tickets.id"], name=op.f("fk_wait_estimates_ticket_id")),
        sa.PrimaryKeyConstraint("ticket_id", "measure", "seq", name=op.f("pk_wait_estimates")),
    )
    op.create_index("ix_wait_estimates_given", "wait_estimates", ["organisation_id", "given_at"])
