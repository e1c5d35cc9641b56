"""What a policy allows and asks for beside targets: how long a job may wait for what, and what a level needs."""

from collections.abc import Mapping
from dataclasses import dataclass

from services.tickets.catalogue import NEED_LEVELS
from services.tickets.sla.target_json import read_seconds, refuse_unknown, require_keys

DAY = 86_400
# What is missed more often than met is attained by nobody.
LEAST_SHARE = 0.5
# For documents older than the list: every reason there was, each with an end.
DEFAULT_PAUSES: Mapping[str, int] = {
    "parts": 14 * DAY,
    "access": 3 * DAY,
    "resident_choice": 14 * DAY,
    "third_party": 14 * DAY,
    "weather": 3 * DAY,
    "approval": 7 * DAY,
}
# An act that a phone without signal tells later counts from its own time no longer back than this; see acts.
DEFAULT_LONGEST_BACK = DAY
# Beyond a week nobody remembers, and a report of the week before has been read.
MOST_BACK = 7 * DAY


@dataclass(frozen=True)
class Attainment:
    """When a community meets a need level: the least share (0 to 1) of decided clocks met, by level 1 to 5, and how
    many must have been decided before the share says anything."""

    shares: Mapping[int, float]
    least_decided: int

    def __getitem__(self, need_level: int) -> float:
        return self.shares[need_level]


DEFAULT_ATTAINMENT = Attainment({1: 0.95, 2: 0.95, 3: 0.9, 4: 0.9, 5: 0.85}, 5)


def read_pauses(where: str, data: object) -> dict[str, int]:
    """For each reason a job may wait the longest it may wait for it, in seconds: in one
    pause, and in all pauses for it together until the job is done. Reasons not listed are none."""
    if not isinstance(data, Mapping):
        raise ValueError(f"{where}: expected an object of reasons with longest_seconds")
    refuse_unknown(where, data, DEFAULT_PAUSES, "a job")
    pauses = {}
    for reason in DEFAULT_PAUSES:
        if reason in data:
            limits = require_keys(f"{where}.{reason}", data[reason], ("longest_seconds",))
            pauses[reason] = read_seconds(f"{where}.{reason}.longest_seconds", limits["longest_seconds"])
    return pauses


def read_acts(where: str, data: object) -> int:
    """How many seconds back an act told later may count from its own time; 0 says that none does."""
    limits = require_keys(where, data, ("longest_back_seconds",))
    seconds = limits["longest_back_seconds"]
    if type(seconds) is not int or not 0 <= seconds <= MOST_BACK:
        raise ValueError(f"{where}.longest_back_seconds: {seconds!r} is no whole number of seconds, 0 to {MOST_BACK}")
    return seconds


def read_attainment(where: str, data: object) -> Attainment:
    """The least share of each need level by its code, and least_decided."""
    codes = tuple(NEED_LEVELS.values())
    fields = require_keys(where, data, (*codes, "least_decided"))
    shares = {}
    for level, code in NEED_LEVELS.items():
        share = fields[code]
        if type(share) not in (int, float) or not LEAST_SHARE <= share <= 1:
            raise ValueError(f"{where}.{code}: {share!r} is not a share from {LEAST_SHARE} to 1")
        shares[level] = float(share)
    least = fields["least_decided"]
    if type(least) is not int or not 1 <= least <= 1_000_000:
        raise ValueError(f"{where}.least_decided: {least!r} is not a whole number of clocks, 1 or more")
    return Attainment(shares, least)
