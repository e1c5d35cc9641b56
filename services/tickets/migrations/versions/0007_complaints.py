"""Complaints: the case beside a ticket, and the words by which earlier cases are found."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from services.kit.migrate import in_tenant, protect
from services.tickets.complaints.similarity import indexed

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

_ID = sa.UUID(as_uuid=False)
_MOMENT = sa.DateTime(timezone=True)
_ROLE = "(SELECT current_setting('doorstep.role', true))"
_TENANT = "organisation_id = (SELECT NULLIF(current_setting('doorstep.organisation', true), '')::uuid)"
_EVERYWHERE = "(SELECT NULLIF(current_setting('doorstep.communities', true), '')) IS NULL"
# Staff of all communities see whatever is their organisation's, and are not asked once a row.
_CASE = f"""{_TENANT} AND CASE WHEN {_ROLE} IN ('crew', 'dispatcher', 'manager', 'admin') AND {_EVERYWHERE} THEN true
    ELSE sees_ticket(ticket_id) END"""
# They are other people's words, even if no sentences. What they lead to is a ticket, with its own policy.
_WORDS = f"{_TENANT} AND {_ROLE} IN ('crew', 'dispatcher', 'manager', 'admin')"
_KNOWN = {
    "step": "'identified', 'assessed', 'offered', 'chosen', 'approved', 'acting', 'settled', 'replied', 'reviewed'",
    "emotion": "'angry', 'anxious', 'sad', 'agitated', 'calm'",
    "cause": "'facility_quality', 'repair_quality', 'network_coverage', 'desk_error', 'staff_conduct', 'policy',"
    " 'over_expectation', 'differing_standards', 'unreasonable_demand'",
    "severity": "'minor', 'serious', 'grave'",
    "outcome": "'solved', 'not_solved', 'not_reached'",
}
_BATCH = 1000


def upgrade() -> None:
    """Create the tables, say who may do what with them, and make the complaints that are there findable."""
    _cases()
    op.create_table(
        "complaint_words",
        sa.Column("organisation_id", _ID, nullable=False),
        sa.Column("word", sa.Text(), nullable=False),
        sa.Column("ticket_id", _ID, nullable=False),
        sa.ForeignKeyConstraint(["ticket_id"], ["tickets.id"], name=op.f("fk_complaint_words_ticket_id")),
        sa.PrimaryKeyConstraint("organisation_id", "word", "ticket_id", name=op.f("pk_complaint_words")),
    )
    op.create_index(op.f("ix_complaint_words_ticket_id"), "complaint_words", ["ticket_id"])
    op.create_index(
        "ix_tickets_complaints",
        "tickets",
        ["organisation_id", sa.text("filed_at DESC"), sa.text("id DESC")],
        postgresql_where=sa.text("work_type = 'complaint'"),
    )
    op.create_index("ix_history_escalations", "history", ["ticket_id"], postgresql_where=sa.text("action = 'escalate'"))
    _remember_what_is_there()
    every = "SELECT, INSERT, UPDATE, DELETE"
    for statement in (
        *protect("tickets", "complaints", _CASE, web="SELECT, INSERT, UPDATE", worker=every),
        *protect("tickets", "complaint_words", _WORDS, check=in_tenant(), web="SELECT, INSERT, DELETE", worker=every),
    ):
        op.execute(statement)


def _cases() -> None:
    op.create_table(
        "complaints",
        sa.Column("ticket_id", _ID, nullable=False),
        sa.Column("organisation_id", _ID, nullable=False),
        sa.Column("step", sa.Text(), nullable=False),
        sa.Column("complainant_id", _ID, nullable=False),
        sa.Column("emotion", sa.Text(), nullable=False),
        sa.Column("cause", sa.Text(), nullable=False),
        sa.Column("identified_at", _MOMENT, nullable=False),
        sa.Column("identified_by", _ID, nullable=False),
        sa.Column("identified_remark", _ID, nullable=False),
        sa.Column("severity", sa.Text(), nullable=True),
        sa.Column("justified", sa.Boolean(), nullable=True),
        sa.Column("settle_at_once", sa.Boolean(), nullable=True),
        sa.Column("department", sa.Text(), nullable=True),
        sa.Column("investigate_until", _MOMENT, nullable=True),
        sa.Column("earlier", sa.ARRAY(_ID), server_default="{}", nullable=False),
        sa.Column("assessed_at", _MOMENT, nullable=True),
        sa.Column("assessed_remark", _ID, nullable=True),
        sa.Column("options", postgresql.JSONB(), server_default="[]", nullable=False),
        sa.Column("offered_at", _MOMENT, nullable=True),
        sa.Column("offered_remark", _ID, nullable=True),
        sa.Column("chosen", sa.SmallInteger(), nullable=True),
        sa.Column("chosen_by_role", sa.Text(), nullable=True),
        sa.Column("chosen_at", _MOMENT, nullable=True),
        sa.Column("approval_due_at", _MOMENT, nullable=True),
        sa.Column("approval_late_at", _MOMENT, nullable=True),
        sa.Column("approved_at", _MOMENT, nullable=True),
        sa.Column("approved_by", _ID, nullable=True),
        sa.Column("approvals_in_time", sa.Integer(), server_default="0", nullable=False),
        sa.Column("approvals_late", sa.Integer(), server_default="0", nullable=False),
        sa.Column("acted_at", _MOMENT, nullable=True),
        sa.Column("settled_at", _MOMENT, nullable=True),
        sa.Column("settled_remark", _ID, nullable=True),
        sa.Column("first_contact", sa.Boolean(), nullable=True),
        sa.Column("outcome", sa.Text(), nullable=True),
        sa.Column("reviewed_at", _MOMENT, nullable=True),
        sa.Column("lesson_remark", _ID, nullable=True),
        *(
            sa.CheckConstraint(f"{column} IN ({values})", name=op.f(f"ck_complaints_{column}_known"))
            for column, values in _KNOWN.items()
        ),
        sa.ForeignKeyConstraint(["ticket_id"], ["tickets.id"], name=op.f("fk_complaints_ticket_id")),
        sa.PrimaryKeyConstraint("ticket_id", name=op.f("pk_complaints")),
    )
    op.create_index(
        "ix_complaints_approval",
        "complaints",
        ["approval_due_at"],
        postgresql_where=sa.text("step = 'chosen' AND approval_late_at IS NULL"),
    )
    op.create_index("ix_complaints_lessons", "complaints", ["organisation_id", sa.text("reviewed_at DESC")])


def _remember_what_is_there() -> None:
    """Write the words of every organisation's complaints: the tables' owner is held to their policies otherwise."""
    db = op.get_bind()
    op.execute("ALTER TABLE tickets NO FORCE ROW LEVEL SECURITY")
    after = "00000000-0000-0000-0000-000000000000"
    while True:
        rows = db.execute(
            sa.text(
                "SELECT id::text, organisation_id::text, title, description FROM tickets"
                " WHERE work_type = 'complaint' AND id > CAST(:after AS uuid) ORDER BY id LIMIT :batch"
            ),
            {"after": after, "batch": _BATCH},
        ).all()
        if not rows:
            break
        found = [
            {"organisation": row.organisation_id, "ticket": row.id, "word": word}
            for row in rows
            for word in indexed(f"{row.title}\n{row.description}")
        ]
        if found:
            db.execute(
                sa.text(
                    "INSERT INTO complaint_words (organisation_id, word, ticket_id)"
                    " VALUES (CAST(:organisation AS uuid), :word, CAST(:ticket AS uuid))"
                ),
                found,
            )
        after = rows[-1].id
    op.execute("ALTER TABLE tickets FORCE ROW LEVEL SECURITY")
