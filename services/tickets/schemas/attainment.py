"""What the report on need levels answers."""

import marshmallow as ma
from marshmallow import fields
from marshmallow.validate import OneOf

from services.tickets.schemas.figures import AskedAgain, count, links, listed, share

VERDICTS_OF_LEVELS = ("met", "missed", "no_evidence")


class LevelShare(ma.Schema):
    """The numbers behind the share of a level, or of one kind of its clocks; `low` to `high` is its Wilson interval."""

    met = count()
    breached = count()
    open_overdue = count()
    decided = count()
    met_share = share()
    low = share()
    high = share()


class FiledInPeriod(ma.Schema):
    """The same counts without what was filed before the period."""

    met = count()
    breached = count()
    open_overdue = count()
    decided = count()


class LevelClock(LevelShare):
    """One kind of clock of a level. What was carried over is part of breached; `behind` lists the tickets of those
    filed in the period, `carried_over_tickets` the others."""

    verdict = fields.String(required=True, validate=OneOf(VERDICTS_OF_LEVELS))
    carried_over = count()
    filed_in_period = fields.Nested(FiledInPeriod, required=True)
    behind = listed()
    carried_over_tickets = fields.String(required=True, allow_none=True)


class Level(LevelShare):
    """One need level of a community, beside the share its policy asks for.

    It is missed when its share, or that of one kind of its clocks, is below that; with fewer decided than
    `least_decided`, when one of them is open and overdue or too many were missed for the share to be reached if all
    the rest up to `least_decided` were met. With fewer and none of that it has no evidence.

    `decided` is `decided_in_period`, of what was filed in it, and what was carried over; `behind` lists their jobs.
    """

    need_level = count()
    need = fields.String(required=True)
    verdict = fields.String(required=True, validate=OneOf(VERDICTS_OF_LEVELS))
    needed_share = fields.Float(required=True)
    least_decided = count()
    carried_over = count()
    decided_in_period = count()
    behind = listed()
    clocks = fields.Dict(keys=fields.String(), values=fields.Nested(LevelClock), required=True)


class Blocked(ma.Schema):
    """What keeps a community from its next level."""

    need_level = count()
    need = fields.String(required=True)
    verdict = fields.String(required=True)
    clock = fields.String(required=True, allow_none=True)
    met_share = share()
    needed_share = fields.Float(required=True)
    decided = count()
    least_decided = count()
    open_overdue = count()
    tickets = fields.String(required=True, allow_none=True)
    carried_over_tickets = fields.String(required=True, allow_none=True)
    sentence = links()


class CommunityLevels(ma.Schema):
    """The need level a community attained.

    `attained_level` is the highest level that is met while none up to it is missed: one without evidence is not
    attained itself, and does not hold up the next. `without_gaps` is the highest level up to which every one has
    evidence and is met. 0 is none.
    """

    community_id = fields.UUID(required=True)
    name = fields.String(required=True)
    policy_version = fields.String(required=True)
    attained_level = count()
    without_gaps = count()
    levels = fields.List(fields.Nested(Level), required=True)
    blocked_by = fields.Nested(Blocked, required=True, allow_none=True)


class AttainmentReport(AskedAgain):
    """The need level of every community."""

    communities = fields.List(fields.Nested(CommunityLevels), required=True)
