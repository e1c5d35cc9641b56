"""What every code of the services is called on a page, with a sign beside the word where a colour would tell."""

from gateway.web.words import complaints, desk, tickets
from gateway.web.words.word import Word

__all__ = ["KINDS", "Word", "all_of", "word"]

KINDS: dict[str, dict[str, Word]] = {**tickets.KINDS, **complaints.KINDS, **desk.KINDS}


def word(kind: str, code: object) -> Word:
    """Return what a code is called; a code that is newer than these pages is called by itself."""
    key = "none" if code is None else str(code)
    return KINDS[kind].get(key) or Word("–" if code is None else key)


def all_of(kind: str) -> dict[str, Word]:
    """Return all words of a kind by code, for choices."""
    return KINDS[kind]
