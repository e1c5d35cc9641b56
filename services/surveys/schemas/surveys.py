"""What the routes about answering take and give."""

import marshmallow as ma

from services.kit.http import Prose, StrictSchema, TrueOrFalse
from services.kit.identity import LOCALES
from services.surveys.answering import KINDS
from services.surveys.models import State

COMMENT_LENGTH = 2000


class AnswerIn(StrictSchema):
    """A household's answer. What is left out or null was not answered."""

    solved = TrueOrFalse(required=True)
    satisfaction = ma.fields.Integer(
        strict=True, load_default=None, allow_none=True, validate=ma.validate.Range(min=1, max=5)
    )
    comment = Prose(least=0, most=COMMENT_LENGTH, load_default=None, allow_none=True)


class Question(ma.Schema):
    """One question of the form, in the caller's language."""

    name = ma.fields.String(required=True)
    kind = ma.fields.String(required=True, validate=ma.validate.OneOf(["yes_no", "scale", "text"]))
    required = ma.fields.Boolean(required=True)
    text = ma.fields.String(required=True)
    least = ma.fields.Integer()
    most = ma.fields.Integer()


class Asked(ma.Schema):
    """What every form says of itself. `answer` is `human`, `proxy` or `missing`: what has come of asking so far."""

    survey_id = ma.fields.UUID(required=True)
    ticket_number = ma.fields.String(required=True)
    state = ma.fields.String(required=True, validate=ma.validate.OneOf([state.value for state in State]))
    answer = ma.fields.String(required=True, validate=ma.validate.OneOf(list(KINDS.values())))
    message = ma.fields.String(required=True)
    completed_at = ma.fields.DateTime(required=True)
    expires_at = ma.fields.DateTime(required=True)
    ended_at = ma.fields.DateTime(required=True, allow_none=True)
    question_set = ma.fields.String(required=True)
    question_set_version = ma.fields.Integer(required=True)
    questions = ma.fields.List(ma.fields.Nested(Question), required=True)


class SurveyOut(Asked):
    """A survey as its link shows it. `questions` is empty once it can no longer be answered; `message` says why."""

    language = ma.fields.String(required=True, validate=ma.validate.OneOf(LOCALES))


class ReturnVisit(Asked):
    """A survey as its household sees it when signed in: without the link, and for longer (`late`)."""

    ticket_id = ma.fields.UUID(required=True)
    late = ma.fields.Boolean(required=True)
    invited_at = ma.fields.DateTime(required=True)
    answerable_until = ma.fields.DateTime(required=True)


class ReturnVisits(ma.Schema):
    """A page of what a household can still answer."""

    items = ma.fields.List(ma.fields.Nested(ReturnVisit), required=True)


class AnswerOut(ma.Schema):
    """The receipt for an answer. It repeats no comment: what a person wrote is kept in one place only."""

    survey_id = ma.fields.UUID(required=True)
    ticket_number = ma.fields.String(required=True)
    state = ma.fields.String(required=True, validate=ma.validate.OneOf([State.ANSWERED.value]))
    message = ma.fields.String(required=True)
    answered_at = ma.fields.DateTime(required=True)
    solved = ma.fields.Boolean(required=True)
    satisfaction = ma.fields.Integer(required=True, allow_none=True)
