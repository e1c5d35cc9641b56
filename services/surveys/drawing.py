"""Who is called: drawn at random with a stated probability, or called always for a stated reason."""

import secrets
from collections.abc import Callable
from dataclasses import dataclass

COMPLETION, SILENCE = "completion", "silence"
ROUNDS = (COMPLETION, SILENCE)
# `system_random` is the operating system's randomness: it has no seed that anybody could know or set.
ALWAYS, SYSTEM_RANDOM = "always", "system_random"
METHODS = (ALWAYS, SYSTEM_RANDOM)
RANDOM, COMPLAINT, EMERGENCY, SILENT = "random", "complaint", "emergency", "silent"
REASONS = (RANDOM, COMPLAINT, EMERGENCY, SILENT)

# A number from 0 up to, not including, 1.
Chance = Callable[[], float]


def system_chance() -> float:
    """Return a number from the operating system's randomness."""
    return secrets.SystemRandom().random()


@dataclass(frozen=True)
class Sampling:
    """How many in a hundred are called: at completion, and of those silent for some days."""

    phone_percent: int = 20
    silent_percent: int = 20
    silent_after_days: int = 5


@dataclass(frozen=True)
class Draw:
    """One draw: with which probability, by which method, for which reason, and whether the lot fell."""

    round: str
    drawn_with: float
    method: str
    reason: str
    drawn: bool


def at_completion(sampling: Sampling, work_type: str, urgency: str, chance: Chance) -> Draw:
    """Draw about a completion. Complaints and emergencies are always called about; nobody's choice enters."""
    if work_type == "complaint":
        return Draw(COMPLETION, 1.0, ALWAYS, COMPLAINT, True)
    if urgency == "emergency":
        return Draw(COMPLETION, 1.0, ALWAYS, EMERGENCY, True)
    return _lot(COMPLETION, RANDOM, sampling.phone_percent, chance)


def of_the_silent(sampling: Sampling, chance: Chance) -> Draw:
    """Draw about an invitation nobody has answered for some days."""
    return _lot(SILENCE, SILENT, sampling.silent_percent, chance)


def _lot(round: str, reason: str, percent: int, chance: Chance) -> Draw:
    probability = percent / 100
    return Draw(round, probability, SYSTEM_RANDOM, reason, chance() < probability)
