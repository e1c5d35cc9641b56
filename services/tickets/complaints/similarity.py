"""How alike two complaints are: pairs of Chinese characters and Latin words that both texts have (Jaccard)."""

import re
import unicodedata
from collections.abc import Set

# What a complaint is about stands near its beginning, and an index entry a word is enough of them.
INDEXED_WORDS = 120
SAME_HOME, SAME_BUILDING, SAME_ITEM = 0.3, 0.1, 0.1
# Below this two texts share what any two complaints share.
LEAST_SCORE = 0.15

_RUN = re.compile(r"[\u3400-\u4dbf\u4e00-\u9fff]+|[a-z]+(?:'[a-z]+)?")
_EMPTY_WORDS = frozenset(
    {
        "the", "and", "for", "was", "were", "are", "has", "had", "have", "not", "but", "with", "this", "that", "they",
        "them", "our", "your", "you", "his", "her", "its", "from", "all", "any", "again", "very", "still", "since",
        "because", "there", "been", "will", "would", "could", "about", "into", "when", "what", "which", "who",
    }
)  # fmt: skip


def words_of(text: str) -> dict[str, None]:
    """Return what a text is compared by, in the order of the text and once each."""
    folded = unicodedata.normalize("NFKC", text).lower()
    found: dict[str, None] = {}
    for run in _RUN.findall(folded):
        if run.isascii():
            if len(run) > 2 and run not in _EMPTY_WORDS:
                found[run] = None
        elif len(run) == 1:
            found[run] = None
        else:
            found.update(dict.fromkeys(run[place : place + 2] for place in range(len(run) - 1)))
    return found


def indexed(text: str) -> list[str]:
    """Return the words a complaint is found by."""
    return list(words_of(text))[:INDEXED_WORDS]


def jaccard(one: Set[str], other: Set[str]) -> float:
    """Return how much of all the words of both is shared, 0 to 1; nothing where neither says anything."""
    together = len(one | other)
    return len(one & other) / together if together else 0.0


def score(alike: float, *, same_home: bool, same_building: bool, same_item: bool) -> float:
    """Return what cases are ordered by: likeness of the words, and of where and what it is about."""
    places = SAME_HOME if same_home else SAME_BUILDING if same_building else 0.0
    return alike + places + (SAME_ITEM if same_item else 0.0)
