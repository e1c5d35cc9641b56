"""Input fields that refuse what a database or a reader could choke on."""

import unicodedata
from typing import Any

import marshmallow as ma


def _plain(value: str, *, lines: bool) -> None:
    try:
        value.encode()
    except UnicodeEncodeError:
        raise ma.ValidationError("Contains half a character (a lone surrogate).") from None
    for character in value:
        if unicodedata.category(character) == "Cc" and not (lines and character in "\n\r\t"):
            raise ma.ValidationError("Contains a control character.")


class _Words(ma.fields.String):
    """Text without control characters, stripped, within a length in characters."""

    lines = False

    def __init__(self, *, least: int = 1, most: int = 200, **kwargs: Any) -> None:
        validators = [ma.validate.Length(min=least, max=most), *kwargs.pop("validate", [])]
        super().__init__(validate=validators, **kwargs)

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> str:
        words: str = super()._deserialize(value, attr, data, **kwargs)
        _plain(words, lines=self.lines)
        return words.strip()


class Line(_Words):
    """One line of text."""


class Prose(_Words):
    """Text of several lines."""

    lines = True

    def __init__(self, *, least: int = 1, most: int = 5000, **kwargs: Any) -> None:
        super().__init__(least=least, most=most, **kwargs)


class StrictSchema(ma.Schema):
    """A schema that names unknown fields instead of dropping them."""

    class Meta:
        unknown = ma.RAISE
