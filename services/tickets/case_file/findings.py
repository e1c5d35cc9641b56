"""What a check of a case file comes to: it holds, or it is an untruth; a sentence in each language."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Finding:
    """One check: whether it holds, and what is to be said of it by language."""

    holds: bool
    says: Mapping[str, str]


class Untruth(Exception):
    """Something in a case file is not true; `says` names it."""

    def __init__(self, zh: str, en: str) -> None:
        super().__init__(en)
        self.says = {"zh-CN": zh, "en": en}


def counted(count: int, one: str, more: str) -> str:
    """Return a number of things in English."""
    return f"{count} {one if count == 1 else more}"


def holds(zh: str, en: str) -> Finding:
    """Return a check that came out well."""
    return Finding(True, {"zh-CN": zh, "en": en})
