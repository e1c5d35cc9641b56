"""What the surveys' reports are asked for and what they answer."""

from typing import Any

import marshmallow as ma
from marshmallow import ValidationError, fields
from marshmallow.validate import OneOf

from services.kit.http import Page, StrictSchema
from services.kit.http.sheets import InFormat
from services.surveys.question_sets import DIMENSIONS
from services.surveys.reports.gap import MEASURED, NAMES, NOT_ENOUGH
from services.surveys.reports.satisfaction import COMMUNITY, GROUPINGS


class Between(StrictSchema):
    """A period by moments with their offset, `to` not included, and a community."""

    since = fields.AwareDateTime(data_key="from", load_default=None)
    until = fields.AwareDateTime(data_key="to", load_default=None)
    community_id = fields.UUID(load_default=None)

    @ma.validates_schema
    def _in_order(self, data: dict[str, Any], **_: Any) -> None:
        since, until = data.get("since"), data.get("until")
        if since is not None and until is not None and since > until:
            raise ValidationError("Begins after it ends.", field_name="from")


class SatisfactionQuery(Between, InFormat):
    """By community, or month by month."""

    group_by = fields.String(load_default=COMMUNITY, validate=OneOf(GROUPINGS))


class GapsQuery(Between, InFormat):
    """As JSON, or as a table."""


class RecoveryQuery(Between, Page, InFormat):
    """A page of households; a table has all of them."""


class IntervalOut(ma.Schema):
    """Where the true figure lies with the probability `level`, and by which method that was found."""

    low = fields.Float(required=True)
    high = fields.Float(required=True)
    method = fields.String(required=True, validate=OneOf(("wilson", "bootstrap", "normal", "order_statistics")))
    level = fields.Float(required=True)


class FigureOut(ma.Schema):
    """A figure with how many answers it stands on. Of nothing comes nothing: `value` is null where n is 0."""

    value = fields.Float(required=True, allow_none=True)
    n = fields.Integer(required=True)
    interval = fields.Nested(IntervalOut, required=True, allow_none=True)


def _lists() -> fields.Dict:
    """The addresses of the lists behind counts, by the counts' names."""
    return fields.Dict(keys=fields.String(), values=fields.String(), required=True)


def _both() -> fields.Dict:
    return fields.Dict(keys=fields.String(), values=fields.String(), required=True)


class Visits(ma.Schema):
    """What came of asking: each visit is one of answered, proxy, silent and open; the withdrawn are beside."""

    asked = fields.Integer(required=True)
    answered = fields.Integer(required=True)
    proxy = fields.Integer(required=True)
    silent = fields.Integer(required=True)
    open = fields.Integer(required=True)
    withdrawn = fields.Integer(required=True)
    response_rate = fields.Nested(FigureOut, required=True)
    silence_rate = fields.Nested(FigureOut, required=True)


class SaidOut(ma.Schema):
    """What one kind of speaker said."""

    solved = fields.Nested(FigureOut, required=True)
    csat = fields.Nested(FigureOut, required=True)
    ratings = fields.Dict(keys=fields.String(), values=fields.Integer(), required=True)


class HouseholdSaid(SaidOut):
    """What households said themselves."""

    nps = fields.Nested(FigureOut, required=True)
    ces = fields.Nested(FigureOut, required=True)
    servqual = fields.Dict(
        keys=fields.String(validate=OneOf(DIMENSIONS)), values=fields.Nested(FigureOut), required=True
    )


class ProxiesSaid(SaidOut):
    """What others said in a household's place: never part of the figures."""

    n = fields.Integer(required=True)


class RuleOut(ma.Schema):
    """A rule of thumb of the documents, with its source."""

    kind = fields.String(required=True, validate=OneOf(("estimate",)))
    code = fields.String(required=True)
    says = _both()
    source = _both()


class CountedFrom(ma.Schema):
    """The figure of ours that an estimate starts from."""

    what = fields.String(required=True)
    n = fields.Integer(required=True)


class Estimate(RuleOut):
    """What would follow from a rule of thumb. It is not a figure: nobody counted it."""

    counts = _both()
    computed_from = fields.Nested(CountedFrom, required=True)
    low = fields.Integer(required=True, allow_none=True)
    high = fields.Integer(required=True, allow_none=True)


class Satisfaction(ma.Schema):
    """One community's voice, or that of all."""

    return_visits = fields.Nested(Visits, required=True)
    household = fields.Nested(HouseholdSaid, required=True)
    proxies = fields.Nested(ProxiesSaid, required=True)
    estimates = fields.List(fields.Nested(Estimate), required=True)
    behind = _lists()


class CommunitySatisfaction(Satisfaction):
    """One community's voice."""

    community_id = fields.UUID(required=True)


class MonthlySatisfaction(Satisfaction):
    """The voice of one month."""

    month = fields.String(required=True)


class _Told(ma.Schema):
    """What a report was asked for, and when."""

    asof = fields.AwareDateTime(required=True)
    since = fields.AwareDateTime(required=True, allow_none=True, data_key="from")
    until = fields.AwareDateTime(required=True, allow_none=True, data_key="to")
    community_id = fields.UUID(required=True, allow_none=True)


class SatisfactionReport(_Told):
    """Who was asked and what they said: by community or by month, as asked for, and the other list is empty."""

    group_by = fields.String(required=True, validate=OneOf(GROUPINGS))
    months = fields.List(fields.Nested(MonthlySatisfaction), required=True)
    communities = fields.List(fields.Nested(CommunitySatisfaction), required=True)
    total = fields.Nested(Satisfaction, required=True)


class Lack(ma.Schema):
    """What there is too little of."""

    what = fields.String(required=True)
    have = fields.Integer(required=True)
    needed = fields.Integer(required=True)
    missing = fields.Integer(required=True)


class GapOut(ma.Schema):
    """One gap: measured with its figure, or not enough data with what is missing."""

    gap = fields.Integer(required=True)
    code = fields.String(required=True, validate=OneOf(tuple(NAMES)))
    name = _both()
    between = _both()
    verdict = fields.String(required=True, validate=OneOf((MEASURED, NOT_ENOUGH)))
    unit = fields.String(required=True)
    n = fields.Integer(required=True)
    figure = fields.Nested(FigureOut, required=True, allow_none=True)
    data = fields.Dict(required=True)
    details = fields.List(fields.Dict(), required=True)
    to_close = fields.Dict(required=True, allow_none=True)
    lacks = fields.List(fields.Nested(Lack), required=True)
    behind = _lists()


class CommunityGaps(ma.Schema):
    """The five gaps of a community."""

    community_id = fields.UUID(required=True)
    gaps = fields.List(fields.Nested(GapOut), required=True)


class GapsReport(_Told):
    """The five gaps of every community."""

    communities = fields.List(fields.Nested(CommunityGaps), required=True)
    rules_of_thumb = fields.List(fields.Nested(RuleOut), required=True)


class Balance(ma.Schema):
    """A household's balance: `owed` is how many good services it still takes. No names: ids only."""

    unit_id = fields.UUID(required=True)
    community_id = fields.UUID(required=True)
    good = fields.Integer(required=True)
    bad = fields.Integer(required=True)
    neither = fields.Integer(required=True)
    owed = fields.Integer(required=True)
    last_bad_at = fields.AwareDateTime(required=True, allow_none=True)
    behind = _lists()


class RecoveryReport(_Told):
    """A page of households, those owed most first; the price of a bad service is a rule of thumb."""

    estimate = fields.Nested(RuleOut, required=True)
    items = fields.List(fields.Nested(Balance), required=True)
