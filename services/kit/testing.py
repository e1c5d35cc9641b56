"""What every service's tests share: keys, tokens, actors, and a clock that stands still."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from functools import cache
from pathlib import Path

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from services.kit import clock, identity
from services.kit.events import new_id
from services.kit.settings import Settings


@cache
def keys() -> tuple[str, str]:
    """Return a fresh Ed25519 pair as PEM texts (private, public), one per test run."""
    private = Ed25519PrivateKey.generate()
    return (
        private.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        ).decode(),
        private.public_key()
        .public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
        .decode(),
    )


def free_port() -> int:
    """Return a loopback port on which nobody listens now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def fresh() -> str:
    """Return a new id as text."""
    return str(new_id())


def actor(role: str = "resident", *, organisation_id: str | None = None, **changes: object) -> identity.Actor:
    """Return a new person of a role, in a new organisation unless one is given."""
    return identity.Actor(fresh(), organisation_id or fresh(), role, **changes)  # type: ignore[arg-type]


def bearer(who: identity.Actor) -> dict[str, str]:
    """Return the request headers of a signed-in person."""
    return {"Authorization": f"Bearer {identity.mint(who, keys()[0])}"}


def settings(service: str, *, web_url: str, worker_url: str, home: Path, **changes: object) -> Settings:
    """Return settings for a service under test."""
    values: dict[str, object] = {
        "service": service,
        "environment": "test",
        "database_url": web_url,
        "worker_database_url": worker_url,
        "amqp_url": None,
        "bus_database_url": None,
        "verify_key": keys()[1],
        "secret": "a secret of the tests",
        "home": home,
        "public_url": "http://127.0.0.1:8000",
        "host": "127.0.0.1",
        "port": 0,
        "metrics_port": 0,
    }
    return Settings(**(values | changes))  # type: ignore[arg-type]


_real_now = clock.now
_moments: list[datetime] = []
_moving = threading.Lock()


@contextmanager
def at(moment: datetime) -> Iterator[None]:
    """Let `clock.now()` say `moment` inside the block, in every thread of the process.

    Blocks of several threads may end in any order; when the last one has ended, the time is the real one again.
    """
    with _moving:
        _moments.append(moment)
        clock.now = _moved
    try:
        yield
    finally:
        with _moving:
            _moments.remove(moment)
            if not _moments:
                clock.now = _real_now


def _moved() -> datetime:
    with _moving:
        return _moments[-1] if _moments else _real_now()
