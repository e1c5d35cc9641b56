"""The hash chain of a ticket's history: each row's digest covers the row before it."""

import hashlib
import secrets
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

import orjson

GENESIS = "0" * 64
# What stands in the place of words that were erased and that a column must have.
ERASED = "（已依法删除 / erased）"


def digest(previous: str, entry: Mapping[str, Any]) -> str:
    """Return the SHA-256 of an entry chained to `previous`, as 64 hex digits.

    `entry` needs ticket_id, seq, at, actor_id, actor_role, action, from_status, status and data; `at` is
    written in UTC to the microsecond, keys are sorted, so that anyone can recompute it.
    """
    at: datetime = entry["at"]
    content = [
        previous,
        entry["ticket_id"],
        entry["seq"],
        at.astimezone(UTC).isoformat(timespec="microseconds"),
        entry["actor_id"],
        entry["actor_role"],
        entry["action"],
        entry["from_status"],
        entry["status"],
        entry["data"],
    ]
    return hashlib.sha256(orjson.dumps(content, option=orjson.OPT_SORT_KEYS)).hexdigest()


def first_break(entries: Iterable[Mapping[str, Any]]) -> int | None:
    """Return the `seq` of the first entry that does not follow from the ones before it, or None.

    Entries are in order of `seq`, from 1 without a gap, each with `previous_hash` and `hash`.
    """
    previous = GENESIS
    for expected, entry in enumerate(entries, start=1):
        if entry["seq"] != expected or entry["previous_hash"] != previous:
            return int(entry["seq"])
        if digest(previous, entry) != entry["hash"]:
            return int(entry["seq"])
        previous = entry["hash"]
    return None


def first_disorder(entries: Iterable[Mapping[str, Any]]) -> int | None:
    """Return the `seq` of the first entry that is of an earlier moment than the one before it, or None."""
    latest: datetime | None = None
    for entry in entries:
        if latest is not None and entry["at"] < latest:
            return int(entry["seq"])
        latest = entry["at"]
    return None


def seal(words: str) -> tuple[str, str]:
    """Return (salt, digest) of somebody's words.

    History keeps the digest and never the words, so that the words can be erased and the chain still holds; the
    salt, erased with them, keeps a short text from being guessed.
    """
    salt = secrets.token_hex(16)
    return salt, sealed(salt, words)


def sealed(salt: str, words: str) -> str:
    """Return the digest that history keeps of `words`, for whoever checks that they were not changed."""
    return hashlib.sha256(f"{salt}{words}".encode()).hexdigest()
