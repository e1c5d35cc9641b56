"""The words triage knows, read once from the YAML files beside it."""

from __future__ import annotations

import functools
import itertools
import re
from collections.abc import Iterator, Mapping, Set
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import yaml

from services.tickets.catalogue import TOPICS, Catalogue, Item, load

from .matcher import Matcher
from .text import forms_of

FOLDER = Path(__file__).with_name("words")
NEUTRAL = "neutral"
# `title_x` asks for sign x in the title, or anywhere in a text that has no title.
TITLE_PREFIX = "title_"
# How much a word speaks that an organisation gave an item of its catalogue.
GIVEN = 10.0
# A sign of the text's length rather than of its words.
LETTER_SIGN = "letter"
# Signs that a temperature named in the text shows.
DEGREE_SIGNS = ("freezing_room", "cold_room", "hot_room", "hot_danger")
_CLASS = re.compile(r"<(\w+)>")


@dataclass(frozen=True, slots=True)
class Cue:
    """A word speaks for `topic` with `weight` (about 1 to 12)."""

    topic: str
    weight: float


@dataclass(frozen=True, slots=True)
class Evidence:
    """When every sign of `when` and none of `unless` is seen, topics gain or lose weight."""

    when: tuple[str, ...]
    unless: tuple[str, ...]
    add: tuple[tuple[str, float], ...]


@dataclass(frozen=True, slots=True)
class Decision:
    """When its signs are seen in one of `topics`, it settles need level, urgency or item; None leaves it open.

    With `anywhere` a short text needs no fitting topic: a danger to life must not hide behind a polite question.
    """

    when: tuple[str, ...]
    unless: tuple[str, ...]
    topics: frozenset[str]
    anywhere: bool
    need_level: int | None
    urgency: str | None
    code: str | None
    zh: str
    en: str


@dataclass(frozen=True, slots=True)
class Order:
    """Shows `sign` when the sign `first` is met earlier in the text than the sign `then`."""

    first: str
    then: str
    sign: str


@dataclass(frozen=True, slots=True)
class Lexicon:
    """Everything the judgement looks words up in."""

    catalogue: Catalogue
    cues: Matcher[Cue]
    signs: Matcher[str]
    everyday: tuple[Matcher[str], ...]
    items: Mapping[str, Matcher[str]]
    orders: tuple[Order, ...]
    evidence: tuple[Evidence, ...]
    decisions: tuple[Decision, ...]


class LexiconError(ValueError):
    """A word file names a topic, sign or item that does not exist."""


@functools.cache
def lexicon() -> Lexicon:
    """Read and check the word files; raises LexiconError naming the entry at fault."""
    catalogue = load()
    dangers, matters, everyday = (_yaml(f"signs_{name}.yaml") for name in ("danger", "matter", "everyday"))
    if twice := (set(dangers) & set(matters)) | (set(everyday) & (set(dangers) | set(matters))):
        raise LexiconError(f"signs {sorted(twice)} stand in two files")
    signs = dangers | matters
    rules, short = _yaml("rules.yaml"), _yaml("rules_everyday.yaml")
    orders = tuple(Order(**order) for order in rules["orders"])
    known = {*signs, *everyday, *DEGREE_SIGNS, LETTER_SIGN, *(order.sign for order in orders)}
    evidence = tuple(_evidence(rule, known) for rule in (*short["evidence"], *rules["evidence"]))
    decisions = tuple(_decision(rule, known, catalogue) for rule in (*short["decisions"], *rules["decisions"]))
    classes = _yaml("classes.yaml")
    return Lexicon(
        catalogue=catalogue,
        cues=Matcher(_shipped_cues()),
        signs=_signs_matcher(signs, classes),
        everyday=tuple(_signs_matcher({name: phrases}, classes) for name, phrases in everyday.items()),
        items=_items(catalogue),
        orders=orders,
        evidence=evidence,
        decisions=decisions,
    )


@functools.lru_cache(maxsize=100)
def lexicon_for(catalogue: Catalogue) -> Lexicon:
    """Return what triage knows, with an organisation's own items in place of those that ship.

    A word that it gave an item speaks for that item's topic too: otherwise a text of it would be looked for elsewhere.
    """
    shipped = lexicon()
    if catalogue is shipped.catalogue:
        return shipped
    given = [(word, Cue(item.topic, GIVEN)) for item in catalogue if item.active for word in _given(item)]
    cues = Matcher([*_shipped_cues(), *given]) if given else shipped.cues
    return replace(shipped, catalogue=catalogue, cues=cues, items=_items(catalogue))


def _given(item: Item) -> list[str]:
    """Return the words of an item that do not ship with it."""
    known = load().get(item.code).words if item.code in load() else ()
    return [word for word in item.words if word not in known]


@functools.cache
def _shipped_cues() -> tuple[tuple[str, Cue], ...]:
    return tuple(_cues())


def _items(catalogue: Catalogue) -> dict[str, Matcher[str]]:
    """One matcher for each topic, so that a long word of one topic does not hide a short word of another."""
    return {
        topic: Matcher((word, item.code) for item in catalogue.of_topic(topic) if item.active for word in item.words)
        for topic in TOPICS
    }


def _yaml(name: str) -> Any:
    return yaml.safe_load((FOLDER / name).read_text(encoding="utf-8"))


def _cues() -> Iterator[tuple[str, Cue]]:
    for name in ("topics_zh.yaml", "topics_en.yaml"):
        seen: set[tuple[str, tuple[str, ...]]] = set()
        for topic, by_weight in _yaml(name).items():
            if topic not in TOPICS and topic != NEUTRAL:
                raise LexiconError(f"{name}: no topic {topic!r}")
            for weight, phrases in by_weight.items():
                for phrase in phrases:
                    if (topic, forms_of(phrase)) in seen:
                        raise LexiconError(f"{name}: {phrase!r} stands twice under {topic}")
                    seen.add((topic, forms_of(phrase)))
                    # A neutral phrase says nothing itself; it only hides the shorter words inside it.
                    yield phrase, Cue(topic, 0.0 if topic == NEUTRAL else float(weight))


def _signs_matcher(signs: Mapping[str, list[str]], classes: Mapping[str, list[str]]) -> Matcher[str]:
    return Matcher(
        (spelt, name) for name, phrases in signs.items() for phrase in phrases for spelt in spell(phrase, classes)
    )


def spell(phrase: str, classes: Mapping[str, list[str]]) -> Iterator[str]:
    """Every phrase that `phrase` stands for when each `<class>` in it is one of that class's words."""
    parts = _CLASS.split(phrase)
    missing = [name for name in parts[1::2] if name not in classes]
    if missing:
        raise LexiconError(f"{phrase!r}: no class {missing[0]!r}")
    choices = [classes[part] if number % 2 else [part] for number, part in enumerate(parts)]
    return ("".join(words) for words in itertools.product(*choices))


def _conditions(rule: Mapping[str, Any], signs: Set[str]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    when, unless = tuple(rule["when"]), tuple(rule.get("unless", ()))
    for sign in (*when, *unless):
        if sign.removeprefix(TITLE_PREFIX) not in signs:
            raise LexiconError(f"rules.yaml: no sign {sign!r}")
    return when, unless


def _evidence(rule: Mapping[str, Any], signs: Set[str]) -> Evidence:
    when, unless = _conditions(rule, signs)
    for topic in rule["add"]:
        if topic not in TOPICS:
            raise LexiconError(f"rules.yaml: no topic {topic!r}")
    return Evidence(when, unless, tuple((topic, float(weight)) for topic, weight in rule["add"].items()))


def _decision(rule: Mapping[str, Any], signs: Set[str], catalogue: Catalogue) -> Decision:
    when, unless = _conditions(rule, signs)
    settled = rule["set"]
    if "code" in settled and settled["code"] not in catalogue:
        raise LexiconError(f"rules.yaml: no item {settled['code']!r}")
    for topic in rule["topics"]:
        if topic not in TOPICS:
            raise LexiconError(f"rules.yaml: no topic {topic!r}")
    return Decision(
        when=when,
        unless=unless,
        topics=frozenset(rule["topics"]),
        anywhere=bool(rule.get("anywhere", False)),
        need_level=settled.get("need_level"),
        urgency=settled.get("urgency"),
        code=settled.get("code"),
        zh=rule["says"]["zh"],
        en=rule["says"]["en"],
    )
