"""What spots there are, the codes on them, and how much is taken from visitors. Pure."""

import re
import secrets

KINDS = (
    "lift", "door", "gate", "garage", "corridor", "stairs", "roof", "garden", "playground", "room", "other",
)  # fmt: skip
# Read out and typed as well as scanned, so without 0/o, 1/i/l and u: 18 of 30 letters are 88 bits.
_LETTERS = "23456789abcdefghjkmnpqrstvwxyz"
_LENGTH = 18
_CODE = re.compile(rf"[{_LETTERS}]{{{_LENGTH}}}")
# What visitors may report within an hour: more is somebody's joke, and the desk has heard by then.
MOST_AT_SPOT, MOST_IN_COMMUNITY = 10, 60
MOST_PHOTOS = 3
FOLLOWED_DAYS = 60
# How long a number that was left is kept once the report has ended.
NUMBER_KEPT = "30 days"
VISITOR = "visitor"
CHANNEL = "qr"
# What is said in public of what is open at a spot: work on the place, and never anybody's complaint or care.
PUBLIC_WORK = ("repair", "cleaning", "security", "greening")


def new_code() -> str:
    """Return a code nobody can guess."""
    return "".join(secrets.choice(_LETTERS) for _ in range(_LENGTH))


def is_code(text: str) -> bool:
    """Whether a text could be a code of ours."""
    return _CODE.fullmatch(text) is not None


def label(building: str | None, name: str) -> str:
    """Return where a spot is, in one line."""
    return f"{building} {name}" if building else name
