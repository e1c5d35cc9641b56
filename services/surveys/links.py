"""The signed one-time links to an answer form: making them, reading them, and recognising them again."""

import base64
import binascii
import hashlib
import hmac
import secrets
import uuid
from dataclasses import dataclass

from itsdangerous import BadData, URLSafeSerializer

from services.kit.errors import NotFound


@dataclass(frozen=True)
class Link:
    """What a link says it opens. Only the row's fingerprint tells whether it was really handed out."""

    survey_id: str
    organisation_id: str


class Links:
    """Signs and reads link tokens with a key of their own, derived from the installation's secret (HMAC-SHA-256)."""

    def __init__(self, secret: str) -> None:
        key = hmac.new(secret.encode(), b"survey links", hashlib.sha256).hexdigest()
        self._serializer = URLSafeSerializer(
            key, salt="return visit", signer_kwargs={"digest_method": hashlib.sha256, "key_derivation": "hmac"}
        )

    def sign(self, link: Link) -> str:
        """Return a new token. The random part makes each one different, so that the key alone forges none."""
        parts = [_short(link.survey_id), _short(link.organisation_id), secrets.token_urlsafe(9)]
        return str(self._serializer.dumps(parts))

    def read(self, token: str) -> Link:
        """Return what a token of ours opens; raises NotFound for anything else."""
        try:
            survey, organisation, _ = self._serializer.loads(token)
            return Link(_long(survey), _long(organisation))
        except (BadData, ValueError, TypeError, binascii.Error) as problem:
            raise unknown_link() from problem


def unknown_link() -> NotFound:
    """Return the refusal of a link we never sent; a forged one and a garbled one look alike."""
    return NotFound(
        "This link opens no survey. Please use the whole link from our message, just as it came.",
        "该链接无效，请完整使用我们消息中的链接。",
    )


def fingerprint(token: str) -> str:
    """Return the SHA-256 (hex) by which a token is recognised; the token itself is not kept with the visit."""
    return hashlib.sha256(token.encode()).hexdigest()


def _short(identifier: str) -> str:
    return base64.urlsafe_b64encode(uuid.UUID(identifier).bytes).decode().rstrip("=")


def _long(short: str) -> str:
    return str(uuid.UUID(bytes=base64.urlsafe_b64decode(short + "==")))
