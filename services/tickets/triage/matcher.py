"""Finds lexicon phrases in tokens: longest phrase first, with an optional gap (`*`) inside a phrase."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Generic, TypeVar

from .text import BREAK, forms_of

T = TypeVar("T")
GAP = "*"
LONGEST_GAP = 5


@dataclass(frozen=True, slots=True)
class Hit(Generic[T]):
    """A phrase found at tokens[start:end], and everything the lexicon says of it."""

    start: int
    end: int
    says: tuple[T, ...]


class Matcher(Generic[T]):
    """An index of phrases by their first token."""

    def __init__(self, entries: Iterable[tuple[str, T]]) -> None:
        says: dict[tuple[str, ...], list[T]] = defaultdict(list)
        for phrase, meaning in entries:
            forms = forms_of(phrase)
            if forms and GAP not in (forms[0], forms[-1]):
                says[forms].append(meaning)
        self._index: dict[str, list[tuple[tuple[str, ...], tuple[T, ...]]]] = defaultdict(list)
        for forms, meanings in says.items():
            self._index[forms[0]].append((forms, tuple(meanings)))
        for candidates in self._index.values():
            candidates.sort(key=lambda candidate: -len(candidate[0]))

    def find(self, forms: tuple[str, ...], end: int | None = None) -> Iterator[Hit[T]]:
        """Hits from left to right; a phrase without a gap hides shorter phrases inside it."""
        stop = len(forms) if end is None else end
        free = 0
        for position in range(stop):
            plain_done = position < free
            for phrase, meanings in self._index.get(forms[position], ()):
                gapped = GAP in phrase
                if plain_done and not gapped:
                    continue
                last = _match(forms, position, phrase, stop)
                if last is None:
                    continue
                yield Hit(position, last, meanings)
                if not gapped:
                    plain_done, free = True, last


def _match(forms: tuple[str, ...], position: int, phrase: tuple[str, ...], stop: int) -> int | None:
    """Where the phrase ends when it stands at `position`, else None."""
    at = position
    index = 0
    while index < len(phrase):
        if phrase[index] == GAP:
            wanted = phrase[index + 1]
            limit = min(stop, at + LONGEST_GAP + 1)
            while at < limit and forms[at] != wanted and forms[at] != BREAK:
                at += 1
            if at >= limit or forms[at] != wanted:
                return None
            index += 1
        if at >= stop or forms[at] != phrase[index]:
            return None
        at += 1
        index += 1
    return at
