"""What the managers' reports are asked for and what they answer."""

from typing import Any

import marshmallow as ma
from marshmallow import ValidationError, fields
from marshmallow.validate import OneOf

from services.kit.http import Line
from services.kit.http.sheets import InFormat
from services.tickets.catalogue import NEED_LEVELS, WORK_TYPES
from services.tickets.queries.reports import GROUPINGS, NONE, PAUSE_GROUPINGS
from services.tickets.schemas.figures import AskedAgain, count, links, listed, share
from services.tickets.schemas.input import IdOrNone


class Period(InFormat):
    """A period by moments with their zone, `to` not included; what it is about; and as what to answer it."""

    since = fields.AwareDateTime(data_key="from", load_default=None)
    until = fields.AwareDateTime(data_key="to", load_default=None)
    community_id = fields.UUID(load_default=None)

    @ma.validates_schema
    def _in_order(self, data: dict[str, Any], **kwargs: Any) -> None:
        since, until = data.get("since"), data.get("until")
        if since is not None and until is not None and since > until:
            raise ValidationError("Begins after it ends.", field_name="from")


class SlaQuery(Period):
    """Tickets by when they were filed. `need_level` and `crew_id` take “none” for those without.

    Clocks are narrowed and grouped by what was so when they were breached, else when they stopped, else now: need
    level, work type and policy, and who was accountable. Jobs as wholes are by what they are now, and by who completed
    them, else has them. `item` is the catalogue item that a request has now, of its clocks, too.
    """

    need_level = fields.String(load_default=None, validate=OneOf((*map(str, NEED_LEVELS), NONE)))
    work_type = fields.String(load_default=None, validate=OneOf(WORK_TYPES))
    crew_id = IdOrNone(load_default=None)
    policy_version = Line(most=100, load_default=None)
    rule = Line(most=100, load_default=None)
    item = Line(most=60, load_default=None)
    group_by = fields.String(load_default="need_level", validate=OneOf(GROUPINGS))


class PauseQuery(Period):
    """Pauses by when they began. There is no crew apart from its members and their work: group by member, work_type."""

    group_by = fields.String(load_default="member", validate=OneOf(PAUSE_GROUPINGS))


class Spread(ma.Schema):
    """How long something took, in seconds: of `n`, what so many percent of them do not exceed."""

    n = count()
    p50 = share()
    p90 = share()
    p95 = share()


class CarriedOver(ma.Schema):
    """What was filed before the period and is still open and overdue."""

    open_overdue = count()
    tickets = fields.String(required=True)


class TicketsCounted(ma.Schema):
    """How many tickets there are behind each count of clocks, which is how many its link lists."""

    met = count()
    breached = count()
    open_overdue = count()
    open_in_time = count()
    not_known = fields.Integer(required=True, data_key="unknown")
    void = count()
    decided = count()
    timed_contract = count()
    timed_lived = count()


class ClockFigures(ma.Schema):
    """The numbers behind a share. Open and overdue is part of breached; met and breached together are decided.

    They count clocks, of which a job that was opened again has several of a kind; `tickets_counted` counts each job
    once, and `tickets` lists them. `low` to `high` is the Wilson interval of 95 % of the share. `overridden` is how
    many of the breached are of tickets whose need level somebody corrected: they stay under the level that they were
    breached at. `timed_contract` and `timed_lived` are those that the spreads of times are over.
    """

    met = count()
    breached = count()
    open_overdue = count()
    open_in_time = count()
    not_known = fields.Integer(required=True, data_key="unknown")
    void = count()
    decided = count()
    met_share = share()
    low = share()
    high = share()
    tickets_counted = fields.Nested(TicketsCounted, required=True)
    overridden = count()
    contract = fields.Nested(Spread, required=True, allow_none=True)
    lived = fields.Nested(Spread, required=True, allow_none=True)
    pause_seconds = fields.Float(required=True)
    lived_seconds = fields.Float(required=True)
    pause_share = share()
    carried_over = fields.Nested(CarriedOver, required=True, allow_none=True)
    tickets = links()


class BothTimes(ma.Schema):
    """Contract time, without pauses, beside the time the resident lived through."""

    contract = fields.Nested(Spread, required=True)
    lived = fields.Nested(Spread, required=True)


class Resolution(ma.Schema):
    """The first resolution beside the last, which differ where a job was opened again.

    `tickets` lists those, `timed` the jobs that each spread of times is over.
    """

    first = fields.Nested(BothTimes, required=True, allow_none=True)
    total = fields.Nested(BothTimes, required=True, allow_none=True)
    reopened = count()
    tickets = fields.String(required=True)
    timed = links()


class PromisedTickets(ma.Schema):
    """How many jobs had such a promise."""

    kept = count()
    broken = count()
    open = count()
    moved = count()
    decided = count()


class Promises(ma.Schema):
    """What became of promised times; `moved` were taken back in time by promising another. `kept_share` is of those
    `decided`, kept or broken, `low` to `high` its Wilson interval. `tickets` lists each job once, however often it was
    promised, which makes `tickets_counted`."""

    kept = count()
    broken = count()
    open = count()
    moved = count()
    decided = count()
    kept_share = share()
    low = share()
    high = share()
    tickets_counted = fields.Nested(PromisedTickets, required=True)
    tickets = links()


class FlawedBy(ma.Schema):
    """How many jobs had which flaw, finished or not; one job may have several."""

    missed_clock = count()
    broken_promise = count()
    was_reopened = count()
    unhappy = count()


class Flawless(ma.Schema):
    """How many jobs had no flaw at all. `counted` is those finished, and those flawed already: a job whose deadline was
    missed is flawed while it is open, and stays so when it is cancelled or declined. It is flawless, flawed or
    `undecided` (finished, and may still get a flaw); `rate` is flawless by `decided`, which are flawless or flawed, and
    `low` to `high` its Wilson interval. Of the flawless, `unanswered` nobody was heard about.
    """

    finished = count()
    counted = count()
    flawless = count()
    flawed = count()
    decided = count()
    undecided = count()
    unanswered = count()
    rate = share()
    low = share()
    high = share()
    flawed_by = fields.Nested(FlawedBy, required=True)
    tickets = links()


class Figures(ma.Schema):
    """The clocks of a group, and its jobs as wholes; a rule has clocks only."""

    filed = fields.Integer(required=True, allow_none=True)
    tickets = fields.String(required=True)
    clocks = fields.Dict(keys=fields.String(), values=fields.Nested(ClockFigures), required=True)
    resolution = fields.Nested(Resolution, required=True, allow_none=True)
    promises = fields.Nested(Promises, required=True, allow_none=True)
    flawless = fields.Nested(Flawless, required=True, allow_none=True)


class Group(Figures):
    """One group by its key and, where it has one, its name."""

    key = fields.String(required=True, allow_none=True)
    name = fields.String(required=True, allow_none=True)


class SlaReport(AskedAgain):
    """What was met and what was missed."""

    community_id = fields.UUID(required=True, allow_none=True)
    need_level = fields.String(required=True, allow_none=True)
    work_type = fields.String(required=True, allow_none=True)
    crew_id = fields.String(required=True, allow_none=True)
    policy_version = fields.String(required=True, allow_none=True)
    rule = fields.String(required=True, allow_none=True)
    item = fields.String(required=True, allow_none=True)
    group_by = fields.String(required=True)
    groups = fields.List(fields.Nested(Group), required=True)
    total = fields.Nested(Figures, required=True)


class PauseFigures(ma.Schema):
    """How often and how long jobs waited, and what was said of it. `behind` lists the jobs of each count once."""

    pauses = count()
    tickets_paused = count()
    still_open = count()
    expired = count()
    objected = count()
    disallowed = count()
    paused_seconds = fields.Float(required=True)
    disallowed_seconds = fields.Float(required=True)
    lived_seconds = fields.Float(required=True)
    pause_share = share()
    behind = listed()


class PauseGroup(PauseFigures):
    """One group by its key and, where it has one, its name."""

    key = fields.String(required=True)
    name = fields.String(required=True, allow_none=True)


class PauseReport(AskedAgain):
    """Who let jobs wait."""

    community_id = fields.UUID(required=True, allow_none=True)
    group_by = fields.String(required=True)
    groups = fields.List(fields.Nested(PauseGroup), required=True)
    total = fields.Nested(PauseFigures, required=True)
