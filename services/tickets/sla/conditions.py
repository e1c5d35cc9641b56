"""When a rule applies: what is known of a request as it is filed, and the conditions it is held against."""

from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from services.tickets import catalogue
from services.tickets.sla.calendar_json import YEARLY, read_date

# What makes waiting worse: who lives there, and what the home lacks. Each with its names.
CIRCUMSTANCES: Mapping[str, Mapping[str, str]] = {
    "infant": {"zh-CN": "家有婴幼儿", "en": "Infant at home"},
    "elderly_alone": {"zh-CN": "独居老人", "en": "Older resident living alone"},
    "disability": {"zh-CN": "残障人士", "en": "Resident with a disability"},
    "illness": {"zh-CN": "家有病人", "en": "Somebody ill at home"},
    "only_toilet": {"zh-CN": "唯一的卫生间", "en": "The only toilet"},
    "no_water": {"zh-CN": "没有水", "en": "No water"},
    "no_power": {"zh-CN": "没有电", "en": "No power"},
    "no_heating": {"zh-CN": "没有暖气", "en": "No heating"},
}
ANY: frozenset[Any] = frozenset()
MonthDay = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Facts:
    """What a policy may ask about one request; `filed_on` is the day of filing in the community's zone."""

    catalogue_code: str
    sla_class: str
    work_type: str
    need_level: int
    urgency: str
    community_id: str
    circumstances: frozenset[str]
    filed_on: date


@dataclass(frozen=True, slots=True)
class Season:
    """Days that return each year as (month, day), both included; one that ends before it begins spans New Year."""

    first: MonthDay
    last: MonthDay

    def __contains__(self, day: date) -> bool:
        now = (day.month, day.day)
        if self.first <= self.last:
            return self.first <= now <= self.last
        return now >= self.first or now <= self.last


@dataclass(frozen=True, slots=True)
class Conditions:
    """All of them must hold; an empty set asks nothing, and of `circumstances` one is enough."""

    catalogue_code: frozenset[str] = ANY
    sla_class: frozenset[str] = ANY
    work_type: frozenset[str] = ANY
    urgency: frozenset[str] = ANY
    need_level: frozenset[int] = ANY
    circumstances: frozenset[str] = ANY
    community_id: frozenset[str] = ANY
    season: Season | None = None

    def match(self, facts: Facts) -> bool:
        """Whether a request with these facts is meant."""
        return (
            (not self.catalogue_code or facts.catalogue_code in self.catalogue_code)
            and (not self.sla_class or facts.sla_class in self.sla_class)
            and (not self.urgency or facts.urgency in self.urgency)
            and (not self.work_type or facts.work_type in self.work_type)
            and (not self.need_level or facts.need_level in self.need_level)
            and (not self.circumstances or not self.circumstances.isdisjoint(facts.circumstances))
            and (not self.community_id or str(facts.community_id) in self.community_id)
            and (self.season is None or facts.filed_on in self.season)
        )


def read_conditions(where: str, data: object) -> Conditions:
    """Conditions from their mapping; ValueError naming the field, also for those that no request can ever meet."""
    if not isinstance(data, Mapping):
        raise ValueError(f"{where}: expected an object with conditions, {{}} for every request")
    unknown = [key for key in data if key not in CHECKS and key != "season"]
    if unknown:
        raise ValueError(f"{where}.{unknown[0]}: known are {', '.join(CHECKS)}, season")
    sets = {name: read_set(f"{where}.{name}", data[name], known) for name, known in CHECKS.items() if name in data}
    season = read_season(f"{where}.season", data["season"]) if "season" in data else None
    conditions = Conditions(**sets, season=season)
    check_something_fits(where, conditions)
    return conditions


def one_of(*values: Hashable) -> Callable[[object], bool]:
    """A check that a value is one of these, and of their very type (True is not 1)."""
    return lambda value: any(type(value) is type(known) and value == known for known in values)


def is_uuid(value: object) -> bool:
    """Whether a value is the id of something of ours, as text."""
    try:
        return isinstance(value, str) and str(UUID(value)) == value
    except ValueError:
        return False


CHECKS: Mapping[str, Callable[[object], bool]] = {
    "catalogue_code": lambda value: isinstance(value, str) and value in catalogue.load(),
    "sla_class": one_of(*catalogue.SLA_CLASSES),
    "work_type": one_of(*catalogue.WORK_TYPES),
    "urgency": one_of(*catalogue.URGENCIES),
    "need_level": one_of(*catalogue.NEED_LEVELS),
    "circumstances": one_of(*CIRCUMSTANCES),
    "community_id": is_uuid,
}


def read_set(where: str, data: object, known: Callable[[object], bool]) -> frozenset[Any]:
    """The values of one condition; an empty list would match nothing and is refused, like a value unheard of."""
    if not isinstance(data, list | tuple):
        raise ValueError(f"{where}: expected a list")
    if not data:
        raise ValueError(f"{where}: an empty list matches nothing; leave the condition out to match everything")
    for value in data:
        if not known(value):
            raise ValueError(f"{where}: {value!r} is not known, so this matches nothing")
    if len(set(data)) < len(data):
        raise ValueError(f"{where}: a value stands there twice")
    return frozenset(data)


def read_season(where: str, data: object) -> Season:
    """A season {from: MM-DD, to: MM-DD}, both days included; it may span New Year."""
    if not isinstance(data, Mapping) or set(data) != {"from", "to"}:
        raise ValueError(f"{where}: expected {{from: MM-DD, to: MM-DD}}")
    days = []
    for name in ("from", "to"):
        text = data[name]
        if not isinstance(text, str) or not YEARLY.fullmatch(text):
            raise ValueError(f"{where}.{name}: {text!r} is not a day of the year such as 11-15")
        # 2000 was a leap year, so 02-29 is a day here and 02-30 is not.
        day = read_date(f"{where}.{name}", f"2000-{text}")
        days.append((day.month, day.day))
    return Season(*days)


def check_something_fits(where: str, conditions: Conditions) -> None:
    """Refuse what contradicts the catalogue: an item's class and work type are fixed, so the others must allow them."""
    items = catalogue.load()
    codes = conditions.catalogue_code or [item.code for item in items]
    fitting = {code for code in codes if fits(conditions, items.get(code))}
    if not fitting:
        raise ValueError(f"{where}: no catalogue item fits all of these conditions, so they match nothing")
    if idle := sorted(conditions.catalogue_code - fitting):
        raise ValueError(f"{where}.catalogue_code: {idle[0]!r} never fits the other conditions, so it matches nothing")


def fits(conditions: Conditions, item: catalogue.Item) -> bool:
    """Whether a request for this item can meet the conditions on class and work type."""
    return (not conditions.sla_class or item.sla_class in conditions.sla_class) and (
        not conditions.work_type or item.work_type in conditions.work_type
    )
