"""Who hears of a job that nobody has taken on, and when: first the dispatcher, then the manager."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from itertools import pairwise

from services.tickets.catalogue import URGENCIES
from services.tickets.sla.target_json import read_seconds, refuse_unknown, require_keys
from services.tickets.sla.targets import BASES, CLAIM, CLOCK, Target

DISPATCHER, MANAGER = "dispatcher", "manager"
MOST_STEPS = 5
STEP_FIELDS = ("seconds", "basis", "to")
# The clocks that somebody has to be there for, and the part of their time that is gone at the latest when the last
# of the chain hears that nobody has the job: whoever is sent then still comes in time.
VISITS = ("attend", "make_safe")
IN_TIME = 0.5
DAY = 86_400
RULE = "escalation"
# The rule of a time that half of a visit's cuts short, by the visit.
HALVED = {kind: f"{RULE}/half-of-{kind}" for kind in VISITS}


@dataclass(frozen=True)
class Step:
    """After so many seconds without an owner these people are told."""

    seconds: int
    basis: str
    to: str


Chain = tuple[Step, ...]


def read_escalation(where: str, data: object) -> dict[str, Chain]:
    """The chain of each urgency; ValueError naming the field."""
    urgencies = require_keys(where, data, URGENCIES)
    return {urgency: read_chain(f"{where}.{urgency}", urgencies[urgency]) for urgency in URGENCIES}


def read_chain(where: str, data: object) -> Chain:
    """Steps that come one after the other in time, all on the same hours; the last goes to the manager."""
    if not isinstance(data, list | tuple) or not 0 < len(data) <= MOST_STEPS:
        raise ValueError(f"{where}: expected one to {MOST_STEPS} steps")
    steps = tuple(read_step(f"{where}[{number}]", item) for number, item in enumerate(data))
    if any(later.seconds <= sooner.seconds for sooner, later in pairwise(steps)):
        raise ValueError(f"{where}: each step comes later than the one before it")
    if len({step.basis for step in steps}) > 1:
        raise ValueError(f"{where}: the steps count the same hours, clock or working")
    if any(step.to == MANAGER for step in steps[:-1]) or steps[-1].to != MANAGER:
        raise ValueError(f"{where}: the last step, and no other, goes to the {MANAGER}")
    return steps


def read_step(where: str, data: object) -> Step:
    """One step from its mapping."""
    if not isinstance(data, Mapping):
        raise ValueError(f"{where}: expected an object with {', '.join(STEP_FIELDS)}")
    refuse_unknown(where, data, STEP_FIELDS, "a step")
    seconds, basis, to = read_seconds(f"{where}.seconds", data.get("seconds")), data.get("basis"), data.get("to")
    if not isinstance(basis, str) or basis not in BASES:
        raise ValueError(f"{where}.basis: {basis!r} is none of {', '.join(BASES)}")
    if not isinstance(to, str) or to not in (DISPATCHER, MANAGER):
        raise ValueError(f"{where}.to: {to!r} is none of {DISPATCHER}, {MANAGER}")
    return Step(seconds, basis, to)


def claim_target(chain: Chain) -> Target:
    """The clock of an unclaimed job: it warns at each step but the last, and its breach is the last."""
    last = chain[-1]
    warn = tuple(step.seconds / last.seconds for step in chain[:-1])
    return Target(CLAIM, last.seconds, last.basis, warn, rule=RULE, pauses=False)


def claim_targets(chain: Chain, targets: Iterable[Target]) -> list[Target]:
    """The targets of the clock of an unclaimed job among the others of its request; the first to fall due counts.

    The chain's own, and where somebody has to be there sooner than it reckons with, or on other hours, the same steps
    within half of that time: nobody is late before the whole chain has heard. Those name the visit in their rule.
    """
    own = claim_target(chain)
    found = [own]
    for basis in BASES:
        visits = [(seconds_of(one), one.kind) for one in targets if one.kind in VISITS and one.basis == basis]
        length, visit = min((one for one in visits if one[0]), default=(0, ""))
        latest = int(length * IN_TIME)
        comes_first = own.basis in (basis, CLOCK) and own.seconds <= latest
        if latest and not comes_first:
            found.append(replace(own, seconds=latest, basis=basis, rule=HALVED[visit]))
    return found


def seconds_of(target: Target) -> int:
    """The time of a visit; 0 for working days, whose hours are the calendar's and longer than any chain."""
    if target.days is None:
        return target.seconds
    return target.days * DAY if target.basis == CLOCK else 0


def told_at(chain: Chain, level: int) -> str:
    """Whom the claim clock's level speaks to: level n is the n-th step, 0 its breach and so the last one."""
    if not 0 <= level < len(chain):
        raise ValueError(f"level: the chain has no level {level}")
    return chain[level - 1].to
