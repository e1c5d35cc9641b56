"""A code as a person reads it."""

from dataclasses import dataclass

from flask_babel import LazyString


@dataclass(frozen=True)
class Word:
    """A code as a person reads it: its name, a sign, and the tone Bootstrap paints it in."""

    name: LazyString | str
    sign: str = ""
    tone: str = "secondary"

    def __str__(self) -> str:
        return str(self.name)
