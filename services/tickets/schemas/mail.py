"""What the routes about incoming mail take and give."""

import re

import marshmallow as ma
from marshmallow import fields
from marshmallow.validate import Length, OneOf

from services.kit.http import Line, Page, Prose, StrictSchema, TrueOrFalse
from services.tickets import catalogue
from services.tickets.models.mail import MAIL_STATES
from services.tickets.schemas.input import Circumstances

_HOST = re.compile(r"^(?!-)[A-Za-z0-9.-]{1,253}(?<!-)$")


def _plain_address(value: str) -> None:
    # Its own part before the + is ours to write tokens behind.
    user, _, domain = value.rpartition("@")
    if "+" in user or len(user) > 20 or "." not in domain or not value.isascii():
        raise ma.ValidationError("Use an address like desk@example.org: up to 20 characters and no + before the @.")


def _server(value: str) -> None:
    if not _HOST.match(value):
        raise ma.ValidationError("Not the name by which a mail server signs its results, such as mx.example.org.")


class MailboxInput(StrictSchema):
    """Where the organisation takes mail. Without a server to believe nobody files by mail, and the desk looks first."""

    address = fields.Email(required=True, allow_none=True, validate=[Length(max=200), _plain_address])
    authserv_ids = fields.List(
        fields.String(validate=_server),
        load_default=list,
        validate=Length(max=5),
        metadata={"description": "The names your own mail servers write into Authentication-Results (RFC 8601)."},
    )


class MailboxView(ma.Schema):
    """The mailbox; `url` is where its mail server posts letters, `signed` whether there is a secret yet."""

    id = fields.UUID(required=True)
    address = fields.String(required=True, allow_none=True)
    authserv_ids = fields.List(fields.String(), required=True)
    url = fields.String(required=True)
    signed = fields.Boolean(required=True)
    previous_until = fields.AwareDateTime(
        required=True, allow_none=True, metadata={"description": "Until when the secret before still signs."}
    )
    changed_at = fields.AwareDateTime(required=True)


class MailboxSecret(MailboxView):
    """The mailbox with its new secret, which is shown this once."""

    secret = fields.String(required=True)


class MailTaken(ma.Schema):
    """A letter is kept and will be read."""

    id = fields.UUID(required=True)


class MailQuery(Page):
    """Which letters to list."""

    state = fields.String(load_default="waiting", validate=OneOf(MAIL_STATES))


class AttachmentView(ma.Schema):
    """What came with a letter."""

    name = fields.String(required=True)
    kind = fields.String(required=True)
    size_bytes = fields.Integer(required=True)
    photo = fields.Boolean(required=True)


class MailView(ma.Schema):
    """A letter; `raw` says whether it can still be had as it came."""

    id = fields.UUID(required=True)
    received_at = fields.AwareDateTime(required=True)
    sender = fields.String(required=True)
    sender_name = fields.String(required=True)
    subject = fields.String(required=True)
    text = fields.String(required=True)
    attachments = fields.List(fields.Nested(AttachmentView), required=True)
    size_bytes = fields.Integer(required=True)
    state = fields.String(required=True)
    reason = fields.String(
        required=True, allow_none=True, metadata={"description": "Why it waits, or how a machine made itself known."}
    )
    person_id = fields.UUID(required=True, allow_none=True)
    ticket_id = fields.UUID(required=True, allow_none=True)
    decided_by = fields.UUID(required=True, allow_none=True)
    decided_at = fields.AwareDateTime(required=True, allow_none=True)
    note = fields.String(required=True, allow_none=True)
    raw = fields.Boolean(required=True)


class MailPage(ma.Schema):
    """Letters, the oldest first."""

    items = fields.List(fields.Nested(MailView), required=True)


class MailFiling(StrictSchema):
    """Whose request a letter is; what is left out is taken from the letter, from triage and from their home."""

    on_behalf_of = fields.UUID(required=True)
    unit_id = fields.UUID(load_default=None)
    community_id = fields.UUID(load_default=None)
    location = Line(most=200, load_default=None)
    title = Line(most=120, load_default=None)
    description = Prose(most=5000, load_default=None)
    catalogue_code = Line(most=60, load_default=None)
    urgency = fields.String(load_default=None, validate=OneOf(catalogue.URGENCIES))
    circumstances = Circumstances(load_default=())


class MailAttaching(StrictSchema):
    """To which ticket a letter belongs, and whether its resident sees it there."""

    ticket_id = fields.UUID(required=True)
    visible = TrueOrFalse(load_default=False)


class MailDiscarding(StrictSchema):
    """Why a letter needs nothing."""

    reason = Prose(required=True, most=500)
