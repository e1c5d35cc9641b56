"""What the routes about calls take and give."""

from typing import Any

import marshmallow as ma

from services.kit.http import Page, StrictSchema
from services.surveys.answering import SPOKESPEOPLE
from services.surveys.calling import ANSWERED, CALL_LATER, ENDINGS, OUTCOMES, PROXY, State
from services.surveys.drawing import REASONS
from services.surveys.schemas.surveys import AnswerIn, Question

# What each outcome brings along; nothing else may come with it.
_BRINGS = {ANSWERED: {"answer"}, PROXY: {"answer", "spoken_by"}, CALL_LATER: {"call_again_at"}}


class CallbackPage(Page):
    """The query of the queue."""

    community_id = ma.fields.UUID(load_default=None)
    mine = ma.fields.Boolean(load_default=False)


class AttemptIn(StrictSchema):
    """How a call went. `answered` is the household itself; `proxy` is somebody speaking in its place."""

    outcome = ma.fields.String(required=True, validate=ma.validate.OneOf(OUTCOMES))
    called_at = ma.fields.AwareDateTime(load_default=None, allow_none=True)
    call_again_at = ma.fields.AwareDateTime(load_default=None, allow_none=True)
    spoken_by = ma.fields.String(load_default=None, allow_none=True, validate=ma.validate.OneOf(SPOKESPEOPLE))
    answer = ma.fields.Nested(AnswerIn, load_default=None, allow_none=True)

    @ma.validates_schema
    def check_fit(self, data: dict[str, Any], **_kwargs: Any) -> None:
        """Refuse an outcome without what it brings along, or with what does not belong to it."""
        brings = _BRINGS.get(data["outcome"], set())
        wrong = {}
        for name in ("answer", "spoken_by", "call_again_at"):
            given = data.get(name) is not None
            if given and name not in brings:
                wrong[name] = ["Does not belong to this outcome."]
            elif not given and name in brings:
                wrong[name] = ["Missing data for required field."]
        if wrong:
            raise ma.ValidationError(wrong)


class Person(ma.Schema):
    """Somebody of the staff, by the name they work under."""

    id = ma.fields.UUID(required=True)
    name = ma.fields.String(required=True, allow_none=True)


class Callback(ma.Schema):
    """A call. `drawn_with` is the probability with which it was drawn, `reason` why it was."""

    id = ma.fields.UUID(required=True)
    survey_id = ma.fields.UUID(required=True)
    ticket_id = ma.fields.UUID(required=True)
    ticket_number = ma.fields.String(required=True)
    completion = ma.fields.Integer(required=True)
    community_id = ma.fields.UUID(required=True)
    unit_id = ma.fields.UUID(required=True, allow_none=True)
    completed_at = ma.fields.DateTime(required=True)
    reason = ma.fields.String(required=True, validate=ma.validate.OneOf(REASONS))
    drawn_with = ma.fields.Float(required=True, validate=ma.validate.Range(min=0, max=1))
    state = ma.fields.String(required=True, validate=ma.validate.OneOf([state.value for state in State]))
    attempts = ma.fields.Integer(required=True)
    attempts_left = ma.fields.Integer(required=True)
    possible_at = ma.fields.DateTime(required=True, allow_none=True)
    expires_at = ma.fields.DateTime(required=True, allow_none=True)
    claimed_by = ma.fields.Nested(Person, required=True, allow_none=True)
    claimed_until = ma.fields.DateTime(required=True, allow_none=True)
    ended_because = ma.fields.String(required=True, allow_none=True, validate=ma.validate.OneOf(ENDINGS))
    ended_at = ma.fields.DateTime(required=True, allow_none=True)


class Callbacks(ma.Schema):
    """A page of the queue."""

    items = ma.fields.List(ma.fields.Nested(Callback), required=True)


class Step(ma.Schema):
    """Something to say, in both languages. `asks` names the question, `when` the case it is for."""

    name = ma.fields.String(required=True)
    asks = ma.fields.String(required=True, allow_none=True)
    when = ma.fields.String(required=True, allow_none=True)
    text = ma.fields.Dict(keys=ma.fields.String(), values=ma.fields.String(), required=True)


class Call(ma.Schema):
    """One attempt that was made."""

    number = ma.fields.Integer(required=True)
    outcome = ma.fields.String(required=True, validate=ma.validate.OneOf(OUTCOMES))
    called_by = ma.fields.Nested(Person, required=True)
    called_at = ma.fields.DateTime(required=True)
    call_again_at = ma.fields.DateTime(required=True, allow_none=True)


class CallbackInFull(Callback):
    """A call with its script; the caller's screen fills in the `placeholders`."""

    script = ma.fields.List(ma.fields.Nested(Step), required=True)
    placeholders = ma.fields.List(ma.fields.String(), required=True)
    questions = ma.fields.List(ma.fields.Nested(Question), required=True)
    calls = ma.fields.List(ma.fields.Nested(Call), required=True)
