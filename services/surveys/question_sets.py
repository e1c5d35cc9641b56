"""What households can be asked: question sets read from data files, checked whole before anybody is asked."""

import functools
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

FOLDER = Path(__file__).with_name("question_sets")
LANGUAGES = ("zh-CN", "en")
YES_NO, SCALE, TEXT = "yes_no", "scale", "text"
KINDS = (YES_NO, SCALE, TEXT)
# Each figure has one scale: what is asked on another is another figure. `hours` are hours within which to be there.
SCALES = {
    "csat": (1, 5),
    "nps": (0, 10),
    "ces": (1, 7),
    "expectation": (1, 7),
    "perception": (1, 7),
    "importance": (1, 7),
    "hours": (1, 72),
}
MEASURES = tuple(SCALES)
DIMENSIONS = ("reliability", "responsiveness", "assurance", "empathy", "tangibles")
SIDES = ("expectation", "perception")
RETURN_VISIT = "return_visit"
_NAME = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)*")
_SET_FIELDS = {"name", "version", "title", "items"}
_ITEM_FIELDS = {"name", "kind", "text", "required", "measures", "dimension", "least", "most"}


class QuestionSetError(ValueError):
    """A question set that cannot be asked; the message names the set, the item and the field."""


@dataclass(frozen=True)
class Item:
    """One question. `least` and `most` bound a scale, `most` the length of a text; `measures` says of which figure."""

    name: str
    kind: str
    text: Mapping[str, str]
    required: bool = False
    measures: str | None = None
    dimension: str | None = None
    least: int | None = None
    most: int | None = None

    def asked(self, locale: str) -> dict[str, Any]:
        """Return the question for a form in `locale`."""
        bounds = {"least": self.least, "most": self.most}
        given = {name: bound for name, bound in bounds.items() if bound is not None}
        return {"name": self.name, "kind": self.kind, "required": self.required, "text": self.text[locale], **given}


@dataclass(frozen=True)
class QuestionSet:
    """The items of a set, in the order they are asked. A change of meaning is a new version."""

    name: str
    version: int
    title: Mapping[str, str]
    items: tuple[Item, ...]

    def asked(self, locale: str) -> list[dict[str, Any]]:
        """Return the form's questions in `locale` (`zh-CN` or `en`)."""
        return [item.asked(locale) for item in self.items]

    def faults(self, said: Mapping[str, Any]) -> dict[str, str]:
        """Return what is wrong with an answer, a sentence per item; nothing where it can be taken.

        `said` maps item names to values: true or false, a whole number, or a text. None is the same as left out.
        """
        known = {item.name: item for item in self.items}
        found = {name: "Unknown field." for name in said if name not in known}
        for name, item in known.items():
            value = said.get(name)
            if value is None:
                if item.required:
                    found[name] = "Missing data for required field."
            elif sentence := _fault(item, value):
                found[name] = sentence
        return found

    def values(self, said: Mapping[str, Any]) -> dict[str, int]:
        """Return the number of each rated item that was said: a yes is 1, a no is 0; texts and silence have none."""
        rated = {item.name for item in self.items if item.kind != TEXT}
        return {name: int(value) for name, value in said.items() if name in rated and value is not None}


def _fault(item: Item, value: Any) -> str | None:
    if item.kind == YES_NO:
        return None if isinstance(value, bool) else "Not a valid boolean."
    if item.kind == TEXT:
        fits = isinstance(value, str) and len(value) <= (item.most or 0)
        return None if fits else f"Must be a text of at most {item.most} characters."
    assert item.least is not None
    assert item.most is not None
    fits = type(value) is int and item.least <= value <= item.most
    return None if fits else f"Must be a whole number from {item.least} to {item.most}."


@functools.cache
def load(folder: Path = FOLDER) -> dict[str, QuestionSet]:
    """Read every set of `folder` by name; raises QuestionSetError naming what is wrong with which."""
    sets = {}
    for path in sorted(folder.glob("*.yaml")):
        question_set = read(yaml.safe_load(path.read_text(encoding="utf-8")), path.stem)
        sets[question_set.name] = question_set
    return sets


def get(name: str) -> QuestionSet:
    """Return one of our sets; raises KeyError naming it."""
    return load()[name]


def read(raw: Any, where: str) -> QuestionSet:
    """Return the set that a file called `where` holds; raises QuestionSetError."""
    if not isinstance(raw, dict):
        raise QuestionSetError(f"{where}: a question set is a mapping")
    _only(raw, _SET_FIELDS, {"name", "version", "title", "items"}, where)
    if raw["name"] != where:
        raise QuestionSetError(f"{where}: name {raw['name']!r} is not the file's")
    if type(raw["version"]) is not int or raw["version"] < 1:
        raise QuestionSetError(f"{where}: version must be a whole number from 1 on, not {raw['version']!r}")
    if not isinstance(raw["items"], list) or not raw["items"]:
        raise QuestionSetError(f"{where}: items must be a list of questions")
    items = tuple(_item(item, where) for item in raw["items"])
    names = [item.name for item in items]
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise QuestionSetError(f"{where}: item {twice[0]} is there twice")
    _check_pairs(items, where)
    return QuestionSet(raw["name"], raw["version"], _languages(raw["title"], f"{where}: title"), items)


def _item(raw: Any, where: str) -> Item:
    if not isinstance(raw, dict):
        raise QuestionSetError(f"{where}: an item is a mapping, not {raw!r}")
    where = f"{where}.{raw.get('name', '?')}"
    _only(raw, _ITEM_FIELDS, {"name", "kind", "text"}, where)
    if not isinstance(raw["name"], str) or not _NAME.fullmatch(raw["name"]):
        raise QuestionSetError(f"{where}: name is lower-case words joined by underscores")
    if raw["kind"] not in KINDS:
        raise QuestionSetError(f"{where}: kind {raw['kind']!r} is not one of {', '.join(KINDS)}")
    item = Item(**{**raw, "text": _languages(raw["text"], f"{where}: text")})
    if type(item.required) is not bool:
        raise QuestionSetError(f"{where}: required must be true or false")
    _check_bounds(item, where)
    return item


def _check_bounds(item: Item, where: str) -> None:
    if item.kind == SCALE:
        if type(item.least) is not int or type(item.most) is not int or item.least >= item.most:
            raise QuestionSetError(f"{where}: least and most must be whole numbers, the lower one first")
        if item.measures not in MEASURES:
            raise QuestionSetError(f"{where}: measures {item.measures!r} is not one of {', '.join(MEASURES)}")
        if (item.least, item.most) != SCALES[item.measures]:
            least, most = SCALES[item.measures]
            raise QuestionSetError(f"{where}: {item.measures} is asked from {least} to {most}")
    elif item.measures is not None or item.least is not None:
        raise QuestionSetError(f"{where}: only a scale measures something")
    elif (item.kind == TEXT) != (type(item.most) is int and item.most > 0):
        raise QuestionSetError(f"{where}: most is the length of a text, a whole number from 1 on")
    if (item.measures in SIDES) != (item.dimension in DIMENSIONS):
        raise QuestionSetError(f"{where}: dimension must be one of {', '.join(DIMENSIONS)}")


def _check_pairs(items: tuple[Item, ...], where: str) -> None:
    """What is expected and what is perceived can be compared only where both are asked, each once."""
    asked = [(item.dimension, item.measures) for item in items if item.dimension]
    for dimension, _ in asked:
        for side in SIDES:
            if asked.count((dimension, side)) != 1:
                raise QuestionSetError(f"{where}: {dimension} needs one item of {side}")


def _only(raw: Mapping[str, Any], known: set[str], needed: set[str], where: str) -> None:
    if unknown := sorted(str(name) for name in raw if name not in known):
        raise QuestionSetError(f"{where}: unknown field {unknown[0]}")
    if missing := sorted(needed - raw.keys()):
        raise QuestionSetError(f"{where}: {missing[0]} is missing")


def _languages(raw: Any, where: str) -> Mapping[str, str]:
    if not isinstance(raw, dict) or set(raw) != set(LANGUAGES):
        raise QuestionSetError(f"{where} must be there in {' and '.join(LANGUAGES)}")
    for language in LANGUAGES:
        if not isinstance(raw[language], str) or not raw[language].strip():
            raise QuestionSetError(f"{where} is empty in {language}")
    return dict(raw)
