"""What this organisation's dispatchers re-filed, as evidence for later texts that read alike."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from math import sqrt

from .text import everyday_words, read

# Below this likeness two texts share only everyday words.
ALIKE = 0.30
# From this total likeness on, the dispatchers' choice replaces the rules' choice.
DECISIVE = 0.50
# No number of corrections outweighs this, so one noisy dispatcher cannot drown the rules.
MOST = 1.5
# A text that stands in the list of corrections a thousand times over still costs one look-up per feature.
MAX_FEATURES = 160

_LATIN = re.compile(r"[a-z]")
_STOP = everyday_words()


@dataclass(frozen=True, slots=True)
class Corrections:
    """An index from a text's features to the corrected texts that hold them; empty by default."""

    codes: tuple[str, ...] = ()
    lengths: tuple[float, ...] = ()
    index: Mapping[str, tuple[tuple[int, float], ...]] = field(default_factory=dict)

    def votes(self, text: str) -> dict[str, float]:
        """Catalogue code → likeness (0 to MOST) of `text` to what was re-filed under that code."""
        wanted = _features(text)
        if not wanted or not self.codes:
            return {}
        length = sqrt(sum(weight * weight for weight in wanted.values()))
        shared: dict[int, float] = defaultdict(float)
        for feature, weight in wanted.items():
            for number, other in self.index.get(feature, ()):
                shared[number] += weight * other
        alike: dict[str, list[float]] = defaultdict(list)
        for number, product in shared.items():
            likeness = product / (length * self.lengths[number])
            if likeness >= ALIKE:
                alike[self.codes[number]].append(likeness)
        return {code: _together(values) for code, values in alike.items()}


def learn(pairs: Iterable[tuple[str, str]]) -> Corrections:
    """Build corrections from (text, catalogue_code) pairs, oldest first; pure, the order only breaks ties."""
    codes: list[str] = []
    lengths: list[float] = []
    index: dict[str, list[tuple[int, float]]] = defaultdict(list)
    for text, code in pairs:
        features = _features(text)
        if not features:
            continue
        number = len(codes)
        codes.append(code)
        lengths.append(sqrt(sum(weight * weight for weight in features.values())))
        for feature, weight in features.items():
            index[feature].append((number, weight))
    return Corrections(tuple(codes), tuple(lengths), {name: tuple(found) for name, found in index.items()})


def _together(likenesses: list[float]) -> float:
    """The closest correction counts whole, each further one a third of the one before."""
    total, share = 0.0, 1.0
    for likeness in sorted(likenesses, reverse=True)[:6]:
        total += likeness * share
        share /= 3
    return min(MOST, total)


def _features(text: str) -> dict[str, float]:
    """Single words (half weight for a Chinese character) and neighbouring pairs of words."""
    features: dict[str, float] = {}
    before = ""
    for form in read(text).forms:
        if form in _STOP or form == "\n" or form[0].isdigit():
            if form == "\n":
                before = ""
            continue
        features[form] = 1.0 if _LATIN.match(form) else 0.6
        if before:
            features[before + " " + form] = 1.0
        before = form
        if len(features) >= MAX_FEATURES:
            break
    return features
