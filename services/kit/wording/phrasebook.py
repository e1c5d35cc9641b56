"""The phrases to avoid, read from data: their patterns, why each is a fault, and what to say instead."""

import functools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from services.kit.wording.patterns import Pattern, PatternError, compile_pattern, firsts

FOLDER = Path(__file__).with_name("phrases")
LANGUAGES = ("zh-CN", "en")
KINDS = ("negative", "refusal", "blame", "lecturing", "belittling", "excuse", "but")
Words = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Phrase:
    """Wording to avoid, with its variants; what stands before or after may show that one is no fault."""

    id: str
    kind: str
    reason: Words
    better: Words
    patterns: tuple[Pattern, ...]
    unless_before: tuple[Pattern, ...] = ()
    unless_after: tuple[Pattern, ...] = ()


@dataclass(frozen=True, slots=True)
class Phrasebook:
    """One language's phrases, by the tokens that a match may begin with."""

    language: str
    phrases: tuple[Phrase, ...]
    by_first: Mapping[str, tuple[tuple[Phrase, Pattern], ...]]
    reported: Mapping[str, tuple[Pattern, ...]]
    not_reported: frozenset[str]
    turns: frozenset[str]


@functools.cache
def phrasebook(language: str) -> Phrasebook:
    """Return the phrases of a language; raises PatternError naming the phrase that cannot be read."""
    raw = yaml.safe_load((FOLDER / f"{language}.yaml").read_text(encoding="utf-8"))
    kinds = yaml.safe_load((FOLDER / "kinds.yaml").read_text(encoding="utf-8"))
    sets = {name: ["".join(words.split()) for words in listed] for name, listed in raw["sets"].items()}
    phrases = tuple(_phrase(entry, sets, kinds) for entry in raw["phrases"])
    by_first: dict[str, list[tuple[Phrase, Pattern]]] = {}
    for phrase in phrases:
        for pattern in phrase.patterns:
            for first in firsts(pattern):
                by_first.setdefault(first, []).append((phrase, pattern))
    reported: dict[str, list[Pattern]] = {}
    for source in raw["reported"]:
        pattern = compile_pattern(source, sets)
        for first in firsts(pattern):
            reported.setdefault(first, []).append(pattern)
    return Phrasebook(
        language,
        phrases,
        _frozen(by_first),
        _frozen(reported),
        frozenset(raw["reported_unless_before"]),
        frozenset(raw["turns"]),
    )


def _frozen(lists: Mapping[str, list[Any]]) -> dict[str, tuple[Any, ...]]:
    return {first: tuple(listed) for first, listed in lists.items()}


def _phrase(entry: Mapping[str, Any], sets: Mapping[str, Sequence[str]], kinds: Mapping[str, Words]) -> Phrase:
    def compiled(name: str, *, backwards: bool = False) -> tuple[Pattern, ...]:
        try:
            return tuple(compile_pattern(source, sets, backwards=backwards) for source in entry.get(name, ()))
        except PatternError as problem:
            raise PatternError(f"{entry['id']}, {name}: {problem}") from problem

    known = {"id", "kind", "patterns", "unless_before", "unless_after", "reason", "better"}
    if entry["kind"] not in KINDS or set(entry) - known:
        raise PatternError(f"{entry['id']}: a kind or a field that is not known")
    return Phrase(
        id=entry["id"],
        kind=entry["kind"],
        reason=entry.get("reason", kinds[entry["kind"]]),
        better=entry["better"],
        patterns=compiled("patterns"),
        unless_before=compiled("unless_before", backwards=True),
        unless_after=compiled("unless_after"),
    )
