"""Who is counted for a request: a verified token's person, or else an address."""

from services.kit.errors import Unauthenticated
from services.kit.identity import Verifier


class Callers:
    """Names the person behind a token, for counting only; the services verify for themselves."""

    def __init__(self, verify_key: str) -> None:
        self._verifier = Verifier(verify_key)

    def person(self, authorization: str) -> str | None:
        """Return the id of the person whose valid token this is, or None."""
        scheme, _, token = authorization.partition(" ")
        if scheme.lower() != "bearer" or not token:
            return None
        try:
            return self._verifier.actor(token.strip()).id
        except Unauthenticated:
            return None
