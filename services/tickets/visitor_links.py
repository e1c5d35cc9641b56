"""The signed links by which whoever reported something without an account sees what became of it."""

import base64
import binascii
import hashlib
import hmac
import uuid
from dataclasses import astuple, dataclass

from itsdangerous import BadData, URLSafeSerializer

from services.kit.errors import NotFound


@dataclass(frozen=True)
class Link:
    """What a link opens: one ticket, and where it is."""

    ticket_id: str
    organisation_id: str
    community_id: str


class Links:
    """Signs and reads tokens with a key of their own, derived from the installation's secret (HMAC-SHA-256)."""

    def __init__(self, secret: str) -> None:
        key = hmac.new(secret.encode(), b"visitors' links", hashlib.sha256).hexdigest()
        self._serializer = URLSafeSerializer(
            key, salt="follow", signer_kwargs={"digest_method": hashlib.sha256, "key_derivation": "hmac"}
        )

    def sign(self, link: Link) -> str:
        """Return the token of a link; the same one each time, so that nothing has to be kept of it."""
        return str(self._serializer.dumps([_short(one) for one in astuple(link)]))

    def read(self, token: str) -> Link:
        """Return what a token of ours opens; raises NotFound for anything else."""
        try:
            ticket, organisation, community = self._serializer.loads(token)
            return Link(_long(ticket), _long(organisation), _long(community))
        except (BadData, ValueError, TypeError, binascii.Error) as problem:
            raise unknown_link() from problem


def unknown_link() -> NotFound:
    """Return the refusal of a link we never gave, or that is over; the two look alike."""
    return NotFound(
        "This link shows nothing, or no longer. Please use the whole link, just as it was given to you.",
        "该链接无效或已过期，请完整使用当时给您的链接。",
    )


def _short(identifier: str) -> str:
    return base64.urlsafe_b64encode(uuid.UUID(identifier).bytes).decode().rstrip("=")


def _long(short: str) -> str:
    return str(uuid.UUID(bytes=base64.urlsafe_b64decode(short + "==")))
