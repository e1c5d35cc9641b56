"""What the routes about invitations and passwords take and give."""

import marshmallow as ma

from gateway.models import PURPOSES
from gateway.schemas import AccountIn, AccountOut, Secret
from services.kit.http import Line, Page, StrictSchema
from services.kit.identity import LOCALES, ROLES

STATES = ("open", "used", "revoked", "expired")


class InvitationIn(AccountIn):
    """A new account as it is opened for somebody who will choose the password."""

    class Meta(StrictSchema.Meta):
        exclude = ("active", "password")


class InvitationsQuery(Page):
    """Which invitations to list, the latest first."""

    state = ma.fields.String(load_default=None, validate=ma.validate.OneOf(STATES))
    account_id = ma.fields.UUID(load_default=None)


class InvitationOut(ma.Schema):
    """An invitation; never its link, which is made when it is asked for."""

    id = ma.fields.UUID(required=True)
    account_id = ma.fields.UUID(required=True)
    login = ma.fields.String(required=True)
    role = ma.fields.String(required=True, validate=ma.validate.OneOf(ROLES))
    units = ma.fields.List(ma.fields.UUID(), required=True)
    purpose = ma.fields.String(required=True, validate=ma.validate.OneOf(PURPOSES))
    state = ma.fields.String(required=True, validate=ma.validate.OneOf(STATES))
    made_by = ma.fields.UUID(required=True)
    made_at = ma.fields.AwareDateTime(required=True)
    expires_at = ma.fields.AwareDateTime(required=True)
    sent_at = ma.fields.AwareDateTime(required=True, allow_none=True)


class InvitationsOut(ma.Schema):
    """One page of invitations; the next page's address is in the Link header."""

    items = ma.fields.List(ma.fields.Nested(InvitationOut), required=True)


class InvitedOut(ma.Schema):
    """A new account with its invitation."""

    account = ma.fields.Nested(AccountOut, required=True)
    invitation = ma.fields.Nested(InvitationOut, required=True)


class LinkOut(ma.Schema):
    """The address to be printed or handed over: whoever has it chooses the password."""

    link = ma.fields.String(required=True)
    expires_at = ma.fields.AwareDateTime(required=True)


class SendIn(StrictSchema):
    """Where the link goes; without an address, to the one that is known of the person."""

    email = Line(most=254, load_default=None)


class TokenIn(StrictSchema):
    """The token at the end of an invitation's link."""

    token = Line(most=200, required=True)


class WelcomeOut(ma.Schema):
    """Whom a link is for."""

    login = ma.fields.String(required=True)
    role = ma.fields.String(required=True, validate=ma.validate.OneOf(ROLES))
    organisation = ma.fields.String(required=True)
    locale = ma.fields.String(required=True)
    purpose = ma.fields.String(required=True, validate=ma.validate.OneOf(PURPOSES))
    expires_at = ma.fields.AwareDateTime(required=True)


class JoinIn(TokenIn):
    """The password somebody chooses with their link, and the language they read."""

    password = Secret(least=8, required=True)
    locale = ma.fields.String(load_default=None, validate=ma.validate.OneOf(LOCALES))


class PasswordIn(StrictSchema):
    """The password as it is, and as it is to be."""

    current = Secret(least=1, required=True)
    password = Secret(least=8, required=True)
