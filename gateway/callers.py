"""Who is counted for a request: a verified token's person, remembered until it expires, or else an address."""

import hashlib
import threading
import time
from collections import OrderedDict

import jwt

from services.kit import identity
from services.kit.errors import Unauthenticated

MOST = 10_000


class Callers:
    """Remembers verified tokens by hash, at most `MOST` of them, so that a signature is checked once."""

    def __init__(self, verify_key: str) -> None:
        self._verify_key = verify_key
        self._known: OrderedDict[bytes, tuple[str, float]] = OrderedDict()
        self._lock = threading.Lock()

    def person(self, authorization: str) -> str | None:
        """Return the id of the person whose valid token this is, or None. It only counts; services verify."""
        scheme, _, token = authorization.partition(" ")
        if scheme.lower() != "bearer" or not token:
            return None
        key = hashlib.sha256(token.encode("latin-1", "replace")).digest()
        with self._lock:
            known = self._known.get(key)
            if known and known[1] > time.time():
                self._known.move_to_end(key)
                return known[0]
        try:
            actor = identity.verify(token.strip(), self._verify_key)
        except Unauthenticated:
            return None
        with self._lock:
            self._known[key] = (actor.id, expiry(token.strip()))
            while len(self._known) > MOST:
                self._known.popitem(last=False)
        return actor.id


def expiry(verified_token: str) -> float:
    """Return when a token ends, in seconds of the epoch. The caller has verified it already."""
    claims = jwt.decode(verified_token, options={"verify_signature": False})
    return float(claims["exp"])
