"""The service catalogue: what a resident can ask for, and what each request implies."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

WORK_TYPES = (
    "repair", "cleaning", "security", "greening", "complaint", "community", "care", "consultation", "internal",
)  # fmt: skip
NEED_LEVELS = {1: "physiological", 2: "safety", 3: "social", 4: "esteem", 5: "self_actualisation"}
STANDARDS = ("basic", "comfort", "convenience", "personal")
VALUE_TIERS = ("basic", "expected", "desired", "unexpected")
URGENCIES = ("routine", "urgent", "emergency")
TOPICS = (
    "repair", "utilities", "elevator", "cleaning", "noise", "security", "parking", "greening", "community",
    "complaint_service", "consultation", "other_not_property",
)  # fmt: skip
SLA_CLASSES = (
    "life_safety", "essential_supply", "standard", "environment", "complaint", "engagement", "internal",
)  # fmt: skip
SKILLS = (
    "plumbing", "electrical", "lift", "hvac", "carpentry", "masonry", "locksmith", "gas", "fire", "cleaning",
    "pest_control", "security", "gardening", "community", "care", "desk", "network",
)  # fmt: skip

# The three realms of service (三重境界: 分内, 额外, 超乎想象). Missing a basic or expected need disappoints, so both
# are plain duty.
REALM_OF_TIER = {"basic": "duty", "expected": "duty", "desired": "extra", "unexpected": "beyond"}

# Triage answers with this item when the words say too little; a person at the desk then decides.
NEEDS_A_HUMAN = "desk-needs-a-human"
# Triage answers with this item when the request is not about a home, a building or an estate.
NOT_OURS = "desk-not-ours"

FOLDER = Path(__file__).with_name("catalogue")
CODE = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")
FIELDS = (
    "code", "zh", "en", "work_type", "need_level", "standard", "value_tier", "urgency", "skills", "sla_class",
    "topic", "default", "words",
)  # fmt: skip


class CatalogueError(ValueError):
    """A catalogue file says something outside the shared vocabulary."""


@dataclass(frozen=True, slots=True)
class Item:
    """One thing the desk does: its names and everything a ticket inherits from it."""

    code: str
    zh: str
    en: str
    work_type: str
    need_level: int
    standard: str
    value_tier: str
    urgency: str
    skills: tuple[str, ...]
    sla_class: str
    topic: str
    default: bool = False
    words: tuple[str, ...] = ()
    # Whether it is offered; what was filed under it stays.
    active: bool = True

    @property
    def realm(self) -> str:
        """duty, extra or beyond: derived from the value tier, never stored."""
        return REALM_OF_TIER[self.value_tier]

    def name(self, locale: str) -> str:
        """The item's name in `locale` (zh-CN or en)."""
        return self.zh if locale.lower().startswith("zh") else self.en


class Catalogue:
    """An ordered, read-only set of items, found by code."""

    def __init__(self, items: Iterable[Item]) -> None:
        self._items = {item.code: item for item in items}

    def get(self, code: str) -> Item:
        """The item called `code`; KeyError naming the code when there is none."""
        try:
            return self._items[code]
        except KeyError:
            raise KeyError(f"the catalogue has no item {code!r}") from None

    def of_topic(self, topic: str) -> tuple[Item, ...]:
        """Every item of `topic`, in catalogue order."""
        return tuple(item for item in self if item.topic == topic)

    def default_of(self, topic: str) -> Item:
        """The item a request of `topic` gets when no more exact item is named."""
        return next(item for item in self if item.topic == topic and item.default)

    def __iter__(self) -> Iterator[Item]:
        return iter(self._items.values())

    def __len__(self) -> int:
        return len(self._items)

    def __contains__(self, code: object) -> bool:
        return code in self._items


@functools.cache
def load(folder: Path = FOLDER) -> Catalogue:
    """Read and check every YAML file of `folder`; raises CatalogueError naming the item and field at fault."""
    groups = [
        group for path in sorted(folder.glob("*.yaml")) for group in yaml.safe_load(path.read_text(encoding="utf-8"))
    ]
    return build(groups)


def build(groups: Iterable[Mapping[str, Any]]) -> Catalogue:
    """A checked catalogue from groups of `{defaults: {...}, items: [{...}]}`; an item overrides its group."""
    items: dict[str, Item] = {}
    for group in groups:
        for entry in group["items"]:
            item = _item({**group.get("defaults", {}), **entry})
            if item.code in items:
                raise CatalogueError(f"{item.code}: this code is used twice")
            items[item.code] = item
    catalogue = Catalogue(items.values())
    _check_whole(catalogue)
    return catalogue


def _item(fields: Mapping[str, Any]) -> Item:
    code = str(fields.get("code", "?"))
    unknown = sorted(set(fields) - set(FIELDS))
    if unknown:
        raise CatalogueError(f"{code}: unknown field {unknown[0]}")
    missing = [name for name in FIELDS if name not in fields and name not in ("default", "words")]
    if missing:
        raise CatalogueError(f"{code}: {missing[0]} is missing")
    if not CODE.fullmatch(code):
        raise CatalogueError(f"{code}: a code is lower-case words joined by hyphens")
    for name, allowed in _VOCABULARY.items():
        if fields[name] not in allowed:
            raise CatalogueError(f"{code}: {name} {fields[name]!r} is not one of {', '.join(map(str, allowed))}")
    skills = tuple(fields["skills"])
    if not skills or any(skill not in SKILLS for skill in skills):
        raise CatalogueError(f"{code}: skills {list(skills)} must be some of {', '.join(SKILLS)}")
    for name in ("zh", "en"):
        if not isinstance(fields[name], str) or not fields[name].strip():
            raise CatalogueError(f"{code}: the {name} name is empty")
    words = tuple(str(word) for word in fields.get("words", ()))
    return Item(**{**fields, "code": code, "skills": skills, "words": words})


_VOCABULARY: dict[str, Iterable[Any]] = {
    "work_type": WORK_TYPES,
    "need_level": tuple(NEED_LEVELS),
    "standard": STANDARDS,
    "value_tier": VALUE_TIERS,
    "urgency": URGENCIES,
    "sla_class": SLA_CLASSES,
    "topic": TOPICS,
}


def _check_whole(catalogue: Catalogue) -> None:
    for topic in TOPICS:
        defaults = [item.code for item in catalogue.of_topic(topic) if item.default]
        if len(defaults) != 1:
            raise CatalogueError(f"topic {topic}: exactly one item must be its default, found {defaults}")
    for code in (NEEDS_A_HUMAN, NOT_OURS):
        if code not in catalogue:
            raise CatalogueError(f"{code}: triage needs this item and it is missing")
