"""Targets by service class and urgency: how soon to answer, to be there, to be done, and on which hours."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import yaml

from services.tickets.sla.switches import CHOICES, Switches
from services.tickets.sla.targets import BASES, CLOCK, DEFAULT_WARN, Target

SLA_CLASSES = (
    "life_safety",
    "essential_supply",
    "standard",
    "environment",
    "complaint",
    "engagement",
    "internal",
)
URGENCIES = ("emergency", "urgent", "routine")
KINDS = ("acknowledge", "attend", "resolve")
LONGEST_SECONDS = 366 * 86_400
TARGET_FIELDS = frozenset({"seconds", "basis", "warn", "sundown", "source"})


@dataclass(frozen=True)
class Policy:
    """A complete, versioned table of targets with the switches they are counted by."""

    version: str
    switches: Switches
    table: Mapping[tuple[str, str], tuple[Target, ...]]

    def targets(self, sla_class: str, urgency: str) -> tuple[Target, ...]:
        """The acknowledge, attend and resolve targets, in that order; ValueError for a combination unknown."""
        try:
            return self.table[(sla_class, urgency)]
        except KeyError:
            raise ValueError(f"sla_class: no targets for {sla_class!r} and urgency {urgency!r}") from None


def read_target(where: str, kind: str, data: object) -> Target:
    """One target from its mapping; ValueError naming the field, prefixed by `where`."""
    if not isinstance(data, Mapping):
        raise ValueError(f"{where}: the target is missing")
    unknown = sorted(str(key) for key in data if key not in TARGET_FIELDS)
    if unknown:
        raise ValueError(f"{where}.{unknown[0]}: a target has no such field")
    seconds, basis = data.get("seconds"), data.get("basis")
    if type(seconds) is not int or not 0 < seconds <= LONGEST_SECONDS:
        raise ValueError(f"{where}.seconds: {seconds!r} is not a whole number of seconds between 1 and a year")
    if basis not in BASES:
        raise ValueError(f"{where}.basis: {basis!r} is none of {', '.join(BASES)}")
    warn = data.get("warn", list(DEFAULT_WARN))
    numbers = isinstance(warn, list | tuple) and all(type(part) in (int, float) for part in warn)
    if not numbers or any(not 0 < part < 1 for part in warn) or list(warn) != sorted(set(warn)):
        raise ValueError(f"{where}.warn: expected rising fractions between 0 and 1")
    sundown, source = data.get("sundown", False), data.get("source", "")
    if not isinstance(sundown, bool) or (sundown and basis != CLOCK):
        raise ValueError(f"{where}.sundown: it is true or false, and counts its minimum in clock time")
    if not isinstance(source, str):
        raise ValueError(f"{where}.source: expected text")
    return Target(kind, seconds, basis, tuple(warn), sundown, source)


def read_policy(data: object) -> Policy:
    """A policy from its parsed YAML or JSON; ValueError naming what is missing, unknown or contradictory."""
    if not isinstance(data, Mapping):
        raise ValueError("policy: expected an object with version and classes")
    version, classes = data.get("version"), data.get("classes")
    if not isinstance(version, str) or not version:
        raise ValueError("version: a policy needs one, as text")
    unknown = sorted(str(key) for key in data if key not in ("version", "switches", "classes"))
    if unknown:
        raise ValueError(f"{unknown[0]}: a policy has no such field")
    switches = data.get("switches", {})
    if not isinstance(switches, Mapping) or any(key not in CHOICES for key in switches):
        raise ValueError(f"switches: known are {', '.join(CHOICES)}")
    return Policy(version, Switches(**switches), read_table(classes))


def read_table(classes: object) -> dict[tuple[str, str], tuple[Target, ...]]:
    """Every class and urgency with its three targets; none may be missing and none may be unheard of."""
    require_keys("classes", classes, SLA_CLASSES)
    table = {}
    for sla_class in SLA_CLASSES:
        urgencies = classes[sla_class]  # type: ignore[index]
        require_keys(f"classes.{sla_class}", urgencies, URGENCIES)
        for urgency in URGENCIES:
            where = f"classes.{sla_class}.{urgency}"
            require_keys(where, urgencies[urgency], KINDS)
            table[(sla_class, urgency)] = tuple(
                read_target(f"{where}.{kind}", kind, urgencies[urgency][kind]) for kind in KINDS
            )
    return table


def require_keys(where: str, data: object, keys: tuple[str, ...]) -> None:
    """Refuse an object that lacks one of the keys or has another."""
    if not isinstance(data, Mapping):
        raise ValueError(f"{where}: expected an object with {', '.join(keys)}")
    for key in keys:
        if key not in data:
            raise ValueError(f"{where}.{key}: the policy does not say")
    for key in data:
        if key not in keys:
            raise ValueError(f"{where}.{key}: known are {', '.join(keys)}")


@lru_cache(maxsize=1)
def standard_policy() -> Policy:
    """The policy that ships with the product."""
    return read_policy(yaml.safe_load((Path(__file__).parent / "policy.yaml").read_text(encoding="utf-8")))


def targets(sla_class: str, urgency: str) -> tuple[Target, ...]:
    """The shipped policy's acknowledge, attend and resolve targets for a class and urgency."""
    return standard_policy().targets(sla_class, urgency)
