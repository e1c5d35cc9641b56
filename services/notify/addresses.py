"""The signed links by which people confirm their e-mail address: making them and reading them."""

import hashlib
import hmac
import uuid
from dataclasses import dataclass

from itsdangerous import BadData, URLSafeSerializer

from services.kit.errors import NotFound


@dataclass(frozen=True)
class Confirmation:
    """What a link says it confirms. Its row says whether it was sent, used, or is over."""

    id: str
    organisation_id: str
    person_id: str


class Confirmations:
    """Signs and reads tokens with a key of their own, derived from the installation's secret (HMAC-SHA-256)."""

    def __init__(self, secret: str) -> None:
        key = hmac.new(secret.encode(), b"address confirmations", hashlib.sha256).hexdigest()
        self._serializer = URLSafeSerializer(
            key, salt="address", signer_kwargs={"digest_method": hashlib.sha256, "key_derivation": "hmac"}
        )

    def sign(self, confirmation: Confirmation) -> str:
        """Return the token of a confirmation: the same whenever its letter is sent again."""
        parts = (confirmation.id, confirmation.organisation_id, confirmation.person_id)
        return str(self._serializer.dumps([uuid.UUID(part).hex for part in parts]))

    def read(self, token: str) -> Confirmation:
        """Return what a token of ours confirms; raises NotFound for anything else."""
        try:
            one, organisation, person = self._serializer.loads(token)
            return Confirmation(*(str(uuid.UUID(hex=part)) for part in (one, organisation, person)))
        except (BadData, ValueError, TypeError, AttributeError) as problem:
            raise unknown_link() from problem


def unknown_link() -> NotFound:
    """Return the refusal of a link we never sent, or that a later one took the place of."""
    return NotFound(
        "This link confirms no address. Please use the link in the newest letter, just as it came.",
        "该链接无效。请使用最近一封确认邮件中的完整链接。",
    )
