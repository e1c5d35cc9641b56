"""Finds the phrases to avoid in a text, passing over what is quoted and what the resident said."""

from collections.abc import Sequence
from dataclasses import dataclass

from services.kit.wording.patterns import Steps, ends
from services.kit.wording.phrasebook import LANGUAGES, Phrase, Phrasebook, Words, phrasebook
from services.kit.wording.reading import BREAK, COMMA, Token, read

# What a message may hold; longer texts are refused at the door, and cost no more here than their length.
MOST_CHARACTERS = 5000


@dataclass(frozen=True, slots=True)
class Finding:
    """A phrase to avoid. `start` and `end` count characters (code points) of the text as it was given."""

    start: int
    end: int
    phrase: str
    kind: str
    reason: Words
    better: Words


def check(text: str, locale: str | None = None) -> list[Finding]:
    """Return what is better said otherwise, in the order of the text; nothing where all is well.

    `locale` is the language of the text (`zh-CN` or `en`); without it both lists of phrases are looked for, which is
    right for mixed texts. A finding is advice: nobody is kept from sending a text by it.
    """
    return search(text, locale)[0]


def search(text: str, locale: str | None = None) -> tuple[list[Finding], int]:
    """Return the findings and how many comparisons they took: linear in the length of the text."""
    steps = Steps()
    tokens = read(text)
    forms = [token.form for token in tokens]
    found: list[tuple[int, int, Phrase]] = []
    for language in LANGUAGES if locale is None else (locale,):
        found += _in_language(phrasebook(language), forms, steps)
    return [_finding(text, tokens, one) for one in _without_overlaps(found)], steps.count


def _in_language(book: Phrasebook, forms: Sequence[str], steps: Steps) -> list[tuple[int, int, Phrase]]:
    passed_over = _reported(book, forms, steps)
    found = []
    for start, form in enumerate(forms):
        for phrase, pattern in book.by_first.get(form, ()):
            reached = ends(pattern, forms, start, steps)
            good = [end for end in reached if not _excused(phrase, forms, start, end, steps)]
            # One way to read the words that is no fault is enough: `我们不能让您…` is not `我们不能` and something.
            if good and len(good) == len(reached) and not any(passed_over[start : max(good)]):
                found.append((start, max(good), phrase))
    return found


def _excused(phrase: Phrase, forms: Sequence[str], start: int, end: int, steps: Steps) -> bool:
    return any(ends(before, forms, start, steps, towards=-1) for before in phrase.unless_before) or any(
        ends(after, forms, end, steps) for after in phrase.unless_after
    )


def _reported(book: Phrasebook, forms: Sequence[str], steps: Steps) -> list[bool]:
    """Mark the tokens that repeat what the resident said: from `您说` or `you said` to the end of the clause."""
    marked = [False] * len(forms)
    start = 0
    while start < len(forms):
        reached: set[int] = set()
        told = start > 0 and forms[start - 1] in book.not_reported
        for pattern in () if told else book.reported.get(forms[start], ()):
            reached |= ends(pattern, forms, start, steps)
        if not reached:
            start += 1
            continue
        start = _end_of_saying(book, forms, max(reached), marked)
    return marked


def _end_of_saying(book: Phrasebook, forms: Sequence[str], start: int, marked: list[bool]) -> int:
    """Mark up to the end of the clause; a comma or colon right after the verb belongs to the saying."""
    place = start
    while place < len(forms) and forms[place] != BREAK and forms[place] not in book.turns:
        if forms[place] == COMMA and place > start:
            break
        marked[place] = True
        place += 1
    return place


def _without_overlaps(found: list[tuple[int, int, Phrase]]) -> list[tuple[int, int, Phrase]]:
    """Return the findings in order; of those that share words only the first, and at one place the longest."""
    kept: list[tuple[int, int, Phrase]] = []
    for one in sorted(found, key=lambda one: (one[0], -one[1])):
        if not kept or one[0] >= kept[-1][1]:
            kept.append(one)
    return kept


def _finding(text: str, tokens: Sequence[Token], found: tuple[int, int, Phrase]) -> Finding:
    first, after, phrase = found
    start, end = tokens[first].start, tokens[after - 1].end
    return Finding(start, end, text[start:end], phrase.kind, phrase.reason, phrase.better)
