"""What is answered about how long somebody waits, and how well such estimates held."""

import marshmallow as ma
from marshmallow import fields
from marshmallow.validate import OneOf

from services.tickets.queries.reports import WAIT_GROUPINGS
from services.tickets.schemas.figures import AskedAgain, count, listed
from services.tickets.schemas.figures import share as part
from services.tickets.schemas.output import Ticket
from services.tickets.schemas.reports import Period
from services.tickets.waits.estimates import BEYOND, TOO_FEW
from services.tickets.waits.judging import VERDICTS
from services.tickets.waits.likeness import BASES, MEASURES
from services.tickets.waits.moving import FOUND, LATER, LOST, SOONER


class WaitEstimate(ma.Schema):
    """An estimate as it was given at `given_at`, from what was known at `known_at`.

    Of `n` requests that ended, alike in `basis`, and `censored` more that are open or were withdrawn, the window from
    `low_at` until `high_at` holds `probability` at least. Without a window `because` says why: `too_few`, or `beyond`
    where it has waited longer than nearly all like it. `moved` is how it differs from the one before; empty for the one
    given at filing.
    """

    measure = fields.String(required=True, validate=OneOf(MEASURES))
    given_at = fields.AwareDateTime(required=True)
    known_at = fields.AwareDateTime(required=True, allow_none=True)
    waited_seconds = fields.Integer(required=True)
    probability = fields.Float(required=True)
    low_at = fields.AwareDateTime(required=True, allow_none=True)
    high_at = fields.AwareDateTime(required=True, allow_none=True)
    n = fields.Integer(required=True)
    censored = fields.Integer(required=True)
    basis = fields.String(required=True, allow_none=True, validate=OneOf(BASES))
    because = fields.String(required=True, allow_none=True, validate=OneOf((TOO_FEW, BEYOND)))
    moved = fields.String(required=True, allow_none=True, validate=OneOf((LATER, SOONER, LOST, FOUND)))
    sentence = fields.Dict(keys=fields.String(), values=fields.String(), required=True)


class TicketWithWaits(Ticket):
    """A ticket with the estimates that stand: how long until somebody comes, and until it is resolved.

    There are none of what was planned, nor of requests from before there were estimates.
    """

    waits = fields.List(fields.Nested(WaitEstimate), required=True)


class WaitEnds(ma.Schema):
    """When somebody came, and when it was resolved; a job that was opened again is not."""

    attend = fields.AwareDateTime(required=True, allow_none=True)
    resolve = fields.AwareDateTime(required=True, allow_none=True)


class Waits(ma.Schema):
    """Every estimate given for a ticket, oldest first; none is ever changed."""

    items = fields.List(fields.Nested(WaitEstimate), required=True)
    ended_at = fields.Nested(WaitEnds, required=True)


class WaitQuery(Period):
    """Estimates by when they were given."""

    group_by = fields.String(load_default="horizon", validate=OneOf(WAIT_GROUPINGS))


class WaitFigures(ma.Schema):
    """What became of estimates. `given` are those with a window, `without` those that said there is too little.

    Judged is an estimate whose window is over: the wait ended within it, early, or late, which it also is while it goes
    on (`late_open`). `withdrawn` before the end of the window are not judged, for nobody knows; had all of them ended
    within it, the share would be `share_at_most`. `pending` are those whose window is not over, even where the wait is.
    `share` is within of judged, `low` to `high` its Wilson interval of 95 %; `stated` is the probability told, and
    `expected` what the windows were to hold exactly. `verdict`: `as_stated`, `too_narrow` or `too_wide`, or
    `no_evidence` from fewer than 20. These count estimates; `behind` lists the tickets of each figure once.
    """

    given = count()
    without = count()
    judged = count()
    within = count()
    early = count()
    late = count()
    late_open = count()
    withdrawn = count()
    pending = count()
    share = part()
    low = part()
    high = part()
    share_at_most = part()
    stated = part()
    expected = part()
    verdict = fields.String(required=True, validate=OneOf(VERDICTS))
    median_width_seconds = part()
    behind = listed()


class WaitGroup(ma.Schema):
    """One group and measure: the estimates given at filing apart from the updates."""

    key = fields.String(required=True, allow_none=True)
    name = fields.String(required=True, allow_none=True)
    measure = fields.String(required=True, validate=OneOf(MEASURES))
    first = fields.Nested(WaitFigures, required=True)
    updates = fields.Nested(WaitFigures, required=True)


class WaitReport(AskedAgain):
    """How well estimates of waits held: of those that can be judged, how many waits ended within the window."""

    community_id = fields.UUID(required=True, allow_none=True)
    group_by = fields.String(required=True)
    groups = fields.List(fields.Nested(WaitGroup), required=True)
    total = fields.List(fields.Nested(WaitGroup), required=True)
