"""Passwords: argon2id, hashed in a small pool of native threads so that nobody else waits for it."""

from collections.abc import Callable
from functools import cache
from typing import Any

from argon2 import PasswordHasher, Type
from argon2.exceptions import InvalidHashError, VerificationError
from gevent import monkey
from gevent.threadpool import ThreadPool

from services.kit.errors import invalid_field

# OWASP's second choice for argon2id: 19 MiB, two passes, one lane.
HASHER = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1, type=Type.ID)
THREADS = 2


@cache
def _pool() -> ThreadPool:
    return ThreadPool(THREADS)


def _aside(work: Callable[..., Any], *args: Any) -> Any:
    """Run `work` in a native thread where greenlets share this one; hashing takes 20 ms of pure computing."""
    return _pool().apply(work, args) if monkey.is_module_patched("threading") else work(*args)


@cache
def _nobody() -> str:
    return HASHER.hash("nobody has this password")


def hash_password(password: str) -> str:
    """Return the argon2id hash with its parameters, as text."""
    hashed: str = _aside(HASHER.hash, password)
    return hashed


def check_worth(password: str, login: str) -> None:
    """Raise Invalid for a password that anybody would try first: the login, or one letter again and again."""
    plain = password.casefold()
    if plain in (login, login[::-1]) or len(set(plain)) < 3:
        raise invalid_field(
            "password",
            "Anybody would try this first. Choose another password.",
            "该密码过于简单，请更换。",
        )


def matches(password: str, hashed: str | None) -> bool:
    """Check a password; without a hash it does the same work for nothing, so that time tells nothing.

    An empty hash is no hash: nobody has chosen a password yet, or nobody is behind the account any more.
    """
    right: bool = _aside(_verify, password, hashed or _nobody())
    return right and bool(hashed)


def _verify(password: str, hashed: str) -> bool:
    try:
        return HASHER.verify(hashed, password)
    except (VerificationError, InvalidHashError):
        return False
