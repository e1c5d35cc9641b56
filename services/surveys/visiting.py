"""When a return visit is made: some time after completion, and never at night where the household lives."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from services.surveys.drawing import Sampling


@dataclass(frozen=True)
class Night:
    """The local hours in which nobody is asked anything: from `start` up to, not including, `end`."""

    start: time
    end: time

    def __post_init__(self) -> None:
        """Refuse a night that never ends or never begins; raises ValueError."""
        if self.start == self.end:
            raise ValueError("a night needs a beginning and an end that differ")

    def covers(self, clock: time) -> bool:
        """Return whether a local time of day lies in the night, which may go through midnight."""
        if self.start < self.end:
            return self.start <= clock < self.end
        return clock >= self.start or clock < self.end


@dataclass(frozen=True)
class CallRules:
    """At most so many attempts, a claim for so long, and all of it within so long after the call opens."""

    attempts: int = 3
    claim_for: timedelta = timedelta(hours=2)
    within: timedelta = timedelta(days=14)


@dataclass(frozen=True)
class Rules:
    """How long after completion a household is asked, when never, and for how long it can answer.

    A link can be answered for `answer_within` of the invitation; by login and by telephone an answer is still taken
    for `late_within` of it. `sampling` is how households are drawn for a call where nobody has set it otherwise.
    """

    delay: timedelta = timedelta(hours=24)
    night: Night | None = Night(time(21), time(9))
    answer_within: timedelta = timedelta(days=14)
    late_within: timedelta = timedelta(days=180)
    sampling: Sampling = field(default_factory=Sampling)
    calls: CallRules = field(default_factory=CallRules)


def due_at(completed_at: datetime, zone: ZoneInfo, rules: Rules) -> datetime:
    """Return the moment (UTC) at which the return visit for a completion is due."""
    return out_of_night(completed_at + rules.delay, zone, rules.night)


def out_of_night(moment: datetime, zone: ZoneInfo, night: Night | None) -> datetime:
    """Return `moment` in UTC, or where it falls into the night, that night's end by the clock of `zone`.

    Daylight saving is the zone's affair: where the end's time of day occurs twice, the later one counts, and where
    it does not occur, what the clock of before the change would have shown.
    """
    moment = moment.astimezone(UTC)
    while night is not None:
        local = moment.astimezone(zone)
        if not night.covers(local.time()):
            break
        day = local.date() if local.time() < night.end else local.date() + timedelta(days=1)
        ends = (datetime.combine(day, night.end, zone).replace(fold=fold).astimezone(UTC) for fold in (0, 1))
        moment = max(ends)
    return moment
