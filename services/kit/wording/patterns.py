"""The small language that phrases are written in, and the walk that finds them in time linear in the text.

A pattern is a row of elements, separated by spaces:

    不能|没法        either of these; of a Chinese word every character, of an English one every word is a token
    not_my_job      several English words in a row
    really?         may be missing (one after `|` makes all of the element optional)
    <we>            the words listed under this name in the sets of the file
    ..3             up to three tokens of any kind, within the sentence
    ^               here a clause begins;  $  here it ends

There is no repetition, so each pattern has a longest match, and the work for a token is bounded whatever the text is.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from services.kit.wording.reading import BREAK, COMMA

_WORD = re.compile(r"[a-z]+(?:'[a-z]+)*|[0-9]+|[\u3400-\u4dbf\u4e00-\u9fff]")
_READABLE = re.compile(r"\A[a-z0-9'_\u3400-\u4dbf\u4e00-\u9fff]+\Z")


class PatternError(Exception):
    """A pattern that says nothing, or says it in a way that is not known here."""


@dataclass(frozen=True, slots=True)
class Element:
    """One step of a pattern: words by their first token, or a gap, or an edge of a clause."""

    words: Mapping[str, tuple[tuple[str, ...], ...]]
    optional: bool = False
    gap: int = 0
    edge: bool = False


@dataclass(slots=True)
class Steps:
    """Counts the comparisons that were made, for whoever wants to know how the work grows."""

    count: int = 0


Pattern = tuple[Element, ...]


def compile_pattern(source: str, sets: Mapping[str, Sequence[str]], *, backwards: bool = False) -> Pattern:
    """Return a pattern; `backwards` reads it from its end, for what stands before a phrase. Raises PatternError."""
    pieces = source.split()
    if not pieces:
        raise PatternError("an empty pattern")
    elements = tuple(_element(piece, sets, backwards) for piece in pieces)
    if all(element.optional or element.gap or element.edge for element in elements):
        raise PatternError(f"{source!r} would match nothing at all")
    return elements[::-1] if backwards else elements


def _element(piece: str, sets: Mapping[str, Sequence[str]], backwards: bool) -> Element:
    if piece in ("^", "$"):
        return Element({}, edge=True)
    if piece.startswith(".."):
        return Element({}, gap=int(piece[2:]))
    optional = piece.endswith("?")
    words: dict[str, list[tuple[str, ...]]] = {}
    for word in _words(piece.removesuffix("?"), sets):
        tokens = tuple(_WORD.findall(word))[:: -1 if backwards else 1]
        words.setdefault(tokens[0], []).append(tokens)
    return Element({first: tuple(dict.fromkeys(found)) for first, found in words.items()}, optional)


def _words(piece: str, sets: Mapping[str, Sequence[str]]) -> Iterator[str]:
    for word in piece.split("|"):
        if word.startswith("<") and word.endswith(">"):
            if word[1:-1] not in sets:
                raise PatternError(f"no set {word}")
            for one in sets[word[1:-1]]:
                yield from _words(one, sets)
        elif _READABLE.match(word):
            yield word
        else:
            raise PatternError(f"cannot read {word!r}")


def firsts(pattern: Pattern) -> set[str]:
    """Return the tokens that a match may begin with; raises PatternError where anything may."""
    found: set[str] = set()
    for element in pattern:
        if element.edge:
            continue
        if element.gap:
            raise PatternError("a pattern begins with a word")
        found.update(element.words)
        if not element.optional:
            break
    return found


def ends(pattern: Pattern, forms: Sequence[str], start: int, steps: Steps, *, towards: int = 1) -> set[int]:
    """Return where matches that begin at `start` may end, walking forwards, or backwards with `towards=-1`.

    Positions lie between tokens. The set of places reached is carried along, so nothing is tried twice.
    """
    reached = {start}
    for element in pattern:
        step = set(reached) if element.optional or element.gap else set()
        for place in reached:
            steps.count += 1
            if element.edge:
                step |= {place} if _at_edge(forms, place) else set()
            elif element.gap:
                step.update(_gap(element.gap, forms, place, towards))
            else:
                step.update(_spoken(element, forms, place, towards, steps))
        if not step:
            return step
        reached = step
    return reached


def _spoken(element: Element, forms: Sequence[str], place: int, towards: int, steps: Steps) -> Iterator[int]:
    """Yield where the words of an element end that begin at a place."""
    first = place if towards > 0 else place - 1
    if not 0 <= first < len(forms):
        return
    for word in element.words.get(forms[first], ()):
        steps.count += 1
        after = place + towards * len(word)
        low, high = min(place, after), max(place, after)
        if low >= 0 and tuple(forms[low:high][::towards]) == word:
            yield after


def _gap(most: int, forms: Sequence[str], place: int, towards: int) -> Iterator[int]:
    for _ in range(most):
        at = place if towards > 0 else place - 1
        if not 0 <= at < len(forms) or forms[at] == BREAK:
            return
        place += towards
        yield place


def _at_edge(forms: Sequence[str], place: int) -> bool:
    outside = [forms[at] for at in (place - 1, place) if 0 <= at < len(forms)]
    return len(outside) < 2 or any(form in (BREAK, COMMA) for form in outside)
