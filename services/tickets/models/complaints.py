"""The case beside a complaint, and the words by which earlier cases are found."""

from sqlalchemy import (
    Boolean,
    Column,
    ForeignKey,
    Index,
    Integer,
    PrimaryKeyConstraint,
    SmallInteger,
    Table,
    Text,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

from services.tickets.complaints.codes import CAUSES, COMPLAINT, EMOTIONS, OUTCOMES, SEVERITIES
from services.tickets.complaints.steps import STEPS
from services.tickets.models.columns import Id, Moment, metadata, one_of, organisation
from services.tickets.models.tickets import history, tickets

# Codes, moments and ids alone: what people said is in `remarks`, sealed by history, and the case names the remark.
complaints = Table(
    "complaints",
    metadata,
    Column("ticket_id", Id, ForeignKey(tickets.c.id), primary_key=True),
    organisation(),
    Column("step", Text, nullable=False),
    Column("complainant_id", Id, nullable=False),
    Column("emotion", Text, nullable=False),
    Column("cause", Text, nullable=False),
    Column("identified_at", Moment, nullable=False),
    Column("identified_by", Id, nullable=False),
    Column("identified_remark", Id, nullable=False),
    Column("severity", Text),
    Column("justified", Boolean),
    Column("settle_at_once", Boolean),
    Column("department", Text),
    Column("investigate_until", Moment),
    Column("earlier", ARRAY(Id), nullable=False, server_default="{}"),
    Column("assessed_at", Moment),
    Column("assessed_remark", Id),
    # The moments by which each option would be done, in the order of the lines of the remark.
    Column("options", JSONB, nullable=False, server_default="[]"),
    Column("offered_at", Moment),
    Column("offered_remark", Id),
    Column("chosen", SmallInteger),
    Column("chosen_by_role", Text),
    Column("chosen_at", Moment),
    # Until when a manager is to approve, and when it was told that they had not.
    Column("approval_due_at", Moment),
    Column("approval_late_at", Moment),
    Column("approved_at", Moment),
    Column("approved_by", Id),
    Column("approvals_in_time", Integer, nullable=False, server_default="0"),
    Column("approvals_late", Integer, nullable=False, server_default="0"),
    Column("acted_at", Moment),
    Column("settled_at", Moment),
    Column("settled_remark", Id),
    Column("first_contact", Boolean),
    Column("outcome", Text),
    Column("reviewed_at", Moment),
    Column("lesson_remark", Id),
    one_of("step", STEPS[1:]),
    one_of("emotion", tuple(EMOTIONS)),
    one_of("cause", tuple(CAUSES)),
    one_of("severity", tuple(SEVERITIES)),
    one_of("outcome", OUTCOMES),
)
Index(
    "ix_complaints_approval",
    complaints.c.approval_due_at,
    postgresql_where=(complaints.c.step == "chosen") & complaints.c.approval_late_at.is_(None),
)
Index("ix_complaints_lessons", complaints.c.organisation_id, complaints.c.reviewed_at.desc())
# The list of complaints and their report, whoever identified them or not.
Index(
    "ix_tickets_complaints",
    tickets.c.organisation_id,
    tickets.c.filed_at.desc(),
    tickets.c.id.desc(),
    postgresql_where=tickets.c.work_type == COMPLAINT,
)

# A row a word, rather than an array of words under a GIN index: row-level security lets an index be used before its
# own conditions only for operators that leak nothing, and of the two only equality is one.
complaint_words = Table(
    "complaint_words",
    metadata,
    organisation(),
    Column("word", Text, nullable=False),
    Column("ticket_id", Id, ForeignKey(tickets.c.id), nullable=False),
    PrimaryKeyConstraint("organisation_id", "word", "ticket_id"),
)
Index(None, complaint_words.c.ticket_id)
# Which complaints went up is asked by the report on them.
Index("ix_history_escalations", history.c.ticket_id, postgresql_where=history.c.action == "escalate")
