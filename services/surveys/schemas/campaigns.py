"""What the campaigns' routes take and give."""

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import marshmallow as ma
from marshmallow import ValidationError, fields
from marshmallow.validate import OneOf

from services.kit.http import Line, Page, Prose, StrictSchema
from services.kit.identity import LOCALES
from services.surveys import question_sets
from services.surveys.models.campaigns import CAMPAIGN_STATES
from services.surveys.schemas.figures import FigureOut
from services.surveys.schemas.surveys import Question

MOST_ITEMS = 100
OPINION = "opinion"
DEFAULT_ZONE = "Asia/Shanghai"


class Zone(Line):
    """The name of a time zone."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> str:
        name = super()._deserialize(value, attr, data, **kwargs)
        try:
            ZoneInfo(name)
        except (ZoneInfoNotFoundError, ValueError, OSError) as problem:
            raise ValidationError("No time zone of that name.") from problem
        return name


def _askable() -> list[str]:
    """The sets that can be asked apart from a single job: whether something is solved is no opinion."""
    sets = question_sets.load().values()
    return sorted(one.name for one in sets if all(item.kind != question_sets.YES_NO for item in one.items))


class CampaignIn(StrictSchema):
    """A campaign as planned. Without `opens_at` it opens at once."""

    name = Line(most=100, required=True)
    community_id = fields.UUID(required=True)
    question_set = fields.String(load_default=OPINION)
    timezone = Zone(most=64, load_default=DEFAULT_ZONE)
    opens_at = fields.AwareDateTime(load_default=None, allow_none=True)
    closes_at = fields.AwareDateTime(required=True)

    @ma.validates("question_set")
    def _known(self, value: str, **_: Any) -> None:
        if value not in _askable():
            raise ValidationError(f"Must be one of: {', '.join(_askable())}.")

    @ma.validates_schema
    def _in_order(self, data: dict[str, Any], **_: Any) -> None:
        opens: datetime | None = data.get("opens_at")
        if opens is not None and "closes_at" in data and data["closes_at"] <= opens:
            raise ValidationError("Closes before it opens.", field_name="closes_at")


class CampaignPage(Page):
    """Which campaigns to list."""

    community_id = fields.UUID(load_default=None)
    state = fields.String(load_default=None, validate=OneOf(CAMPAIGN_STATES))


class Answers(ma.fields.Dict):
    """A value for each item: a whole number, true or false, or a text; the set says which."""

    def __init__(self, **kwargs: Any) -> None:
        validators = [ma.validate.Length(max=MOST_ITEMS)]
        super().__init__(keys=Line(most=100), values=AnyValue(allow_none=True), validate=validators, **kwargs)


class AnyValue(ma.fields.Raw):
    """A JSON value that is no list and no object; texts are held to what a comment may hold."""

    _words = Prose(least=0, most=2000)

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> Any:
        if isinstance(value, str):
            return self._words.deserialize(value, attr, data)
        if not isinstance(value, bool | int):
            raise ValidationError("Must be a whole number, true or false, or a text.")
        return value


class OpinionIn(StrictSchema):
    """A household's answer behind a link. What is left out or null was not answered."""

    answers = Answers(required=True)


class OwnOpinionIn(OpinionIn):
    """The answer of somebody signed in; `unit_id` says for which home, where there are several."""

    unit_id = fields.UUID(load_default=None, allow_none=True)


class HomeOut(ma.Schema):
    """One of the caller's homes in a campaign."""

    household_id = fields.UUID(required=True)
    unit_id = fields.UUID(required=True)
    invited_at = fields.DateTime(required=True, allow_none=True)
    answered_at = fields.DateTime(required=True, allow_none=True)


class CampaignOut(ma.Schema):
    """A campaign. Residents see their homes in it, and its questions while it can be answered."""

    id = fields.UUID(required=True)
    name = fields.String(required=True)
    community_id = fields.UUID(required=True)
    question_set = fields.String(required=True)
    question_set_version = fields.Integer(required=True)
    timezone = fields.String(required=True)
    state = fields.String(required=True, validate=OneOf(CAMPAIGN_STATES))
    opens_at = fields.DateTime(required=True)
    closes_at = fields.DateTime(required=True)
    households = fields.Integer(required=True, allow_none=True)
    unplaced = fields.Integer(required=True, allow_none=True)
    homes = fields.List(fields.Nested(HomeOut), required=True)
    questions = fields.List(fields.Nested(Question), required=True)
    to_estimate = fields.List(fields.Nested(Question), required=True)


class Campaigns(ma.Schema):
    """A page of campaigns."""

    items = fields.List(fields.Nested(CampaignOut), required=True)


class OpinionOut(ma.Schema):
    """A campaign as its link shows it. `questions` is empty once it can no longer be answered."""

    campaign_id = fields.UUID(required=True)
    household_id = fields.UUID(required=True)
    name = fields.String(required=True)
    state = fields.String(required=True, validate=OneOf((*CAMPAIGN_STATES, "answered")))
    language = fields.String(required=True, validate=OneOf(LOCALES))
    closes_at = fields.DateTime(required=True)
    answered_at = fields.DateTime(required=True, allow_none=True)
    questions = fields.List(fields.Nested(Question), required=True)


class OpinionReceipt(ma.Schema):
    """The receipt for an answer. It repeats nothing of it."""

    campaign_id = fields.UUID(required=True)
    household_id = fields.UUID(required=True)
    unit_id = fields.UUID(required=True)
    answered_at = fields.DateTime(required=True)
    message = fields.String(required=True)


class EstimateOut(ma.Schema):
    """The receipt for a manager's estimate."""

    campaign_id = fields.UUID(required=True)
    manager_id = fields.UUID(required=True)
    answers_before = fields.Integer(required=True)


class Comment(ma.Schema):
    """What somebody wrote, without who."""

    comment = fields.String(required=True)


class Comments(ma.Schema):
    """A page of comments."""

    items = fields.List(fields.Nested(Comment), required=True)


class ResponseOut(ma.Schema):
    """Who answered, of every household of the community. `silent` is told once the campaign is closed."""

    households = fields.Integer(required=True, allow_none=True)
    unplaced = fields.Integer(required=True, allow_none=True)
    invited = fields.Integer(required=True)
    answered = fields.Integer(required=True)
    silent = fields.Integer(required=True, allow_none=True)
    open = fields.Integer(required=True, allow_none=True)
    rate = fields.Nested(FigureOut, required=True)


class OpinionItem(FigureOut):
    """One item: `figure` says which figure `value` is; `values` counts each answer."""

    item = fields.String(required=True)
    text = fields.Dict(keys=fields.String(), values=fields.String(), required=True)
    measures = fields.String(required=True)
    dimension = fields.String(required=True, allow_none=True)
    figure = fields.String(required=True)
    values = fields.Dict(keys=fields.String(), values=fields.Integer(), required=True)
    estimates = fields.Nested(FigureOut, required=True)


class CampaignReport(ma.Schema):
    """What came of a campaign."""

    asof = fields.DateTime(required=True)
    campaign_id = fields.UUID(required=True)
    name = fields.String(required=True)
    community_id = fields.UUID(required=True)
    state = fields.String(required=True)
    question_set = fields.String(required=True)
    question_set_version = fields.Integer(required=True)
    response = fields.Nested(ResponseOut, required=True)
    items = fields.List(fields.Nested(OpinionItem), required=True)
