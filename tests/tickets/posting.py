"""Letters as people and machines send them, brought to an estate's mailbox as a mail server would."""

import io
from dataclasses import dataclass, field
from email.message import EmailMessage
from email.policy import SMTP
from typing import Any

from PIL import Image
from sqlalchemy import Engine, select

from services.contracts.notify import AddressChanged
from services.kit import clock, hook_signing, letters
from services.kit.testing import fresh
from services.tickets import mailing, models
from services.tickets.commands.mailboxes import remember_address

SECRET = "a secret of the tests"
DESK = "desk@company.example"
PROVEN = "mx.company.example; dmarc=pass header.from=example.org"


def photo() -> bytes:
    """Return a photo that is larger than an ornament."""
    out = io.BytesIO()
    Image.effect_noise((400, 300), 90).convert("RGB").save(out, "JPEG")
    return out.getvalue()


def written(sender: str = "Li Lei <li@example.org>", words: str = "厨房水管漏水", **headers: str) -> EmailMessage:
    """Return a letter; a header's name is written with underscores, and one that is empty is left out."""
    letter = EmailMessage(policy=SMTP)
    usual = {
        "From": sender,
        "To": DESK,
        "Subject": "漏水",
        "Message_ID": f"<{fresh()}@example.org>",
        "Authentication_Results": PROVEN,
    }
    for name, value in (usual | headers).items():
        if value:
            letter[name.replace("_", "-")] = value
    letter.set_content(words)
    return letter


@dataclass
class Post:
    """The post office of one estate."""

    estate: Any
    web: Engine
    store: Any
    secret: str = ""
    mailbox: dict[str, Any] = field(default_factory=dict)

    def open(self) -> None:
        """Set the mailbox up as a manager does, and let the resident's address be confirmed."""
        body = {"address": DESK, "authserv_ids": ["mx.company.example"]}
        answer = self.estate.put("manager", "/mailbox", body, If_Match="*")
        assert answer.status_code == 200, answer.json
        made = self.estate.post("manager", "/mailbox/secret")
        assert made.status_code == 201, made.json
        self.mailbox, self.secret = made.json, made.json["secret"]
        self.know("resident", "li@example.org")

    def know(self, name: str, address: str, revision: int = 1) -> None:
        """Let an address be confirmed as somebody's."""
        digest = letters.address_digest(SECRET, self.estate.organisation_id, address)
        fact = AddressChanged(account_id=self.estate.people[name].id, revision=revision, address_digest=digest)
        with self.estate.engine.begin() as db:
            remember_address(db, self.estate.organisation_id, fact)

    def bring(self, letter: EmailMessage | bytes, **headers: str) -> Any:
        """Bring a letter as the mail server does; returns the answer."""
        raw = letter if isinstance(letter, bytes) else letter.as_bytes()
        signed = hook_signing.signed(self.secret, fresh(), clock.now(), raw)
        return self.estate.client.post(
            f"/api/v1/mail-in/{self.mailbox['id']}",
            data=raw,
            content_type="message/rfc822",
            headers={**signed, **headers},
        )

    def reader(self) -> mailing.MailReader:
        """Return the worker's loop."""
        return mailing.MailReader(self.estate.engine, self.web, self.store, SECRET, lambda: None)

    def send(self, letter: EmailMessage | bytes) -> dict[str, Any]:
        """Bring a letter, let it be read, and return its row."""
        answer = self.bring(letter)
        assert answer.status_code == 202, answer.json
        self.reader().read_due()
        return self.row(answer.json["id"])

    def row(self, mail_id: str) -> dict[str, Any]:
        """Return a letter's row."""
        with self.estate.engine.connect() as db:
            found = db.execute(select(models.mails).where(models.mails.c.id == mail_id)).mappings().one()
        return dict(found)

    def rows(self) -> list[dict[str, Any]]:
        """Return the estate's letters, the oldest first."""
        mine = models.mails.c.organisation_id == self.estate.organisation_id
        with self.estate.engine.connect() as db:
            return [
                dict(row) for row in db.execute(select(models.mails).where(mine).order_by(models.mails.c.id)).mappings()
            ]

    def tickets(self) -> list[dict[str, Any]]:
        """Return the estate's tickets, the newest first."""
        return list(self.estate.get("dispatcher", "/tickets").json["items"])

    def reply_address(self, ticket: dict[str, Any]) -> str:
        """Return where an answer about a ticket goes."""
        token = letters.reply_token(SECRET, self.estate.organisation_id, ticket["id"])
        return f"desk+{token}@company.example"

    def message_id(self, ticket: dict[str, Any] | None, delivery_id: str | None = None) -> str:
        """Return the Message-ID of a letter of ours."""
        about = (self.estate.organisation_id, delivery_id or fresh(), ticket and ticket["id"])
        return letters.message_id(SECRET, *about, "company.example")


def opened(estate: Any, web: Engine, store: Any) -> Post:
    """Return an estate's post office with an open mailbox, and nobody else's letters waiting to be read."""
    left = models.mails.update().where(models.mails.c.state == "received")
    with estate.engine.begin() as db:
        db.execute(left.values(state="discarded", next_attempt_at=None))
    office = Post(estate, web, store)
    office.open()
    return office
