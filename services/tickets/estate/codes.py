"""Codes of places: what an import finds them by, whatever they are called by then."""

import re

LONGEST_NAME = 60
LONGEST_CODE = 120
# As long as three names and what joins them could be too long, a code made of names is cut, and then may be taken.
_CUT = 100
_BLANKS = re.compile(r"\s+")


def code_of(*names: str) -> str:
    """Return the code of a place that was given none: its community's or building's code and its name."""
    return _BLANKS.sub("-", "-".join(names))[:_CUT]


def told_apart(code: str, place_id: str) -> str:
    """Return a code for a place whose own is taken by another."""
    return f"{code}-{place_id[-12:]}"
