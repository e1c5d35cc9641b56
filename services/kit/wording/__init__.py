"""The wording check: finds what sounds like no, like blame or like a lecture, and says what to write instead."""

from services.kit.wording.findings import MOST_CHARACTERS, Finding, check, search
from services.kit.wording.phrasebook import KINDS, LANGUAGES

__all__ = ["KINDS", "LANGUAGES", "MOST_CHARACTERS", "Finding", "check", "search"]
