"""What the gateway's own routes take and give."""

import unicodedata
from typing import Any

import marshmallow as ma

from gateway.organisation_schemas import OwnOrganisation
from services.kit.http import Line, Page, StrictSchema, TrueOrFalse
from services.kit.identity import LOCALES, ROLES

SKILLS = (
    "plumbing",
    "electrical",
    "lift",
    "hvac",
    "carpentry",
    "masonry",
    "locksmith",
    "gas",
    "fire",
    "cleaning",
    "pest_control",
    "security",
    "gardening",
    "community",
    "care",
    "desk",
    "network",
)


class Secret(ma.fields.String):
    """A password as it was typed: any characters, only bounded and encodable."""

    def __init__(self, *, least: int, **kwargs: Any) -> None:
        super().__init__(validate=ma.validate.Length(min=least, max=200), **kwargs)

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> str:
        typed: str = super()._deserialize(value, attr, data, **kwargs)
        try:
            typed.encode()
        except UnicodeEncodeError:
            raise ma.ValidationError("Contains half a character (a lone surrogate).") from None
        return unicodedata.normalize("NFKC", typed)


class Login(Line):
    """A login, compared without regard to case or to the width of characters."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> str:
        return unicodedata.normalize("NFKC", super()._deserialize(value, attr, data, **kwargs)).casefold()


class Credentials(StrictSchema):
    """What a sign-in needs."""

    login = Login(most=64, required=True)
    password = Secret(least=1, required=True)


class RefreshIn(StrictSchema):
    """The refresh token in hand."""

    refresh_token = Line(most=200, required=True)


class TokenOut(ma.Schema):
    """An access token for the Authorization header, its seconds to live, and the next refresh token."""

    access_token = ma.fields.String(required=True)
    token_type = ma.fields.String(required=True, validate=ma.validate.Equal("Bearer"))
    expires_in = ma.fields.Integer(required=True)
    refresh_token = ma.fields.String(required=True)


class NamedOut(ma.Schema):
    """An id and its name, where the name is known."""

    id = ma.fields.UUID(required=True)
    name = ma.fields.String(required=True, allow_none=True)


class UnitOut(ma.Schema):
    """A home: names are null while the service that knows them is not answering."""

    id = ma.fields.UUID(required=True)
    name = ma.fields.String(required=True, allow_none=True)
    building = ma.fields.String(required=True, allow_none=True)
    community = ma.fields.Nested(NamedOut, required=True, allow_none=True)


class MeOut(ma.Schema):
    """Who the caller is. `units_complete` is false while only the ids of some units or communities are known."""

    id = ma.fields.UUID(required=True)
    login = ma.fields.String(required=True)
    role = ma.fields.String(required=True, validate=ma.validate.OneOf(ROLES))
    organisation = ma.fields.Nested(OwnOrganisation, required=True)
    badge = ma.fields.String(required=True, allow_none=True)
    locale = ma.fields.String(required=True)
    skills = ma.fields.List(ma.fields.String(), required=True)
    communities = ma.fields.List(ma.fields.Nested(NamedOut), required=True)
    units = ma.fields.List(ma.fields.Nested(UnitOut), required=True)
    units_complete = ma.fields.Boolean(required=True)


class MeChange(StrictSchema):
    """What somebody may change of their own account."""

    locale = ma.fields.String(required=True, validate=ma.validate.OneOf(LOCALES))


class NothingIn(StrictSchema):
    """A call that says everything by its address."""


def _ids() -> ma.fields.List:
    return ma.fields.List(ma.fields.UUID(), validate=ma.validate.Length(max=200))


class AccountChange(StrictSchema):
    """What may be changed about an account; what is left out stays."""

    password = Secret(least=8)
    role = ma.fields.String(validate=ma.validate.OneOf(ROLES))
    badge = Line(most=40, allow_none=True)
    locale = ma.fields.String(validate=ma.validate.OneOf(LOCALES))
    communities = _ids()
    units = _ids()
    skills = ma.fields.List(
        ma.fields.String(validate=ma.validate.OneOf(SKILLS)), validate=ma.validate.Length(max=len(SKILLS))
    )
    active = TrueOrFalse()


class AccountIn(AccountChange):
    """A new account: login, password and role are needed, and a badge for staff."""

    class Meta(StrictSchema.Meta):
        exclude = ("active",)

    login = Login(
        least=2,
        most=64,
        required=True,
        validate=[
            ma.validate.Regexp(r"^[A-Za-z0-9][A-Za-z0-9._@+-]*$", error="Latin letters, digits and . _ - @ + only.")
        ],
    )
    password = Secret(least=8, required=True)
    role = ma.fields.String(required=True, validate=ma.validate.OneOf(ROLES))
    locale = ma.fields.String(load_default=None, validate=ma.validate.OneOf(LOCALES))


class AccountQuery(Page):
    """The query of the list of accounts."""

    role = ma.fields.String(load_default=None, validate=ma.validate.OneOf(ROLES))


class AccountOut(ma.Schema):
    """An account as an admin sees it; never its password. `revision` is also its ETag.

    `joined` is false until whoever it is for chose a password.
    """

    id = ma.fields.UUID(required=True)
    login = ma.fields.String(required=True)
    role = ma.fields.String(required=True, validate=ma.validate.OneOf(ROLES))
    badge = ma.fields.String(required=True, allow_none=True)
    locale = ma.fields.String(required=True)
    communities = ma.fields.List(ma.fields.UUID(), required=True)
    units = ma.fields.List(ma.fields.UUID(), required=True)
    skills = ma.fields.List(ma.fields.String(), required=True)
    active = ma.fields.Boolean(required=True)
    joined = ma.fields.Boolean(required=True)
    revision = ma.fields.Integer(required=True)


class AccountsOut(ma.Schema):
    """One page of accounts; the next page's address is in the Link header."""

    items = ma.fields.List(ma.fields.Nested(AccountOut), required=True)


class StreamQuery(StrictSchema):
    """Which types the stream carries; without it, all that concern the caller."""

    types = ma.fields.String(
        load_default=None,
        validate=ma.validate.Regexp(r"^[a-z_.0-9]+(,[a-z_.0-9]+)*$", error="Event types with commas between."),
        metadata={"description": "Event types with commas between, such as ticket.claimed.v1,sla.warned.v1"},
    )


class StreamHead(ma.Schema):
    """Where a client that lost its connection goes on; a request has other headers too."""

    class Meta:
        unknown = ma.EXCLUDE

    last_event_id = ma.fields.Integer(
        data_key="Last-Event-ID", load_default=None, validate=ma.validate.Range(min=0, max=2**62)
    )
