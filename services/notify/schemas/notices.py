"""What the routes about notices and preferences take and give."""

import zoneinfo
from collections.abc import Callable
from typing import Any

import marshmallow as ma

from services.kit.http import Line, Page, StrictSchema, TrueOrFalse
from services.kit.identity import LOCALES
from services.notify import channels
from services.notify.audience import KINDS
from services.notify.topics import TOPICS

# The length is said too, because `$` lets a line break pass.
_CLOCK = [ma.validate.Regexp(r"^([01][0-9]|2[0-3]):[0-5][0-9]$"), ma.validate.Length(equal=5)]


def _ascii(value: str) -> None:
    # Many mail servers refuse other letters before the @, and a refusal here is clearer than one there.
    if not value.isascii():
        raise ma.ValidationError("Use an address of ASCII characters only.")


def _out_in_the_world(value: str) -> None:
    # To our mail server the others would be itself or a neighbour in its network.
    domain = value.rpartition("@")[2]
    if "." not in domain or domain.startswith("["):
        raise ma.ValidationError("Use an address with a domain name, such as name@example.org.")


def email_checks() -> list[Callable[[str], Any]]:
    """Return what an address must be, beyond looking like one, so that letters to it go somewhere."""
    return [ma.validate.Length(max=254), _ascii, _out_in_the_world]


def _known_zone(value: str) -> None:
    if value not in zoneinfo.available_timezones():
        raise ma.ValidationError("Not a time zone we know; write it like Asia/Shanghai.")


def _channel() -> ma.fields.String:
    return ma.fields.String(validate=ma.validate.OneOf(channels.NAMES))


class NoticesQuery(Page):
    """Which notices to list; without `unread` both read and unread ones."""

    unread = ma.fields.Boolean(load_default=None)


class WayView(ma.Schema):
    """One way to its reader: `state` is queued, sending, sent, failed or skipped."""

    channel = ma.fields.String(required=True)
    state = ma.fields.String(required=True)
    at = ma.fields.AwareDateTime(required=True, allow_none=True)


class NoticeView(ma.Schema):
    """A notice as its recipient sees it."""

    id = ma.fields.UUID(required=True)
    kind = ma.fields.String(required=True)
    ticket_id = ma.fields.UUID(required=True, allow_none=True)
    title = ma.fields.String(required=True)
    body = ma.fields.String(required=True)
    link = ma.fields.String(required=True, allow_none=True)
    urgent = ma.fields.Boolean(required=True)
    data = ma.fields.Dict(keys=ma.fields.String(), required=True)
    created_at = ma.fields.AwareDateTime(required=True)
    read_at = ma.fields.AwareDateTime(required=True, allow_none=True)
    target_at = ma.fields.AwareDateTime(
        required=True, allow_none=True, metadata={"description": "By when you were to be told."}
    )
    told = ma.fields.List(
        ma.fields.Nested(WayView),
        required=True,
        metadata={"description": "Each channel it went through, and when the channel took it."},
    )


class NoticePage(ma.Schema):
    """Notices, newest first; the `Link` header leads to older ones."""

    items = ma.fields.List(ma.fields.Nested(NoticeView), required=True)


class Preferences(StrictSchema):
    """How a person wants to be told. In a PUT, what is left out stays as it is."""

    locale = ma.fields.String(validate=ma.validate.OneOf(LOCALES))
    timezone = ma.fields.String(validate=[ma.validate.Length(max=64), _known_zone])
    quiet_from = ma.fields.String(allow_none=True, validate=_CLOCK)
    quiet_until = ma.fields.String(allow_none=True, validate=_CLOCK)
    digest_at = ma.fields.String(
        allow_none=True,
        validate=_CLOCK,
        metadata={"description": "When e-mail that can wait comes, gathered into one a day; null: each by itself."},
    )
    email = ma.fields.Email(allow_none=True, validate=email_checks())
    email_confirmed = TrueOrFalse(
        metadata={"description": "Whether the address was confirmed by the link sent to it; told, never set."}
    )
    apprise_urls = ma.fields.List(
        Line(most=500),
        validate=ma.validate.Length(max=5),
        metadata={"description": "Apprise addresses. They are shown masked; a masked one keeps what it stands for."},
    )
    sms_urls = ma.fields.List(
        Line(most=500),
        validate=ma.validate.Length(max=2),
        metadata={"description": "Apprise addresses that reach the telephone; used for emergencies nobody read."},
    )
    channels = ma.fields.Dict(
        keys=ma.fields.String(validate=ma.validate.OneOf(KINDS)),
        values=ma.fields.List(_channel(), validate=ma.validate.Length(max=10)),
        metadata={
            "description": "Channels per kind of notice; a kind that is not named uses them all, and so does what is "
            "urgent, whatever its kind."
        },
    )
    topics = ma.fields.Dict(
        keys=ma.fields.String(validate=ma.validate.OneOf(tuple(TOPICS))),
        values=ma.fields.List(
            _channel(),
            allow_none=True,
            validate=ma.validate.Length(max=10),
        ),
        metadata={
            "description": "The same for a topic, which stands for all its kinds; null: all channels. A topic whose "
            "kinds differ is left out."
        },
    )

    @ma.validates_schema
    def quiet_hours_have_two_ends(self, data: dict[str, Any], **_kwargs: Any) -> None:
        """Quiet hours are given, or taken away, with both ends at once."""
        ends = [data.get(name) for name in ("quiet_from", "quiet_until") if name in data]
        if len(ends) == 1 or (ends and (ends[0] is None) != (ends[1] is None)):
            raise ma.ValidationError("Give both quiet_from and quiet_until, or null for both.", "quiet_until")
