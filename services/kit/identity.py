"""Who is asking: mint and verify access tokens, and the actor they stand for."""

import threading
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import jwt
from cachetools import TLRUCache
from flask import g

from services.kit import clock
from services.kit.errors import Unauthenticated

ALGORITHM = "EdDSA"
ISSUER = "doorstep"
AUDIENCE = "doorstep"
MEDIA_TYPE = "at+jwt"  # RFC 9068
ROLES = ("resident", "crew", "dispatcher", "manager", "admin")
ROLE_NAMES_ZH = {
    "resident": "业主",
    "crew": "维修/保洁/秩序人员",
    "dispatcher": "客服调度",
    "manager": "项目经理",
    "admin": "管理员",
    "system": "系统",
    "visitor": "访客",
}
STAFF = ("crew", "dispatcher", "manager", "admin")
LOCALES = ("zh-CN", "en")
ACCESS_LIFETIME = timedelta(minutes=15)


@dataclass(frozen=True)
class Actor:
    """A person, or the desk itself (`role` system), acting for one organisation.

    `community_ids` limits staff and residents to those communities; empty for managers and admins means all
    of the organisation. `unit_ids` are the homes of a resident's household. All ids are UUID strings.
    """

    id: str
    organisation_id: str
    role: str
    community_ids: tuple[str, ...] = ()
    unit_ids: tuple[str, ...] = ()
    skills: tuple[str, ...] = ()
    locale: str = "zh-CN"

    @property
    def is_staff(self) -> bool:
        """True for everybody who works for the property company."""
        return self.role in STAFF


NOBODY = "00000000-0000-0000-0000-000000000000"


def system_actor(organisation_id: str) -> Actor:
    """Return the desk itself, as timers and event handlers act."""
    return Actor(NOBODY, organisation_id, "system")


def mint(actor: Actor, signing_key: str, *, at: datetime | None = None, family: str = "") -> str:
    """Return a signed access token for `actor`. `signing_key` is an Ed25519 private key in PEM."""
    issued = at or clock.now()
    claims = {
        "iss": ISSUER,
        "aud": AUDIENCE,
        "sub": actor.id,
        "org": actor.organisation_id,
        "role": actor.role,
        "communities": list(actor.community_ids),
        "units": list(actor.unit_ids),
        "skills": list(actor.skills),
        "locale": actor.locale,
        "sid": family,
        "jti": str(uuid.uuid4()),
        "iat": int(issued.timestamp()),
        "exp": int((issued + ACCESS_LIFETIME).timestamp()),
    }
    return jwt.encode(claims, signing_key, algorithm=ALGORITHM, headers={"typ": MEDIA_TYPE})


def verify(token: str, verify_key: str) -> Actor:
    """Return the actor of an access token; raises Unauthenticated.

    One pinned algorithm and key; the token's own `kid`, `jku` and `x5u` are never followed (RFC 8725).
    """
    try:
        decoded = jwt.decode_complete(
            token,
            verify_key,
            algorithms=[ALGORITHM],
            audience=AUDIENCE,
            issuer=ISSUER,
            options={"require": ["exp", "iat", "aud", "iss", "sub"]},
        )
        if decoded["header"].get("typ") != MEDIA_TYPE:
            raise jwt.InvalidTokenError("wrong type of token")
        claims = decoded["payload"]
        if claims["role"] not in ROLES:
            raise jwt.InvalidTokenError("unknown role")
        return Actor(
            id=str(uuid.UUID(claims["sub"])),
            organisation_id=str(uuid.UUID(claims["org"])),
            role=claims["role"],
            community_ids=_ids(claims["communities"]),
            unit_ids=_ids(claims["units"]),
            skills=tuple(claims["skills"]),
            locale=claims["locale"],
        )
    except (jwt.PyJWTError, KeyError, ValueError, TypeError, AttributeError) as problem:
        raise Unauthenticated(
            "Your session is not valid or has ended. Please sign in again.",
            "登录状态无效或已过期，请重新登录。",
        ) from problem


def expiry(verified_token: str) -> float:
    """Return when a token ends, in seconds of the epoch. The caller has verified it already."""
    return float(jwt.decode(verified_token, options={"verify_signature": False})["exp"])


class Verifier:
    """Verifies access tokens, and remembers the good ones until they expire: a signature is checked once a process."""

    MOST = 10_000

    def __init__(self, verify_key: str) -> None:
        self._verify_key = verify_key
        self._lock = threading.Lock()
        self._known: TLRUCache[str, tuple[Actor, float]] = TLRUCache(
            self.MOST, ttu=lambda _token, known, _now: known[1], timer=lambda: clock.now().timestamp()
        )

    def actor(self, token: str) -> Actor:
        """Return the actor of an access token; raises Unauthenticated."""
        with self._lock:
            remembered = self._known.get(token)
        if remembered is not None:
            return remembered[0]
        actor = verify(token, self._verify_key)
        with self._lock:
            self._known[token] = (actor, expiry(token))
        return actor


def _ids(values: Sequence[str]) -> tuple[str, ...]:
    return tuple(str(uuid.UUID(value)) for value in values)


def current_actor() -> Actor:
    """Return the actor of the request being served; raises Unauthenticated where there is none."""
    actor: Actor | None = g.get("actor")
    if actor is None:
        raise Unauthenticated("Please sign in first.", "请先登录。")
    return actor
