"""Incoming mail: a mail server brings it, the desk decides about what nobody else can."""

import uuid
from collections.abc import Callable
from typing import Any

from flask import Response, current_app, g, request
from flask_smorest import Blueprint
from sqlalchemy import Connection, select
from werkzeug.exceptions import BadRequest, UnsupportedMediaType

from services.kit import clock, hook_signing
from services.kit.database import transaction
from services.kit.errors import Invalid, NotFound, Unauthenticated
from services.kit.events import new_id
from services.kit.http import (
    IF_MATCH,
    Answer,
    access,
    current_service,
    expected_version,
    one_effect,
    page_link,
    public,
    respond,
    scoped,
    version_tag,
)
from services.kit.identity import NOBODY, Actor, current_actor, system_actor
from services.tickets import pictures, queries
from services.tickets.api.answers import ticket_answer, words
from services.tickets.commands import mail as commands
from services.tickets.commands import mailboxes
from services.tickets.mail.parts import Unreadable
from services.tickets.mail.reading import read_letter
from services.tickets.models import mailboxes as mailboxes_table
from services.tickets.photo_files import store_file
from services.tickets.queries import mail as letters
from services.tickets.schemas import CommentView, Ticket
from services.tickets.schemas.mail import (
    MailAttaching,
    MailboxInput,
    MailboxSecret,
    MailboxView,
    MailDiscarding,
    MailFiling,
    MailPage,
    MailQuery,
    MailTaken,
    MailView,
)

mail = Blueprint("mail", __name__, description="Incoming mail")

LETTER = "message/rfc822"
# What a mail server takes for a large letter; photos of 15 MB grow by a third on their way.
LARGEST = 20 * 1024 * 1024
# Who asks for a mailbox before it is known whose it is; row-level security shows them the one they name.
BRINGER = "mail"
DESK = ("dispatcher", "manager")
ANSWERABLE = ("manager", "admin")


@mail.route("/mail-in/<uuid:mailbox_id>", methods=["POST"])
@public
@mail.alt_response(202, schema=MailTaken)
def take_mail(mailbox_id: uuid.UUID) -> Response:
    """Take a letter (message/rfc822) from a mail server, signed by Standard Webhooks with the mailbox's secret.

    Answered 202 it is on disk. The same letter brought again is kept once.
    """
    if request.mimetype != LETTER:
        raise UnsupportedMediaType(f"Send the letter as it came, as {LETTER}.")
    raw = request.get_data(cache=True)
    if request.content_length and len(raw) != request.content_length:
        raise BadRequest("The letter ended early. Send it again.")
    mailbox = _mailbox(str(mailbox_id))
    house_secret = current_service().settings.secret
    signature = {name: request.headers.get(name, "") for name in hook_signing.HEADERS}
    secrets = mailboxes.secrets_of(mailbox, house_secret) if mailbox else []
    if mailbox is None or not hook_signing.is_signed(secrets, signature, clock.now(), raw):
        # A mailbox that is not there and a wrong signature look alike.
        raise Unauthenticated(
            "The letter is not signed with this mailbox's secret, or its clock is more than five minutes off.",
            "签名与该邮箱的密钥不符，或时钟相差超过五分钟。",
        )
    if not raw.strip():
        raise Invalid("The letter is empty.", "邮件内容为空。")
    g.actor = system_actor(mailbox["organisation_id"])
    return _keep(mailbox, raw, house_secret)


@one_effect
def _keep(db: Connection, mailbox: dict[str, Any], raw: bytes, secret: str) -> Answer:
    return Answer({"id": commands.keep(db, mailbox, raw, secret)}, 202)


def _mailbox(mailbox_id: str) -> dict[str, Any] | None:
    """Return a mailbox with its secrets. Whose it is is not known yet: the database shows the one that is named."""
    with transaction(current_service().engine, Actor(mailbox_id, NOBODY, BRINGER)) as db:
        row = db.execute(select(mailboxes_table).where(mailboxes_table.c.id == mailbox_id)).mappings().one_or_none()
    return dict(row) if row else None


@mail.route("/mailbox", methods=["GET"])
@access(*ANSWERABLE)
@mail.alt_response(200, schema=MailboxView)
def read_mailbox() -> Response:
    """Return where this organisation takes mail; the ETag names the version."""
    with scoped() as db:
        row = mailboxes.mailbox_of(db, current_actor().organisation_id)
    return respond(_mailbox_answer(row))


@mail.route("/mailbox", methods=["PUT"])
@access(*ANSWERABLE)
@mail.arguments(MailboxInput)
@mail.doc(parameters=[IF_MATCH])
@mail.alt_response(200, schema=MailboxView)
@one_effect
def set_mailbox(db: Connection, body: dict[str, Any]) -> Answer:
    """Set the address that answers go to, and the mail servers whose word counts. If-Match names the version read."""
    expected = expected_version(required=True)
    return _mailbox_answer(mailboxes.set_mailbox(db, current_actor(), body, expected))


@mail.route("/mailbox/secret", methods=["POST"])
@access(*ANSWERABLE)
@mail.alt_response(201, schema=MailboxSecret)
@one_effect
def new_secret(db: Connection) -> Answer:
    """Give the mailbox a new secret. It is in this answer and nowhere else; the one before lasts another day."""
    row, secret = mailboxes.new_secret(db, current_actor(), current_service().settings.secret)
    answer = _mailbox_answer(row)
    return Answer({**answer.payload, "secret": secret}, 201, answer.headers)


def _mailbox_answer(row: dict[str, Any]) -> Answer:
    shown = {name: row[name] for name in ("id", "address", "authserv_ids", "signed", "previous_until", "changed_at")}
    url = f"{current_service().settings.public_url}/api/v1/mail-in/{row['id']}"
    return Answer({**shown, "url": url}, 200, version_tag(row["version"]))


@mail.route("/mail", methods=["GET"])
@access(*DESK)
@mail.arguments(MailQuery, location="query")
@mail.alt_response(200, schema=MailPage)
def list_mail(query: dict[str, Any]) -> Response:
    """List letters, by default those that wait for the desk, the oldest first."""
    with scoped() as db:
        found, more = letters.list_mail(db, query["state"], query["limit"], query["after"])
    return respond(Answer({"items": found}, 200, page_link(more)))


@mail.route("/mail/<uuid:mail_id>", methods=["GET"])
@access(*DESK)
@mail.alt_response(200, schema=MailView)
def one_mail(mail_id: uuid.UUID) -> Response:
    """Read one letter."""
    with scoped() as db:
        return respond(Answer(letters.one_mail(db, str(mail_id))))


@mail.route("/mail/<uuid:mail_id>/raw", methods=["GET"])
@access(*DESK)
@mail.response(200, content_type=LETTER)
def raw_mail(mail_id: uuid.UUID) -> Response:
    """Fetch a letter as it came, for a mail program to open; never shown in the browser."""
    with scoped() as db:
        raw = letters.raw_mail(db, str(mail_id))
    headers = {"Content-Disposition": f'attachment; filename="{mail_id}.eml"'}
    return Response(raw, mimetype=LETTER, headers=headers)


@mail.route("/mail/<uuid:mail_id>/file", methods=["POST"])
@access(*DESK)
@mail.arguments(MailFiling)
@mail.alt_response(201, schema=Ticket)
def file_mail(body: dict[str, Any], mail_id: uuid.UUID) -> Response:
    """File a letter on a resident's behalf; its photos become the ticket's."""

    @one_effect
    def record(db: Connection, photos: commands.Photos) -> Answer:
        actor = current_actor()
        corrections = queries.corrections_of(db, actor.organisation_id)
        filed = commands.file_for(db, actor, str(mail_id), words(body), corrections, photos)
        return ticket_answer(actor, filed, 201)

    return _with_photos(str(mail_id), record)


@mail.route("/mail/<uuid:mail_id>/attach", methods=["POST"])
@access(*DESK)
@mail.arguments(MailAttaching)
@mail.alt_response(201, schema=CommentView)
def attach_mail(body: dict[str, Any], mail_id: uuid.UUID) -> Response:
    """Write a letter down as a remark on the ticket it belongs to."""

    @one_effect
    def record(db: Connection, photos: commands.Photos) -> Answer:
        remark = commands.attach(db, current_actor(), str(mail_id), str(body["ticket_id"]), body["visible"], photos)
        return Answer(remark, 201)

    return _with_photos(str(mail_id), record)


@mail.route("/mail/<uuid:mail_id>/discard", methods=["POST"])
@access(*DESK)
@mail.arguments(MailDiscarding)
@mail.alt_response(200, schema=MailView)
@one_effect
def discard_mail(db: Connection, body: dict[str, Any], mail_id: uuid.UUID) -> Answer:
    """Lay a letter aside that needs nothing, with the reason."""
    commands.discard(db, current_actor(), str(mail_id), body["reason"])
    return Answer(letters.one_mail(db, str(mail_id)))


def _with_photos(mail_id: str, record: Callable[..., Response]) -> Response:
    """Read and store a letter's photos while no transaction is open."""
    store: pictures.Store = current_app.extensions["photos"]
    stored: list[tuple[str, pictures.Picture]] = []
    for content in _photos_in(mail_id):
        try:
            picture = pictures.read_picture(content)
        except Invalid:
            continue  # What is no photo after all stays in the letter.
        photo_id = str(new_id())
        store_file(current_service().engine, current_actor(), store, photo_id, picture)
        stored.append((photo_id, picture))
    return record(stored)


def _photos_in(mail_id: str) -> list[bytes]:
    with scoped() as db:
        try:
            letter = read_letter(letters.raw_mail(db, mail_id))
        except (Unreadable, NotFound):
            return []
    return [one.content for one in letter.photos]
