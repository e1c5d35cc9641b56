"""Finds in a request's own words who lives there and what the home lacks: circumstances in which waiting is worse."""

from __future__ import annotations

import functools
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import yaml

from services.tickets.sla.conditions import CIRCUMSTANCES

from .lexicon import spell
from .matcher import Hit, Matcher
from .text import BREAK, Text, read

FILE = Path(__file__).with_name("words") / "circumstances.yaml"
# How many tokens may stand between a denying word and what it denies: Chinese characters, Latin words.
REACH_ZH, REACH_EN = 4, 2
REACH_NOT_YET, REACH_QUESTION = 6, 2
COMMAS = frozenset(",，:：()（）")
# A text longer than this is a letter that tells of much; only its first words are about the home it comes from.
LETTER, LETTER_HEAD = 150, 60
DENIES, NOTHING = "denies", "nothing"
LACKS = ("no_water", "no_power", "no_heating")


@dataclass(frozen=True, slots=True)
class _Words:
    says: Matcher[str]
    other: Matcher[str]
    over: Matcher[str]
    denying: Matcher[str]
    turns: Matcher[str]
    not_yet: Matcher[str]
    asks: frozenset[str]


def circumstances_in(text: str) -> tuple[str, ...]:
    """The circumstances that `text` (Chinese or English, any length) states, in the order of CIRCUMSTANCES.

    What is denied, asked, feared, announced or over does not count. In doubt nothing is found, for the resident and
    the desk can name a circumstance themselves.
    """
    words, reading = _words(), read(text)
    end = len(reading.forms) if len(reading.forms) <= LETTER else reading.title_end or LETTER_HEAD
    hits = list(words.says.find(reading.forms, end))
    if not hits:
        return ()
    other = [hit for hit in words.other.find(reading.forms) if _one_clause(reading, hit.start, hit.end - 1)]
    denials = [hit for hit in words.denying.find(reading.forms) if not _inside(hit, hits) and DENIES in hit.says]
    over = [hit for hit in words.over.find(reading.forms) if not _near(words.not_yet, reading, hit, REACH_NOT_YET)]
    found = {
        name
        for hit in hits
        if not any(_denied(words, reading, denial, hit) for denial in denials)
        for name in hit.says
        if not any(name in means.says and _overlap(means, hit) for means in other)
        if not any(name in back.says and back.start >= hit.end for back in over)
        if not (name in LACKS and _asked(words, reading, hit))
    }
    return tuple(name for name in CIRCUMSTANCES if name in found)


@functools.cache
def _words() -> _Words:
    data = yaml.safe_load(FILE.read_text(encoding="utf-8"))
    classes = data["classes"]
    for section in ("says", "not", "over"):
        if unknown := set(data[section]) - set(CIRCUMSTANCES):
            raise ValueError(f"{FILE.name}: {section} has no circumstance {sorted(unknown)[0]!r}")

    def named(section: str) -> Matcher[str]:
        return Matcher(
            (spelt, name)
            for name, phrases in data[section].items()
            for phrase in phrases
            for spelt in spell(str(phrase), classes)
        )

    denying = [*((word, DENIES) for word in data["denies"]), *((word, NOTHING) for word in data["denies_nothing"])]
    return _Words(
        says=named("says"),
        other=named("not"),
        over=named("over"),
        denying=Matcher(denying),
        turns=Matcher((word, DENIES) for word in data["turns"]),
        not_yet=Matcher((word, DENIES) for word in data["not_yet"]),
        asks=frozenset(data["asks"]),
    )


def _overlap(one: Hit[str], other: Hit[str]) -> bool:
    return one.start < other.end and other.start < one.end


def _inside(hit: Hit[str], hits: Iterable[Hit[str]]) -> bool:
    """Whether a denying word is part of what is said, as in "no water"."""
    return any(other.start <= hit.start and hit.end <= other.end for other in hits)


def _denied(words: _Words, reading: Text, denial: Hit[str], hit: Hit[str]) -> bool:
    """Whether the denying word stands shortly before the hit, in the same clause and thought."""
    between = reading.forms[denial.end : hit.start]
    reach = REACH_EN if reading.forms[denial.start].isascii() else REACH_ZH
    if denial.end > hit.start or len(between) > reach or not _one_clause(reading, denial.start, hit.start):
        return False
    return next(words.turns.find(between), None) is None


def _one_clause(reading: Text, start: int, end: int) -> bool:
    """Whether neither a full stop nor a comma stands between two tokens."""
    if BREAK in reading.forms[start:end]:
        return False
    return COMMAS.isdisjoint(reading.shown[reading.tokens[start].start : reading.tokens[end].start])


def _near(matcher: Matcher[str], reading: Text, hit: Hit[str], reach: int) -> bool:
    """Whether one of the matcher's words stands within `reach` tokens before the hit, or begins in it."""
    return next(matcher.find(reading.forms[max(0, hit.start - reach) : hit.end]), None) is not None


def _asked(words: _Words, reading: Text, hit: Hit[str]) -> bool:
    following: Sequence[str] = reading.forms[hit.end : hit.end + REACH_QUESTION]
    return not words.asks.isdisjoint(following)
