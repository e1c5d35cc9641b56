"""Reads a letter: who wrote it, what it says and shows, what it answers, and whether a machine wrote it."""

import hashlib
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from email.message import Message

from services.tickets.mail import parts
from services.tickets.mail.html_text import text_of
from services.tickets.mail.parts import Unreadable

LONGEST_TEXT = 20_000
LONGEST_HTML = 300_000
LONGEST_SUBJECT = 300
MOST_PHOTOS = 10
# Logos in signatures are smaller than any photo of a broken pipe.
LEAST_INLINE_BYTES = 10 * 1024
_PHOTO = re.compile(r"\.(?:jpe?g|png|webp|hei[cf])$", re.IGNORECASE)
_ID = re.compile(r"<[^<>\s]{3,200}>")
_OUR_KIND = re.compile(rb"<(?:[a-z2-7]{42}|[a-z2-7]{68})@[^<>@\s]{1,200}>", re.IGNORECASE)
_ANSWERED = re.compile(r"^(?:(?:re|aw|回复|答复|回覆|sv|antw)[:：]\s*)+", re.IGNORECASE)
_MACHINES = ("mailer-daemon", "postmaster")


@dataclass(frozen=True)
class Head:
    """What is kept of a letter before anybody reads it. `key` tells one letter from another."""

    key: str
    sender: str
    sender_name: str
    subject: str


@dataclass(frozen=True)
class Attachment:
    """What came with a letter; `photo` where it may be one, and then `content` is kept."""

    name: str
    kind: str
    size: int
    photo: bool = False
    content: bytes = field(default=b"", repr=False)


@dataclass(frozen=True)
class Bounce:
    """A mail server's report: which of our letters it speaks of, and whether it gave up on it."""

    message_ids: tuple[str, ...]
    failed: bool


@dataclass(frozen=True)
class Letter:
    """A letter as read. `senders` are all addresses in From, `answers` the ids of what it answers, newest first.

    `automatic` names the header by which a machine made itself known, None for a letter that a person wrote.
    """

    senders: tuple[str, ...]
    recipients: tuple[str, ...]
    subject: str
    text: str
    message_id: str
    answers: tuple[str, ...]
    automatic: str | None
    results: tuple[str, ...]
    attachments: tuple[Attachment, ...]
    bounce: Bounce | None

    @property
    def topic(self) -> str:
        """The subject without the marks of an answer."""
        return _ANSWERED.sub("", self.subject).strip()

    @property
    def photos(self) -> tuple[Attachment, ...]:
        """What may be photos, the first of them."""
        return tuple(one for one in self.attachments if one.photo)[:MOST_PHOTOS]


def read_head(raw: bytes) -> Head:
    """Return what tells a letter from others and who wrote it; never refuses one."""
    head = parts.open_head(raw)
    name = parts.value(head, "Message-ID")
    key = hashlib.sha256(name.encode() if name else raw).hexdigest()
    sender_name, sender = next(iter(parts.addresses(head, "From")), ("", ""))
    subject = parts.words(parts.value(head, "Subject"))[:LONGEST_SUBJECT]
    return Head(key, parts.plain(sender)[:254], sender_name[:200], subject)


def read_letter(raw: bytes) -> Letter:
    """Return a letter as read; raises Unreadable for what no mail program would make."""
    letter = parts.open_letter(raw)
    leaves = list(parts.leaves(letter))
    bounce = _bounce(letter, leaves)
    senders = tuple(dict.fromkeys(address.lower() for _, address in parts.addresses(letter, "From")))
    named = [name for key in ("In-Reply-To", "References") for name in _ids(parts.values(letter, key), key)]
    return Letter(
        senders=senders,
        recipients=tuple(
            address.lower()
            for key in ("Delivered-To", "X-Original-To", "Envelope-To", "To", "Cc")
            for _, address in parts.addresses(letter, key)
        ),
        subject=parts.words(parts.value(letter, "Subject"))[:LONGEST_SUBJECT],
        text=_text(leaves),
        message_id=parts.value(letter, "Message-ID"),
        answers=tuple(dict.fromkeys(named)),
        automatic=_automatic(letter, senders, bounce),
        results=tuple(parts.values(letter, "Authentication-Results")),
        attachments=tuple(_attachments(leaves)),
        bounce=bounce,
    )


def _ids(found: Sequence[str], key: str) -> list[str]:
    # Long ids are written as encoded words by some, which they must not be.
    ids = [name for one in found for name in _ID.findall(parts.words(one) if "=?" in one else one)]
    return ids[::-1] if key == "References" else ids


def _text(leaves: Sequence[Message]) -> str:
    """Return the words: of the plain part, or of the HTML where there is none or nothing in it."""
    inline = [part for part in leaves if part.get_content_disposition() != "attachment" and not parts.file_name(part)]
    plain = [parts.text(part) for part in inline if part.get_content_type() == "text/plain"]
    said = "\n".join(one for one in plain if one)
    if not said:
        html = [parts.text(part)[:LONGEST_HTML] for part in inline if part.get_content_type() == "text/html"]
        said = "\n".join(parts.plain(text_of(one), lines=True) for one in html)
    return said[:LONGEST_TEXT].strip()


def _attachments(leaves: Sequence[Message]) -> Iterator[Attachment]:
    for part in leaves:
        kind, name = part.get_content_type()[:100], parts.file_name(part)
        attached = part.get_content_disposition() == "attachment"
        image = part.get_content_maintype() == "image" or bool(_PHOTO.search(name))
        if not (attached or name or image or part.get_content_maintype() != "text"):
            continue
        data = b"" if part.is_multipart() else parts.content(part)
        photo = image and (attached or len(data) >= LEAST_INLINE_BYTES)
        yield Attachment(name, kind, len(data), photo, data if photo else b"")


def _automatic(letter: Message, senders: Sequence[str], bounce: Bounce | None) -> str | None:
    """Return by what a machine made itself known (RFC 3834 and what is in use), or None."""
    if bounce is not None or letter.get_content_type() == "multipart/report":
        return "report"
    submitted = parts.value(letter, "Auto-Submitted").partition(";")[0].strip().lower()
    if submitted not in ("", "no"):
        return "auto_submitted"
    if parts.value(letter, "Precedence").lower() in ("bulk", "list", "junk", "auto_reply"):
        return "precedence"
    for name, code in (("List-Id", "list"), ("X-Auto-Response-Suppress", "suppress"), ("X-Autoreply", "auto_reply")):
        if parts.value(letter, name).lower() not in ("", "no", "none"):
            return code
    if "<>" in (one.replace(" ", "") for one in parts.values(letter, "Return-Path")):
        return "no_return_path"
    if any(sender.partition("@")[0] in _MACHINES for sender in senders):
        return "mail_server"
    return None


def _bounce(letter: Message, leaves: Sequence[Message]) -> Bounce | None:
    """Return what a delivery report (RFC 3464) tells of our letters; None for every other letter.

    The words in a report are its server's; the ids are found wherever they stand in it.
    """
    if letter.get_content_type() != "multipart/report":
        return None
    reports = [part for part in leaves if part.get_content_type() == "message/delivery-status"]
    if not reports:
        return None
    actions = [parts.value(group, "Action").lower() for report in reports for group in parts.groups(report)]
    try:
        whole = letter.as_bytes()
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError) as problem:
        raise Unreadable(type(problem).__name__) from problem
    found = tuple(dict.fromkeys(name.decode().lower() for name in _OUR_KIND.findall(whole)))
    return Bounce(found, failed="failed" in actions)
