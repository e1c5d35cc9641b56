"""How quickly people were told, the ladders that emergencies climb, calls for the desk to make, and incidents."""

from sqlalchemy import CheckConstraint, Column, DateTime, ForeignKey, Index, Integer, Table, Text, func
from sqlalchemy.dialects.postgresql import UUID

from services.notify.models.notices import metadata


def _of_notice() -> Column[str]:
    return Column("notice_id", UUID(as_uuid=False), ForeignKey("notices.id", ondelete="CASCADE"), primary_key=True)


def _moment(name: str, *, needed: bool = False) -> Column[object]:
    return Column(name, DateTime(timezone=True), nullable=not needed)


# One row a notice, without its words, so that whoever answers for the figures sees no one's messages.
# `accepted_at` is when a channel beyond the inbox first took it; the inbox counts where there is no other.
tellings = Table(
    "tellings",
    metadata,
    _of_notice(),
    Column("organisation_id", UUID(as_uuid=False), nullable=False),
    Column("person_id", UUID(as_uuid=False), nullable=False),
    Column("community_id", UUID(as_uuid=False)),
    Column("ticket_id", UUID(as_uuid=False)),
    Column("kind", Text, nullable=False),
    Column("audience", Text, nullable=False),
    Column("number", Text, nullable=False, server_default=""),
    Column("urgency", Text, nullable=False),
    Column("need_level", Integer),
    _moment("occurred_at", needed=True),
    _moment("counts_from", needed=True),
    _moment("target_at", needed=True),
    Column("accepted_by", Text),
    _moment("accepted_at"),
    _moment("undelivered_at"),
    _moment("read_at"),
)
Index("ix_tellings_period", tellings.c.organisation_id, tellings.c.occurred_at)

# `step` is the number of rungs taken; `next_at` when the next is due, NULL once it ended (`ended_by` says how).
alarms = Table(
    "alarms",
    metadata,
    _of_notice(),
    Column("organisation_id", UUID(as_uuid=False), nullable=False),
    Column("person_id", UUID(as_uuid=False), nullable=False),
    Column("community_id", UUID(as_uuid=False)),
    Column("ticket_id", UUID(as_uuid=False)),
    Column("event_id", UUID(as_uuid=False), nullable=False),
    Column("kind", Text, nullable=False),
    Column("audience", Text, nullable=False),
    _moment("occurred_at", needed=True),
    Column("step", Integer, nullable=False, server_default="0"),
    _moment("next_at"),
    _moment("ended_at"),
    Column("ended_by", Text),
    CheckConstraint("(next_at IS NULL) = (ended_at IS NOT NULL)", name="climbing_or_ended"),
    CheckConstraint("ended_by IN ('read', 'answered', 'reached', 'incident')", name="end_known"),
)
Index("ix_alarms_due", alarms.c.next_at, postgresql_where=alarms.c.next_at.is_not(None))
Index("ix_alarms_event", alarms.c.event_id, alarms.c.audience)
Index("ix_alarms_ticket", alarms.c.ticket_id)

# When somebody last answered for a ticket (took it, acknowledged it, ended it), for alarms that may come after it.
ticket_answers = Table(
    "ticket_answers",
    metadata,
    Column("ticket_id", UUID(as_uuid=False), primary_key=True),
    Column("organisation_id", UUID(as_uuid=False), nullable=False),
    _moment("answered_at", needed=True),
)

phone_tasks = Table(
    "phone_tasks",
    metadata,
    Column("id", UUID(as_uuid=False), primary_key=True),
    Column("notice_id", UUID(as_uuid=False), ForeignKey("notices.id", ondelete="CASCADE"), nullable=False, unique=True),
    Column("organisation_id", UUID(as_uuid=False), nullable=False),
    Column("community_id", UUID(as_uuid=False)),
    Column("person_id", UUID(as_uuid=False), nullable=False),
    Column("ticket_id", UUID(as_uuid=False)),
    Column("kind", Text, nullable=False),
    Column("audience", Text, nullable=False),
    # What to say, in the words and the language in which the person was written to.
    Column("locale", Text, nullable=False),
    Column("title", Text, nullable=False),
    Column("state", Text, nullable=False, server_default="open"),
    Column("attempts", Integer, nullable=False, server_default="0"),
    Column("outcome", Text),
    Column("claimed_by", UUID(as_uuid=False)),
    _moment("claimed_at"),
    _moment("call_from"),
    Column("created_at", DateTime(timezone=True), nullable=False, server_default=func.now()),
    _moment("done_at"),
    CheckConstraint("state IN ('open', 'claimed', 'done')", name="state_known"),
    CheckConstraint("(state = 'claimed') <= (claimed_by IS NOT NULL)", name="claimed_by_somebody"),
)
Index("ix_phone_tasks_list", phone_tasks.c.organisation_id, phone_tasks.c.id)
Index("ix_phone_tasks_person", phone_tasks.c.person_id, phone_tasks.c.ticket_id)

incidents = Table(
    "incidents",
    metadata,
    Column("id", UUID(as_uuid=False), primary_key=True),
    Column("notice_id", UUID(as_uuid=False), ForeignKey("notices.id", ondelete="CASCADE"), nullable=False, unique=True),
    Column("organisation_id", UUID(as_uuid=False), nullable=False),
    Column("community_id", UUID(as_uuid=False)),
    Column("person_id", UUID(as_uuid=False), nullable=False),
    Column("ticket_id", UUID(as_uuid=False)),
    Column("kind", Text, nullable=False),
    Column("audience", Text, nullable=False),
    Column("cause", Text, nullable=False),
    _moment("opened_at", needed=True),
    # When managers were told of it.
    _moment("told_at"),
    _moment("closed_at"),
    Column("closed_by", UUID(as_uuid=False)),
    Column("remark", Text),
    CheckConstraint("cause IN ('undelivered', 'unacknowledged')", name="cause_known"),
    CheckConstraint("(closed_at IS NULL) = (closed_by IS NULL)", name="closed_by_somebody"),
)
Index("ix_incidents_untold", incidents.c.id, postgresql_where=incidents.c.told_at.is_(None))
Index("ix_incidents_list", incidents.c.organisation_id, incidents.c.id)
