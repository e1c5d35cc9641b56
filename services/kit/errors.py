"""The domain's errors: a code, a sentence a person can read in each language, and no HTTP."""

from collections.abc import Mapping
from typing import Any


class DeskError(Exception):
    """A refusal with a reason. `en` and `zh` are whole sentences that say what to do next.

    `fields` maps a dotted field name to its sentences; `more` is extra data for the caller's client.
    """

    code = "invalid"

    def __init__(
        self,
        en: str,
        zh: str,
        *,
        fields: Mapping[str, list[str]] | None = None,
        **more: Any,
    ) -> None:
        super().__init__(en)
        self.en = en
        self.zh = zh
        self.fields = dict(fields or {})
        self.more = more

    def sentence(self, locale: str) -> str:
        """Return the sentence in `locale` (`zh-CN` or `en`)."""
        return self.zh if locale.startswith("zh") else self.en


class Invalid(DeskError):
    """The input cannot be used as it stands."""

    code = "invalid"


class Unauthenticated(DeskError):
    """Nobody we know is asking."""

    code = "unauthenticated"


class Forbidden(DeskError):
    """We know who asks, and they may not."""

    code = "forbidden"


class NotFound(DeskError):
    """There is no such thing, or it is not theirs to see; the two look alike on purpose."""

    code = "not_found"


class Conflict(DeskError):
    """The thing has moved on since the caller looked."""

    code = "conflict"


class Stale(DeskError):
    """The caller edits a version that is no longer the current one."""

    code = "stale"


class Unavailable(DeskError):
    """Something we need is not answering; trying again later may work."""

    code = "unavailable"


def invalid_field(field: str, en: str, zh: str) -> Invalid:
    """Return an `Invalid` about one field."""
    return Invalid(en, zh, fields={field: [en]})
