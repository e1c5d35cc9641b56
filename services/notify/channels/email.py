"""E-mail over SMTP, with a Message-ID that stays the same over every attempt."""

import smtplib
import ssl
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from email.message import EmailMessage
from email.policy import SMTP as SMTP_POLICY
from functools import cache

from services.kit import letters
from services.notify.audience import Contact
from services.notify.channels.channel import Outgoing, Permanent, Temporary
from services.notify.settings import Smtp

NAME = "email"
TIMEOUT_SECONDS = 10.0


class Email:
    """Sends through one mail server."""

    name = NAME

    def __init__(self, server: Smtp, secret: str = "") -> None:
        self._server = server
        # What makes answers find their ticket; without it a letter carries nothing home.
        self._secret = secret
        # Reading the system's certificates takes some forty milliseconds: once, and only where they are needed.
        self._secure = ssl.create_default_context() if server.tls != "none" else None
        self._mine = threading.local()

    def addresses(self, contact: Contact) -> Mapping[str, str]:
        """A person has one e-mail address, or none."""
        return {"": contact.email} if contact.email else {}

    def send(self, outgoing: Outgoing) -> str:
        """Send, and return the server's last word. 5xx answers are permanent, everything else is temporary.

        A server that refuses our own password is temporary: that is put right on our side, not the reader's.
        """
        connection: smtplib.SMTP | None = getattr(self._mine, "connection", None)
        self._mine.connection = None
        try:
            connection = connection or self._connect()
        except (OSError, smtplib.SMTPException) as problem:
            raise Temporary(_said(problem, outgoing)) from problem
        kept = False
        try:
            answer = self._hand_over(connection, outgoing)
            kept = getattr(self._mine, "keeps", False)
        except (OSError, smtplib.SMTPException) as problem:
            raise Temporary(_said(problem, outgoing)) from problem
        finally:
            if not kept:
                _hang_up(connection)
        if kept:
            self._mine.connection = connection
        return answer

    @contextmanager
    def kept(self) -> Iterator[None]:
        """Keep this thread's connection from letter to letter inside the block: a burst is one conversation."""
        self._mine.keeps = True
        try:
            yield
        finally:
            self._mine.keeps = False
            connection = getattr(self._mine, "connection", None)
            self._mine.connection = None
            if connection is not None:
                _hang_up(connection)

    def _connect(self) -> smtplib.SMTP:
        server = self._server
        if server.tls == "implicit":
            connection: smtplib.SMTP = smtplib.SMTP_SSL(
                server.host, server.port, timeout=TIMEOUT_SECONDS, context=self._secure
            )
        else:
            connection = smtplib.SMTP(server.host, server.port, timeout=TIMEOUT_SECONDS)
        try:
            if server.tls == "starttls":
                connection.starttls(context=self._secure)
            if server.user:
                connection.login(server.user, server.password)
            connection.ehlo_or_helo_if_needed()
        except (OSError, smtplib.SMTPException):
            connection.close()
            raise
        return connection

    def _hand_over(self, connection: smtplib.SMTP, outgoing: Outgoing) -> str:
        _expect(connection.mail(self._server.sender), outgoing)
        _expect(connection.rcpt(outgoing.address), outgoing)
        return _expect(connection.data(self._letter(outgoing).as_bytes(policy=SMTP_POLICY)), outgoing)

    def _letter(self, outgoing: Outgoing) -> EmailMessage:
        letter = EmailMessage(policy=SMTP_POLICY)
        letter["From"] = _always("From", self._server.sender)
        letter["To"] = outgoing.address
        letter["Subject"] = outgoing.title
        letter["Date"] = outgoing.created_at
        letter["Message-ID"] = self._message_id(outgoing)
        reply_to = self._reply_to(outgoing)
        if reply_to:
            letter["Reply-To"] = reply_to
        letter["Auto-Submitted"] = _always("Auto-Submitted", "auto-generated")
        if outgoing.urgent:
            letter["Importance"] = _always("Importance", "high")
        letter.set_content(f"{outgoing.words}\n")
        # Afterwards: setting the content takes away every header of a content before it.
        letter["Content-Language"] = _always("Content-Language", outgoing.locale)
        return letter

    def _message_id(self, outgoing: Outgoing) -> str:
        domain = self._server.sender.rpartition("@")[2]
        if not self._secret or not outgoing.organisation_id:
            return f"<{outgoing.id}@{domain}>"
        about = (outgoing.organisation_id, outgoing.id, outgoing.ticket_id)
        return letters.message_id(self._secret, *about, domain)

    def _reply_to(self, outgoing: Outgoing) -> str | None:
        if outgoing.reply_address is None or outgoing.ticket_id is None or not self._secret:
            return outgoing.reply_address
        user, _, domain = outgoing.reply_address.rpartition("@")
        token = letters.reply_token(self._secret, outgoing.organisation_id, outgoing.ticket_id)
        return f"{user}+{token}@{domain}"


@cache
def _always(name: str, value: str) -> str:
    """Return a header that many letters share, parsed once: parsing is most of what a letter costs."""
    header: str = SMTP_POLICY.header_store_parse(name, value)[1]
    return header


def _hang_up(connection: smtplib.SMTP) -> None:
    # The messages' fate is decided; how the conversation ends does not change it.
    with suppress(OSError, smtplib.SMTPException):
        connection.quit()
    connection.close()


def _expect(reply: tuple[int, bytes], outgoing: Outgoing) -> str:
    code, text = reply
    words = _without_address(f"{code} {text.decode(errors='replace')}", outgoing)
    if code >= 500:
        raise Permanent(words)
    if code >= 400 or code < 0:
        raise Temporary(words)
    return words


def _said(problem: Exception, outgoing: Outgoing) -> str:
    return _without_address(f"{type(problem).__name__}: {problem}", outgoing)


def _without_address(text: str, outgoing: Outgoing) -> str:
    """Servers repeat the address in their answers; the delivery record keeps none."""
    return text.replace(outgoing.address, "<recipient>")[:500]
