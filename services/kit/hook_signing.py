"""Secrets of webhooks and signatures by Standard Webhooks: made once, shown once, kept sealed."""

import base64
import hashlib
import hmac
import secrets
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta

from cryptography.fernet import Fernet, InvalidToken

PREFIX = "whsec_"
# A message signed longer ago, or for later, may be an old one sent again.
TOLERANCE = timedelta(minutes=5)
HEADERS = ("webhook-id", "webhook-timestamp", "webhook-signature")


def new_secret() -> str:
    """Return a secret as its receiver configures it."""
    return PREFIX + base64.b64encode(secrets.token_bytes(32)).decode()


def seal(secret: str, house_secret: str) -> str:
    """Return a webhook's secret so that a copy of the database alone does not give it away."""
    return _box(house_secret).encrypt(secret.encode()).decode()


def unseal(sealed: str, house_secret: str) -> str | None:
    """Return the secret again, or None where the house's own secret is another by now."""
    try:
        return _box(house_secret).decrypt(sealed.encode()).decode()
    except InvalidToken:
        return None


def signed(secret: str, message_id: str, at: datetime, body: bytes) -> dict[str, str]:
    """Return the three headers of Standard Webhooks (version 1: HMAC-SHA-256 over id, time and body)."""
    seconds = str(int(at.timestamp()))
    key = base64.b64decode(secret.removeprefix(PREFIX))
    digest = hmac.new(key, b".".join((message_id.encode(), seconds.encode(), body)), hashlib.sha256).digest()
    return {
        "webhook-id": message_id,
        "webhook-timestamp": seconds,
        "webhook-signature": f"v1,{base64.b64encode(digest).decode()}",
    }


def is_signed(secrets_in_use: Iterable[str], headers: Mapping[str, str], at: datetime, body: bytes) -> bool:
    """True where one of the secrets signed this body under these headers within the tolerance."""
    message_id, seconds, given = (headers.get(name, "") for name in HEADERS)
    if not message_id or not seconds.isascii() or not seconds.isdigit() or len(seconds) > 12:
        return False
    moment = datetime.fromtimestamp(int(seconds), at.tzinfo)
    if abs(at - moment) > TOLERANCE:
        return False
    offered = [one for one in given.split() if one.isascii()]
    wanted = [signed(secret, message_id, moment, body)["webhook-signature"] for secret in secrets_in_use]
    return any(hmac.compare_digest(one, right) for one in offered for right in wanted)


def _box(house_secret: str) -> Fernet:
    derived = hmac.new(house_secret.encode(), b"webhook secrets", hashlib.sha256).digest()
    return Fernet(base64.urlsafe_b64encode(derived))
