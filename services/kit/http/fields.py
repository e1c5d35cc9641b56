"""Input fields that refuse what a database or a reader could choke on."""

import re
import unicodedata
from typing import Any

import marshmallow as ma

# Marks that turn the direction of writing. They come along invisibly when a name or a telephone number is copied
# from a phone's contacts, and can make a line read otherwise than it is stored.
_DIRECTIONS = re.compile("[\u202a-\u202e\u2066-\u2069]")


# Spaces, and marks that are not seen by themselves: a text of nothing else says nothing.
_UNSEEN = ("Cf", "Mn", "Me", "Zs", "Zl", "Zp", "Cc")


def _plain(value: str, *, lines: bool) -> None:
    try:
        value.encode()
    except UnicodeEncodeError:
        raise ma.ValidationError("Contains half a character (a lone surrogate).") from None
    for character in value:
        kind = unicodedata.category(character)
        if kind in ("Cc", "Zl", "Zp") and not (lines and (character in "\n\r\t" or kind != "Cc")):
            raise ma.ValidationError("Contains a control character.")


class _Words(ma.fields.String):
    """Text without control characters and marks of direction, stripped, within a length in characters."""

    lines = False

    def __init__(self, *, least: int = 1, most: int = 200, **kwargs: Any) -> None:
        validators = [ma.validate.Length(min=least, max=most), *kwargs.pop("validate", [])]
        super().__init__(validate=validators, **kwargs)

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> str:
        words: str = super()._deserialize(value, attr, data, **kwargs)
        _plain(words, lines=self.lines)
        words = _DIRECTIONS.sub("", words).strip()
        return "" if all(unicodedata.category(character) in _UNSEEN for character in words) else words


class Line(_Words):
    """One line of text."""


class Prose(_Words):
    """Text of several lines."""

    lines = True

    def __init__(self, *, least: int = 1, most: int = 5000, **kwargs: Any) -> None:
        super().__init__(least=least, most=most, **kwargs)


class TrueOrFalse(ma.fields.Boolean):
    """A JSON boolean and nothing that merely counts as one: 0, "no" and "false" are mistakes, and no answers."""

    def _deserialize(self, value: Any, *args: Any, **kwargs: Any) -> bool:
        if not isinstance(value, bool):
            raise self.make_error("invalid", input=value)
        return value


class StrictSchema(ma.Schema):
    """A schema that names unknown fields instead of dropping them."""

    class Meta:
        unknown = ma.RAISE
