"""Makes a session of this browser out of the tokens that the API answers with."""

from typing import Any

from gateway.parts import parts
from gateway.web.desk import public_desk
from gateway.web.session import sign_in
from services.kit import identity
from services.kit.identity import Actor


def enter(tokens: dict[str, Any]) -> Actor:
    """Sign the browser in as whoever the tokens stand for. The refresh token is given back: a browser has a cookie."""
    actor = identity.verify(tokens["access_token"], parts().settings.kit.verify_key)
    public_desk().post("/auth/revoke", {"refresh_token": tokens["refresh_token"]})
    sign_in(actor)
    return actor
