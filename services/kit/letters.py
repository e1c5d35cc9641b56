"""What letters carry so that an answer finds its way home: signed references, and digests that stand for addresses.

Nothing is stored for a reference. Whoever knows the installation's secret can read from it which letter it was and
which ticket it spoke of; nobody else can make one.
"""

import base64
import hashlib
import hmac
import re
import uuid
from dataclasses import dataclass

MAC_BYTES = 10  # Eighty bits: guessing means writing to us, and that is counted.
_REPLY = re.compile(r"^[a-z2-7]{42}$")
_LETTER = re.compile(r"^<(?P<token>(?:[a-z2-7]{42}|[a-z2-7]{68}))@[^<>@\s]+>$")


@dataclass(frozen=True)
class Sent:
    """A letter of ours: its delivery, and the ticket it spoke of, if it spoke of one."""

    delivery_id: str
    ticket_id: str | None


def address_digest(secret: str, organisation_id: str, address: str) -> str:
    """Return what stands for an address within one organisation; without the secret it can be neither made nor read.

    Letters are compared without their case: servers that tell `Li@` from `li@` are unknown to their own users.
    """
    return _mac(secret, "address", organisation_id, address.strip().casefold()).hex()


def reply_token(secret: str, organisation_id: str, ticket_id: str) -> str:
    """Return what a reply address carries behind its plus sign (42 characters of a to z and 2 to 7)."""
    return _write(secret, "reply", organisation_id, ticket_id)


def read_reply_token(secret: str, organisation_id: str, token: str) -> str | None:
    """Return the ticket of a token that this installation gave out for this organisation, else None."""
    token = token.lower()  # Some servers change the case on the way.
    found = _read(secret, "reply", organisation_id, token) if _REPLY.match(token) else None
    return found[0] if found else None


def message_id(secret: str, organisation_id: str, delivery_id: str, ticket_id: str | None, domain: str) -> str:
    """Return the Message-ID of a letter: the same over every attempt, and telling which letter it was."""
    ids = (delivery_id, ticket_id) if ticket_id else (delivery_id,)
    return f"<{_write(secret, 'letter', organisation_id, *ids)}@{domain}>"


def read_message_id(secret: str, organisation_id: str, given: str) -> Sent | None:
    """Return the letter a Message-ID of ours stands for, else None."""
    match = _LETTER.match(given.strip().lower())
    found = _read(secret, "letter", organisation_id, match["token"]) if match else None
    return Sent(found[0], found[1] if len(found) > 1 else None) if found else None


def _write(secret: str, purpose: str, organisation_id: str, *ids: str) -> str:
    mac = _mac(secret, purpose, organisation_id, *ids)[:MAC_BYTES]
    packed = b"".join(uuid.UUID(one).bytes for one in ids)
    return base64.b32encode(packed + mac).decode().rstrip("=").lower()


def _read(secret: str, purpose: str, organisation_id: str, token: str) -> tuple[str, ...] | None:
    packed = base64.b32decode(token.upper() + "=" * (-len(token) % 8))
    body, mac = packed[:-MAC_BYTES], packed[-MAC_BYTES:]
    ids = tuple(str(uuid.UUID(bytes=body[start : start + 16])) for start in range(0, len(body), 16))
    wanted = _mac(secret, purpose, organisation_id, *ids)[:MAC_BYTES]
    return ids if hmac.compare_digest(mac, wanted) else None


def _mac(secret: str, purpose: str, *parts: str) -> bytes:
    key = hmac.new(secret.encode(), f"letters: {purpose}".encode(), hashlib.sha256).digest()
    return hmac.new(key, "\0".join(parts).encode(), hashlib.sha256).digest()
