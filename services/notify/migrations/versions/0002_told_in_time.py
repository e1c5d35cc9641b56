"""How quickly people were told, ladders of emergencies, phone tasks and incidents; short messages; one's own log."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from services.kit.migrate import grant, in_tenant, protect

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_OWN = f"{in_tenant()} AND person_id = NULLIF(current_setting('doorstep.person', true), '')::uuid"
_HERE = (
    "(coalesce(current_setting('doorstep.communities', true), '') = ''"
    " OR community_id::text = ANY (string_to_array(current_setting('doorstep.communities', true), ',')))"
)
_EVERY = "SELECT, INSERT, UPDATE, DELETE"
_UUID = sa.UUID(as_uuid=False)
_MOMENT = sa.DateTime(timezone=True)


def _for(*roles: str) -> str:
    """Return the condition that a row concerns somebody of these roles, in their communities."""
    listed = ", ".join(f"'{role}'" for role in roles)
    return f"{in_tenant()} AND current_setting('doorstep.role', true) IN ({listed}) AND {_HERE}"


def upgrade() -> None:
    """Create the tables, then say who may do what."""
    op.add_column("contacts", sa.Column("sms_urls", postgresql.ARRAY(sa.Text()), server_default="{}", nullable=False))
    _tellings()
    _alarms()
    _phone_tasks()
    _incidents()
    managers = _for("manager", "admin")
    desk = _for("dispatcher", "manager", "admin")
    for statement in [
        "GRANT UPDATE (sms_urls) ON contacts TO doorstep_notify",
        # The log of what one was told shows through which channel and when, and no address.
        "GRANT SELECT (notice_id, person_id, organisation_id, channel, state, attempts, sent_at) ON deliveries"
        " TO doorstep_notify",
        *protect(
            "notify", "tellings", f"({_OWN}) OR ({managers})", check=_OWN, web="SELECT, UPDATE (read_at)", worker=_EVERY
        ),
        *protect("notify", "alarms", _OWN, web="", worker=_EVERY),
        *grant("notify", "ticket_answers", web="", worker=_EVERY),
        *protect(
            "notify",
            "phone_tasks",
            desk,
            web="SELECT, UPDATE (state, attempts, outcome, claimed_by, claimed_at, call_from, done_at)",
            worker=_EVERY,
        ),
        *protect("notify", "incidents", managers, web="SELECT, UPDATE (closed_at, closed_by, remark)", worker=_EVERY),
    ]:
        op.execute(statement)


def _of_notice(table: str) -> list[sa.ForeignKeyConstraint]:
    return [
        sa.ForeignKeyConstraint(["notice_id"], ["notices.id"], name=op.f(f"fk_{table}_notice_id"), ondelete="CASCADE"),
    ]


def _tellings() -> None:
    op.create_table(
        "tellings",
        sa.Column("notice_id", _UUID, nullable=False),
        sa.Column("organisation_id", _UUID, nullable=False),
        sa.Column("person_id", _UUID, nullable=False),
        sa.Column("community_id", _UUID),
        sa.Column("ticket_id", _UUID),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("audience", sa.Text(), nullable=False),
        sa.Column("number", sa.Text(), server_default="", nullable=False),
        sa.Column("urgency", sa.Text(), nullable=False),
        sa.Column("need_level", sa.Integer()),
        sa.Column("occurred_at", _MOMENT, nullable=False),
        sa.Column("counts_from", _MOMENT, nullable=False),
        sa.Column("target_at", _MOMENT, nullable=False),
        sa.Column("accepted_by", sa.Text()),
        sa.Column("accepted_at", _MOMENT),
        sa.Column("undelivered_at", _MOMENT),
        sa.Column("read_at", _MOMENT),
        *_of_notice("tellings"),
        sa.PrimaryKeyConstraint("notice_id", name=op.f("pk_tellings")),
    )
    op.create_index("ix_tellings_period", "tellings", ["organisation_id", "occurred_at"])


def _alarms() -> None:
    op.create_table(
        "alarms",
        sa.Column("notice_id", _UUID, nullable=False),
        sa.Column("organisation_id", _UUID, nullable=False),
        sa.Column("person_id", _UUID, nullable=False),
        sa.Column("community_id", _UUID),
        sa.Column("ticket_id", _UUID),
        sa.Column("event_id", _UUID, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("audience", sa.Text(), nullable=False),
        sa.Column("occurred_at", _MOMENT, nullable=False),
        sa.Column("step", sa.Integer(), server_default="0", nullable=False),
        sa.Column("next_at", _MOMENT),
        sa.Column("ended_at", _MOMENT),
        sa.Column("ended_by", sa.Text()),
        sa.CheckConstraint("(next_at IS NULL) = (ended_at IS NOT NULL)", name=op.f("ck_alarms_climbing_or_ended")),
        sa.CheckConstraint("ended_by IN ('read', 'answered', 'reached', 'incident')", name=op.f("ck_alarms_end_known")),
        *_of_notice("alarms"),
        sa.PrimaryKeyConstraint("notice_id", name=op.f("pk_alarms")),
    )
    op.create_index("ix_alarms_due", "alarms", ["next_at"], postgresql_where=sa.text("next_at IS NOT NULL"))
    op.create_index("ix_alarms_event", "alarms", ["event_id", "audience"])
    op.create_index("ix_alarms_ticket", "alarms", ["ticket_id"])
    op.create_table(
        "ticket_answers",
        sa.Column("ticket_id", _UUID, nullable=False),
        sa.Column("organisation_id", _UUID, nullable=False),
        sa.Column("answered_at", _MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("ticket_id", name=op.f("pk_ticket_answers")),
    )


def _phone_tasks() -> None:
    op.create_table(
        "phone_tasks",
        sa.Column("id", _UUID, nullable=False),
        sa.Column("notice_id", _UUID, nullable=False),
        sa.Column("organisation_id", _UUID, nullable=False),
        sa.Column("community_id", _UUID),
        sa.Column("person_id", _UUID, nullable=False),
        sa.Column("ticket_id", _UUID),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("audience", sa.Text(), nullable=False),
        sa.Column("locale", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), server_default="open", nullable=False),
        sa.Column("attempts", sa.Integer(), server_default="0", nullable=False),
        sa.Column("outcome", sa.Text()),
        sa.Column("claimed_by", _UUID),
        sa.Column("claimed_at", _MOMENT),
        sa.Column("call_from", _MOMENT),
        sa.Column("created_at", _MOMENT, server_default=sa.text("now()"), nullable=False),
        sa.Column("done_at", _MOMENT),
        sa.CheckConstraint("state IN ('open', 'claimed', 'done')", name=op.f("ck_phone_tasks_state_known")),
        sa.CheckConstraint(
            "(state = 'claimed') <= (claimed_by IS NOT NULL)", name=op.f("ck_phone_tasks_claimed_by_somebody")
        ),
        *_of_notice("phone_tasks"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_phone_tasks")),
        sa.UniqueConstraint("notice_id", name=op.f("uq_phone_tasks_notice_id")),
    )
    op.create_index("ix_phone_tasks_list", "phone_tasks", ["organisation_id", "id"])


def _incidents() -> None:
    op.create_table(
        "incidents",
        sa.Column("id", _UUID, nullable=False),
        sa.Column("notice_id", _UUID, nullable=False),
        sa.Column("organisation_id", _UUID, nullable=False),
        sa.Column("community_id", _UUID),
        sa.Column("person_id", _UUID, nullable=False),
        sa.Column("ticket_id", _UUID),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("audience", sa.Text(), nullable=False),
        sa.Column("cause", sa.Text(), nullable=False),
        sa.Column("opened_at", _MOMENT, nullable=False),
        sa.Column("told_at", _MOMENT),
        sa.Column("closed_at", _MOMENT),
        sa.Column("closed_by", _UUID),
        sa.Column("remark", sa.Text()),
        sa.CheckConstraint("cause IN ('undelivered', 'unacknowledged')", name=op.f("ck_incidents_cause_known")),
        sa.CheckConstraint("(closed_at IS NULL) = (closed_by IS NULL)", name=op.f("ck_incidents_closed_by_somebody")),
        *_of_notice("incidents"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_incidents")),
        sa.UniqueConstraint("notice_id", name=op.f("uq_incidents_notice_id")),
    )
    op.create_index("ix_incidents_untold", "incidents", ["id"], postgresql_where=sa.text("told_at IS NULL"))
    op.create_index("ix_incidents_list", "incidents", ["organisation_id", "id"])
