"""Answers: what a human of the household said, what somebody said in their place, and each item's value.

A household that did not answer has no row. Append-only: no role of ours may change or delete what was said.
"""

from sqlalchemy import (
    Boolean,
    CheckConstraint,
    Column,
    ForeignKey,
    Index,
    Integer,
    PrimaryKeyConstraint,
    SmallInteger,
    Table,
    Text,
    UniqueConstraint,
    false,
    func,
)

from services.surveys.answering import SPOKESPEOPLE, AnsweredBy, Channel
from services.surveys.models.columns import Id, Moment, metadata, one_of, organisation
from services.surveys.models.visits import return_visits

# `answered_by` tells the household's own answer from a proxy's, of which each visit takes one at most; `spoken_by` is
# what the proxy is to them. `recorded_by` is who of the staff wrote down what was said on the telephone. `late` is an
# answer after the link had run out.
answers = Table(
    "answers",
    metadata,
    Column("id", Id, primary_key=True),
    organisation(),
    Column("survey_id", Id, ForeignKey(return_visits.c.id), nullable=False),
    Column("answered_by", Text, nullable=False),
    Column("solved", Boolean, nullable=False),
    Column("satisfaction", SmallInteger),
    Column("comment", Text),
    Column("answered_at", Moment, nullable=False, server_default=func.clock_timestamp()),
    Column("channel", Text, nullable=False, server_default=Channel.LINK.value),
    Column("recorded_by", Id),
    Column("spoken_by", Text),
    Column("late", Boolean, nullable=False, server_default=false()),
    Column("question_set", Text, nullable=False, server_default="return_visit"),
    Column("question_set_version", Integer, nullable=False, server_default="1"),
    UniqueConstraint("survey_id", "answered_by"),
    CheckConstraint(f"answered_by IN ({one_of(tuple(AnsweredBy))})", name="answered_by"),
    CheckConstraint("satisfaction BETWEEN 1 AND 5", name="satisfaction"),
    CheckConstraint(f"channel IN ({one_of(tuple(Channel))})", name="channel"),
    CheckConstraint("(channel = 'phone') = (recorded_by IS NOT NULL)", name="recorded_by_somebody"),
    CheckConstraint("(answered_by = 'proxy') = (spoken_by IS NOT NULL)", name="proxy_is_somebody"),
    CheckConstraint("answered_by = 'household' OR channel = 'phone'", name="proxy_by_phone"),
    CheckConstraint(f"spoken_by IN ({one_of(SPOKESPEOPLE)})", name="spoken_by"),
)

# A yes is 1 and a no is 0. What was not said has no row.
answer_items = Table(
    "answer_items",
    metadata,
    Column("answer_id", Id, ForeignKey(answers.c.id), nullable=False),
    organisation(),
    Column("survey_id", Id, ForeignKey(return_visits.c.id), nullable=False),
    Column("question_set", Text, nullable=False),
    Column("question_set_version", Integer, nullable=False),
    Column("item", Text, nullable=False),
    Column("value", SmallInteger, nullable=False),
    PrimaryKeyConstraint("answer_id", "question_set", "item"),
)
Index("ix_answer_items_survey", answer_items.c.survey_id)
