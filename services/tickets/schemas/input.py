"""What the tickets API takes in: bodies and queries, unknown fields refused."""

from typing import Any

from marshmallow import ValidationError, fields, validates_schema
from marshmallow.validate import Length, OneOf, Range, Regexp

from services.kit.http import Line, Page, Prose, StrictSchema, TrueOrFalse
from services.tickets import catalogue, lifecycle
from services.tickets.commands.filing import CHANNELS
from services.tickets.commands.verbs import OUTCOMES
from services.tickets.complaints.codes import CAUSES, EMOTIONS
from services.tickets.queries.reports import BECAME, LISTED, NONE
from services.tickets.queries.reports.acts import ANY
from services.tickets.queries.reports.listing import FIGURES, groupings_of
from services.tickets.queries.verdicts import VERDICTS
from services.tickets.schemas.acts import Act, Told
from services.tickets.schemas.contacts import phone_number
from services.tickets.sla.conditions import CIRCUMSTANCES
from services.tickets.sla.targets import JUDGED, TOTAL


class Circumstances(fields.List):
    """What makes waiting worse: codes of sla.CIRCUMSTANCES, an unknown one refused."""

    def __init__(self, **kwargs: Any) -> None:
        one = fields.String(validate=OneOf(tuple(CIRCUMSTANCES)))
        super().__init__(one, validate=Length(max=len(CIRCUMSTANCES)), **kwargs)


class NewTicket(StrictSchema):
    """A request. Only the description is needed."""

    description = Prose(required=True, most=5000)
    title = Line(most=120, load_default=None)
    catalogue_code = Line(most=60, load_default=None)
    unit_id = fields.UUID(load_default=None)
    community_id = fields.UUID(load_default=None)
    location = Line(most=200, load_default=None)
    urgency = fields.String(load_default=None, validate=OneOf(catalogue.URGENCIES))
    channel = fields.String(load_default="api", validate=OneOf(CHANNELS))
    on_behalf_of = fields.UUID(load_default=None)
    circumstances = Circumstances(load_default=())
    # The open report with the same cause, as POST /triage and GET /similar offer it.
    join = fields.UUID(load_default=None)
    spot_code = fields.String(load_default=None, validate=Regexp(r"[2-9a-z]{18}\Z"))
    # To call about this report; kept beside the ticket, and for a month after it ended.
    phone = phone_number(load_default=None)


class TriageText(StrictSchema):
    """A text to triage without filing it; with a place, open reports there that are like it are found too."""

    text = Prose(required=True, most=5000)
    unit_id = fields.UUID(load_default=None)
    community_id = fields.UUID(load_default=None)


class Nothing(StrictSchema):
    """A step that needs no more words."""


class Done(Act):
    """A crew's step that needs no more words."""


class Assignment(Act):
    """To whom, and what they should know."""

    to = fields.UUID(required=True)
    note = Prose(most=1000, load_default=None)


class Reason(StrictSchema):
    """Why."""

    reason = Prose(required=True, most=1000)


class Release(Act, Reason):
    """Why a job is given back."""


class MaybeReason(StrictSchema):
    """Why, if they care to say."""

    reason = Prose(most=1000, load_default=None)


class Pause(Act):
    """What the job waits for, in words that the resident reads, and until when at the longest."""

    reason = fields.String(required=True, validate=OneOf(lifecycle.WAITING_REASONS))
    note = Prose(required=True, most=1000)
    until = fields.AwareDateTime(required=True)


class Disallowance(StrictSchema):
    """Why a pause is taken back, and which: the number of its entry in the history, by default that of the latest."""

    reason = Prose(required=True, most=1000)
    pause = fields.Integer(load_default=None, strict=True, validate=Range(1, 2**31 - 1))


class CallBack(StrictSchema):
    """Whether the call about a completed job reached somebody, and what the desk remembers of it."""

    outcome = fields.String(required=True, validate=OneOf(OUTCOMES))
    note = Prose(most=1000, load_default=None)


class Note(Act):
    """What was done."""

    note = Prose(most=2000, load_default=None)


class Comment(Told):
    """A comment; `visible` false keeps it among staff."""

    body = Prose(required=True, most=2000)
    visible = TrueOrFalse(load_default=True)


class Promise(Act):
    """The time the resident is told."""

    promised_at = fields.AwareDateTime(required=True)
    note = Prose(most=1000, load_default=None)


class Override(StrictSchema):
    """What triage decided wrongly, and why."""

    reason = Prose(required=True, most=1000)
    catalogue_code = Line(most=60, load_default=None)
    need_level = fields.Integer(load_default=None, strict=True, validate=Range(1, 5))
    urgency = fields.String(load_default=None, validate=OneOf(catalogue.URGENCIES))
    circumstances = Circumstances(load_default=None)


class PhotoUpload(Told):
    """A photo: JPEG, PNG, WebP or HEIC, and in the form beside it when it was taken, see `told_beside`."""

    photo = fields.Raw(required=True, metadata={"type": "string", "format": "binary"})


WHOLE, SMALL = "whole", "small"


class PhotoQuery(StrictSchema):
    """How large a photo is wanted: `small` is at most 8 kB and 256 pixels."""

    size = fields.String(load_default=WHOLE, validate=OneOf((WHOLE, SMALL)))


class IdOrNone(fields.UUID):
    """An id, or “none” for those without."""

    def _deserialize(self, value: Any, *args: Any, **kwargs: Any) -> Any:
        return NONE if value == NONE else super()._deserialize(value, *args, **kwargs)


class IdOrAny(fields.UUID):
    """An id, or “any”."""

    def _deserialize(self, value: Any, *args: Any, **kwargs: Any) -> Any:
        return ANY if value == ANY else super()._deserialize(value, *args, **kwargs)


TOLD_LATER_WORDS = "Those with an act that this person's phone told later than it was done; “any” for anybody's."
# The words of the reports, for whoever follows a link from a figure to its tickets.
CLOCK_WORDS = "A kind of clock; `total` is the whole time until the job was done for good."
VERDICT_WORDS = (
    "How such a clock stands: `met`, stopped in time; `breached`, past its target, stopped or not; `open_overdue`, "
    "those of them that still run; `open_in_time`, running with its target to come; `unknown`, nobody can know; "
    "`void`, ended without a verdict, as other terms came or the job was given up; `decided`, met or breached. "
    "`timed_lived`, ended and not void, so that it has a lived time; `timed_contract`, those with a contract time, too."
)
PROMISE_WORDS = (
    "A promised time that was `kept`; `broken`, past before the job was done; `open`, still to come; or `moved`, "
    "replaced by another in time; `decided`, kept or broken."
)
QUALITY_WORDS = (
    "What is true of the job as a whole: `finished`; `flawed`, with a clock missed (`missed_clock`), a promise broken "
    "(`broken_promise`), opened again (`reopened`, `was_reopened`), or called unsolved or bad by the household "
    "(`unhappy`); `counted`, finished or flawed; `flawless`, finished with no flaw to come; "
    "`decided`, flawless or flawed; `undecided`, finished, "
    "with a clock that may still be missed or that nobody can know; `unanswered`, flawless, with no word from anybody. "
    "`first_contract`, `first_lived`, `total_contract` and `total_lived`: those with such a time to their solution."
)


FIGURE_WORDS = (
    "Those behind a figure of another report, as its links name it: `report.figure`, of one group with `group_by` and "
    "`group` (“none” for those without). `from` and `to` are then that report's period: when a pause began, an act was "
    "heard of, an estimate given, a complaint filed, an announcement published. For managers and admins."
)


def _explained(words: str, choices: OneOf) -> fields.String:
    return fields.String(load_default=None, validate=choices, metadata={"description": words})


class TicketQuery(Page):
    """What a list of tickets is narrowed to. `owner` takes an id, or `me`; `from` and `to` are times of filing.

    `number` is the whole number as people are told it. `over` is false for what is still to be done, and true for what
    is completed or ended.

    `clock`, `verdict` and `rule` keep the tickets that have such a clock, `promise` those with a promise that became
    so, `quality` those of which it is true as a whole, all by the words of the reports. `need_level` and `crew_id`
    take “none” for those without. `item` is a code of the catalogue.
    """

    ids = fields.List(fields.UUID(), data_key="id", load_default=(), validate=Length(max=100))
    status = fields.String(load_default=None, validate=OneOf(lifecycle.STATUSES))
    over = fields.Boolean(load_default=None)
    urgency = fields.String(load_default=None, validate=OneOf(catalogue.URGENCIES))
    need_level = fields.String(load_default=None, validate=OneOf((*map(str, catalogue.NEED_LEVELS), NONE)))
    work_type = fields.String(load_default=None, validate=OneOf(catalogue.WORK_TYPES))
    community_id = fields.UUID(load_default=None)
    unit_id = fields.UUID(load_default=None)
    owner = fields.String(load_default=None, validate=Length(max=36))
    number = Line(most=30, load_default=None)
    requester_id = fields.UUID(load_default=None)
    crew_id = IdOrNone(load_default=None)
    policy_version = Line(most=100, load_default=None)
    rule = Line(most=100, load_default=None)
    told_later = IdOrAny(load_default=None, metadata={"description": TOLD_LATER_WORDS})
    since = fields.AwareDateTime(data_key="from", load_default=None)
    until = fields.AwareDateTime(data_key="to", load_default=None)
    clock = _explained(CLOCK_WORDS, OneOf((*JUDGED, TOTAL)))
    verdict = _explained(VERDICT_WORDS, OneOf(VERDICTS))
    promise = _explained(PROMISE_WORDS, OneOf(tuple(BECAME)))
    quality = _explained(QUALITY_WORDS, OneOf(tuple(LISTED)))
    item = Line(most=60, load_default=None)
    figure = _explained(FIGURE_WORDS, OneOf(FIGURES))
    group_by = fields.String(load_default=None, validate=Length(max=20))
    group = Line(most=100, load_default=None)
    cause = fields.String(load_default=None, validate=OneOf(tuple(CAUSES)))
    emotion = fields.String(load_default=None, validate=OneOf(tuple(EMOTIONS)))

    @validates_schema
    def _of_a_report(self, data: dict[str, Any], **kwargs: Any) -> None:
        figure, grouping, group = (data.get(name) for name in ("figure", "group_by", "group"))
        if figure is None:
            alone = [name for name in ("group_by", "group", "cause", "emotion") if data.get(name) is not None]
            if alone:
                raise ValidationError("Give the figure of a report that this is about, too.", field_name=alone[0])
            return
        if grouping is not None and grouping not in groupings_of(figure):
            raise ValidationError(f"Must be one of: {', '.join(groupings_of(figure))}.", field_name="group_by")
        if (grouping is None) != (group is None):
            raise ValidationError("Give both `group_by` and `group`, or neither.", field_name="group")
        for name in ("cause", "emotion"):
            if data.get(name) is not None and not figure.startswith("complaints."):
                raise ValidationError("Only figures of complaints are narrowed by it.", field_name=name)
