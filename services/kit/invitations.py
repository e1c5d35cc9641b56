"""The links by which people come to an account: signed, and kept nowhere.

A link holds the invitation's id and a seal of it. Whoever knows the installation's secret can make it again, so that
no table, event or log holds what would open an account; the row of the invitation decides whether it still does.
"""

import base64
import binascii
import hashlib
import hmac
import uuid

_ID_BYTES = 16
# A hundred and ninety-two bits, so that nobody comes upon a seal by trying.
_SEAL_BYTES = 24
# Where the page is that a link opens.
PATH = "/join"


class Invitations:
    """Makes and reads links with a key of their own, derived from the installation's secret (HMAC-SHA-256)."""

    def __init__(self, secret: str, public_url: str = "") -> None:
        self._key = hmac.new(secret.encode(), b"invitations to accounts", hashlib.sha256).digest()
        self._public_url = public_url

    def token(self, invitation_id: str) -> str:
        """Return the token of an invitation: always the same, in letters an address can hold."""
        identity = uuid.UUID(invitation_id).bytes
        return base64.urlsafe_b64encode(identity + self._seal(identity)).decode().rstrip("=")

    def read(self, token: str) -> str | None:
        """Return the id of the invitation whose token this is, or None for anything else."""
        try:
            invitation_id = str(uuid.UUID(bytes=base64.urlsafe_b64decode(token + "==")[:_ID_BYTES]))
        except (ValueError, binascii.Error):
            return None
        right = hmac.compare_digest(token.encode(), self.token(invitation_id).encode())
        return invitation_id if right else None

    def link(self, invitation_id: str) -> str:
        """Return the address that an invited person opens."""
        return f"{self._public_url}{PATH}/{self.token(invitation_id)}"

    def _seal(self, identity: bytes) -> bytes:
        return hmac.new(self._key, identity, hashlib.sha256).digest()[:_SEAL_BYTES]
