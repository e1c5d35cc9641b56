"""What notify reads from the environment beyond the kit's settings: how notices leave the house."""

from dataclasses import dataclass, field
from urllib.parse import parse_qs, unquote, urlsplit

from services.kit import settings
from services.kit.settings import Reader, Settings, SettingsError

# The hosts that only this machine reaches; the first is where DOORSTEP_PUBLIC_URL leads unless set.
_THIS_MACHINE = ("127.0.0.1", "::1", "localhost")
_TLS = ("implicit", "starttls", "none")


@dataclass(frozen=True)
class Smtp:
    """A mail server. `tls` is `implicit` (smtps), `starttls` or `none`."""

    host: str
    port: int
    sender: str
    tls: str
    user: str = ""
    password: str = field(default="", repr=False)


@dataclass(frozen=True)
class NotifySettings:
    """The kit's settings, the mail server (None: e-mail is not used), and Apprise schemes beyond our own list.

    `vapid_key` is the P-256 key in PEM that proves to push services who we are; without it nobody is pushed to.
    `allow_loopback` lets pushes and webhooks reach this machine, for tests that run their own servers.
    """

    kit: Settings
    smtp: Smtp | None
    more_apprise_schemes: frozenset[str]
    vapid_key: str | None = field(default=None, repr=False)
    allow_loopback: bool = False

    @property
    def site(self) -> str:
        """Where letters lead their readers; nowhere in production while only this machine could open it."""
        host = urlsplit(self.kit.public_url).hostname or ""
        unknown = self.kit.environment == "production" and (not host or host in _THIS_MACHINE)
        return "" if unknown else self.kit.public_url


def load() -> NotifySettings:
    """Read the environment; raises SettingsError that names every variable at fault."""
    reader = Reader()
    kit = settings.load("notify", reader, default_port=8002)
    schemes = reader.text("NOTIFY_APPRISE_SCHEMES", "").replace(",", " ").split()
    url, smtp = reader.optional("SMTP_URL"), None
    if url:
        try:
            smtp = smtp_of(url)
        except SettingsError as problem:
            reader.refuse(str(problem))
    vapid_key = reader.file("NOTIFY_VAPID_KEY_FILE") if reader.optional("NOTIFY_VAPID_KEY_FILE") else None
    loopback = reader.text("NOTIFY_ALLOW_LOOPBACK", "no")
    if loopback not in ("yes", "no") or (loopback == "yes" and kit.environment == "production"):
        reader.refuse("NOTIFY_ALLOW_LOOPBACK is for tests alone, and must be yes or no")
    reader.done()
    return NotifySettings(kit, smtp, frozenset(schemes), vapid_key, loopback == "yes")


def smtp_of(url: str) -> Smtp:
    """Read `smtp://user:password@host:port?from=desk@example.org&tls=starttls` (or `smtps://`).

    With a user the connection is encrypted unless `tls=none` says otherwise. Raises SettingsError, which never
    repeats the URL: it holds a password.
    """
    parts = urlsplit(url)
    query = {key: values[-1] for key, values in parse_qs(parts.query).items()}
    sender = query.get("from", "")
    try:
        port = parts.port
    except ValueError:
        raise SettingsError("SMTP_URL has a port that is no number") from None
    if parts.scheme not in ("smtp", "smtps") or not parts.hostname or "@" not in sender:
        raise SettingsError("SMTP_URL must look like smtp://user:password@host:587?from=desk@example.org")
    usual = "implicit" if parts.scheme == "smtps" else "starttls" if parts.username else "none"
    tls = query.get("tls", usual)
    if tls not in _TLS:
        raise SettingsError(f"SMTP_URL must have tls={', '.join(_TLS)}")
    return Smtp(
        host=parts.hostname,
        port=port or {"implicit": 465, "starttls": 587, "none": 25}[tls],
        sender=sender,
        tls=tls,
        user=unquote(parts.username or ""),
        password=unquote(parts.password or ""),
    )
