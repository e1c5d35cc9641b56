"""Return visits, the newest turn of each ticket, answers, and the kit's tables."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from services.kit import migrate

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

UUID = postgresql.UUID(as_uuid=False)
MOMENT = sa.DateTime(timezone=True)

# A link opens one visit: the web role sees the rows of that visit and of no other.
OF_THE_LINK = migrate.in_tenant() + " AND {column} = NULLIF(current_setting('doorstep.person', true), '')::uuid"


def upgrade() -> None:
    """Create the tables and put them under row-level security."""
    _return_visits()
    _ticket_turns()
    _answers()
    _outbox()
    _inbox()
    _idempotency_keys()
    for statement in (
        *migrate.protect(
            "surveys",
            "return_visits",
            OF_THE_LINK.format(column="id"),
            web="SELECT, UPDATE (state, ended_at)",
            worker="SELECT, INSERT, UPDATE",
        ),
        *migrate.protect("surveys", "ticket_turns", migrate.in_tenant(), web="", worker="SELECT, INSERT, UPDATE"),
        *migrate.protect("surveys", "answers", OF_THE_LINK.format(column="survey_id"), web="INSERT", worker="SELECT"),
        *migrate.plumbing("surveys"),
    ):
        op.execute(statement)


def _return_visits() -> None:
    op.create_table(
        "return_visits",
        sa.Column("id", UUID, nullable=False),
        sa.Column("organisation_id", UUID, nullable=False),
        sa.Column("ticket_id", UUID, nullable=False),
        sa.Column("ticket_version", sa.Integer, nullable=False),
        sa.Column("completion", sa.Integer, nullable=False),
        sa.Column("number", sa.Text, nullable=False),
        sa.Column("community_id", UUID, nullable=False),
        sa.Column("unit_id", UUID),
        sa.Column("requester_id", UUID, nullable=False),
        sa.Column("timezone", sa.Text, nullable=False),
        sa.Column("completed_at", MOMENT, nullable=False),
        sa.Column("due_at", MOMENT, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("withdrawn_because", sa.Text),
        sa.Column("token_sha256", sa.Text),
        sa.Column("invited_at", MOMENT),
        sa.Column("expires_at", MOMENT),
        sa.Column("ended_at", MOMENT),
        sa.PrimaryKeyConstraint("id", name="pk_return_visits"),
        sa.UniqueConstraint("ticket_id", "completion", name="uq_return_visits_ticket_id_completion"),
        sa.CheckConstraint(
            "state IN ('scheduled', 'invited', 'answered', 'expired', 'withdrawn')",
            name=op.f("ck_return_visits_state"),
        ),
        sa.CheckConstraint(
            "(state = 'withdrawn') = (withdrawn_because IS NOT NULL)",
            name=op.f("ck_return_visits_withdrawn_with_reason"),
        ),
        sa.CheckConstraint(
            "state NOT IN ('invited', 'answered', 'expired')"
            " OR (token_sha256 IS NOT NULL AND invited_at IS NOT NULL AND expires_at IS NOT NULL)",
            name=op.f("ck_return_visits_asked_before_answered"),
        ),
        sa.CheckConstraint(
            "(state IN ('scheduled', 'invited')) = (ended_at IS NULL)", name=op.f("ck_return_visits_ended_once")
        ),
    )
    op.create_index(
        "ix_return_visits_due", "return_visits", ["due_at"], postgresql_where=sa.text("state = 'scheduled'")
    )
    op.create_index(
        "ix_return_visits_open", "return_visits", ["expires_at"], postgresql_where=sa.text("state = 'invited'")
    )


def _ticket_turns() -> None:
    op.create_table(
        "ticket_turns",
        sa.Column("ticket_id", UUID, nullable=False),
        sa.Column("organisation_id", UUID, nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("turn", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("ticket_id", name="pk_ticket_turns"),
        sa.CheckConstraint("turn IN ('completed', 'reopened')", name=op.f("ck_ticket_turns_turn")),
    )


def _answers() -> None:
    op.create_table(
        "answers",
        sa.Column("id", UUID, nullable=False),
        sa.Column("organisation_id", UUID, nullable=False),
        sa.Column("survey_id", UUID, nullable=False),
        sa.Column("answered_by", sa.Text, nullable=False),
        sa.Column("solved", sa.Boolean, nullable=False),
        sa.Column("satisfaction", sa.SmallInteger),
        sa.Column("comment", sa.Text),
        sa.Column("answered_at", MOMENT, nullable=False, server_default=sa.func.clock_timestamp()),
        sa.PrimaryKeyConstraint("id", name="pk_answers"),
        sa.UniqueConstraint("survey_id", name="uq_answers_survey_id"),
        sa.ForeignKeyConstraint(["survey_id"], ["return_visits.id"], name="fk_answers_survey_id"),
        sa.CheckConstraint("answered_by IN ('household', 'proxy')", name=op.f("ck_answers_answered_by")),
        sa.CheckConstraint("satisfaction BETWEEN 1 AND 5", name=op.f("ck_answers_satisfaction")),
    )


def _outbox() -> None:
    op.create_table(
        "outbox",
        sa.Column("id", sa.BigInteger, sa.Identity(always=True), nullable=False),
        sa.Column("event_id", UUID, nullable=False),
        sa.Column("type", sa.Text, nullable=False),
        sa.Column("subject", sa.Text, nullable=False),
        sa.Column("organisation_id", UUID, nullable=False),
        sa.Column("occurred_at", MOMENT, nullable=False),
        sa.Column("correlation_id", sa.Text, nullable=False),
        sa.Column("traceparent", sa.Text, nullable=False),
        sa.Column("data", postgresql.JSONB, nullable=False),
        sa.Column("written_at", MOMENT, nullable=False, server_default=sa.func.now()),
        sa.Column("published_at", MOMENT),
        sa.Column("parked_at", MOMENT),
        sa.PrimaryKeyConstraint("id", name="pk_outbox"),
        sa.UniqueConstraint("event_id", name="uq_outbox_event_id"),
    )
    op.create_index("ix_outbox_unpublished", "outbox", ["id"], postgresql_where=sa.text("published_at IS NULL"))


def _inbox() -> None:
    op.create_table(
        "inbox",
        sa.Column("event_id", UUID, nullable=False),
        sa.Column("type", sa.Text, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("attempts", sa.Integer, nullable=False, server_default="0"),
        sa.Column("next_attempt_at", MOMENT),
        sa.Column("reason", sa.Text),
        sa.Column("headers", postgresql.JSONB),
        sa.Column("body", sa.LargeBinary),
        sa.Column("received_at", MOMENT, nullable=False, server_default=sa.func.now()),
        sa.PrimaryKeyConstraint("event_id", name="pk_inbox"),
    )
    op.create_index("ix_inbox_retry", "inbox", ["next_attempt_at"], postgresql_where=sa.text("state = 'retry'"))
    op.create_index("ix_inbox_dead", "inbox", ["received_at"], postgresql_where=sa.text("state = 'dead'"))


def _idempotency_keys() -> None:
    op.create_table(
        "idempotency_keys",
        sa.Column("organisation_id", UUID, nullable=False),
        sa.Column("person_id", UUID, nullable=False),
        sa.Column("route", sa.Text, nullable=False),
        sa.Column("key", sa.Text, nullable=False),
        sa.Column("body_sha256", sa.Text, nullable=False),
        sa.Column("status", sa.Integer, nullable=False),
        sa.Column("headers", postgresql.JSONB, nullable=False),
        sa.Column("body", sa.LargeBinary, nullable=False),
        sa.Column("answered_at", MOMENT, nullable=False, server_default=sa.func.now()),
        sa.PrimaryKeyConstraint("organisation_id", "person_id", "route", "key", name="pk_idempotency_keys"),
    )
