"""One clock's target: how long it may run, on which hours, and whose rule says so."""

from dataclasses import dataclass

CLOCK = "clock"
WORKING = "working"
BASES = (CLOCK, WORKING)
DEFAULT_WARN = (0.75,)
STANDARD_RULE = "standard"

# What a report judges. "claim" warns inside the house while nobody owns a job, and "total" is the whole time of a
# job that was reopened, for policies that want both figures.
JUDGED = ("acknowledge", "attend", "make_safe", "resolve", "callback")
CLAIM = "claim"
TOTAL = "total"
ALL_KINDS = (*JUDGED, CLAIM, TOTAL)


@dataclass(frozen=True)
class Target:
    """How long one clock may run.

    `seconds` are elapsed time ("clock") or the community's open hours ("working"). With `days` they are 0, and the
    clock is due so many days later: by "clock" at the same wall time of the community's zone, by "working" as the
    policy's switch `day` says. With `sundown` the clock is due at the end of the local day on which it started,
    but never sooner than `seconds` after that (the sundown rule 日落原则: a human answer before the day is over; the
    minimum is for the request late in the evening). `warn` are the fractions of the time after which somebody is
    warned. `source` names the origin of the rule, and `rule` is the code of the policy's or the pack's rule that
    asks for this target. Without `pauses` waiting never extends it, for a statute knows no pause.
    """

    kind: str
    seconds: int
    basis: str = CLOCK
    warn: tuple[float, ...] = DEFAULT_WARN
    sundown: bool = False
    source: str = ""
    days: int | None = None
    rule: str = STANDARD_RULE
    pauses: bool = True
