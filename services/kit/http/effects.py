"""One effect per request: the transaction, the Idempotency-Key beside the effect, and version tags."""

import functools
import hashlib
import hmac
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import orjson
from flask import Response, current_app, g, request
from sqlalchemy import (
    Column,
    Connection,
    DateTime,
    Integer,
    LargeBinary,
    MetaData,
    PrimaryKeyConstraint,
    Table,
    Text,
    func,
    select,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB, UUID, insert
from werkzeug.exceptions import HTTPException

from services.kit.database import transaction
from services.kit.errors import Conflict, Invalid, invalid_field
from services.kit.identity import NOBODY, Actor

# When a request was sent is no part of what it asks: whoever sends it again says so anew, under the same key.
SENT_AT = "sent_at"
_KEY = re.compile(r'^"(?P<quoted>[ -!#-~]{1,255})"$|^(?P<bare>[!#-~]{1,255})$')
KEEP = "24 hours"

# What a route that needs `expected_version(required=True)` says of it in the document.
IF_MATCH = {
    "in": "header",
    "name": "If-Match",
    "required": True,
    "description": "The ETag you read; the change is refused with 412 when somebody else's came before it.",
    "schema": {"type": "string", "pattern": r'^(\*|(W/)?"v[0-9]{1,9}")$'},
}


class PreconditionRequired(HTTPException):
    """The request edits something and must say which version it read (RFC 6585)."""

    code = 428
    description = "GET it first, then send the ETag of that answer in If-Match."


@dataclass(frozen=True)
class Answer:
    """What a view answers: JSON-ready data, a status, headers."""

    payload: Any
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)


def define(metadata: MetaData) -> Table:
    """Add the table of answers already given, keyed by tenant, person, route and key."""
    return Table(
        "idempotency_keys",
        metadata,
        Column("organisation_id", UUID(as_uuid=False), nullable=False),
        Column("person_id", UUID(as_uuid=False), nullable=False),
        Column("route", Text, nullable=False),
        Column("key", Text, nullable=False),
        Column("body_sha256", Text, nullable=False),
        Column("status", Integer, nullable=False),
        Column("headers", JSONB, nullable=False),
        Column("body", LargeBinary, nullable=False),
        Column("answered_at", DateTime(timezone=True), nullable=False, server_default=func.now()),
        PrimaryKeyConstraint("organisation_id", "person_id", "route", "key"),
    )


def sweep(connection: Connection, table: Table) -> int:
    """Delete answers given longer than a day ago; returns how many rows went."""
    old = table.c.answered_at < func.now() - text(f"interval '{KEEP}'")
    return connection.execute(table.delete().where(old)).rowcount


def respond(answer: Answer) -> Response:
    """Return the answer as a JSON response."""
    return _response(orjson.dumps(answer.payload), answer.status, answer.headers)


def _response(body: bytes, status: int, headers: Mapping[str, str]) -> Response:
    if status == 204:
        body = b""
    response = current_app.response_class(body, status=status, mimetype="application/json")
    response.headers.update(headers)
    return response


def one_effect(view: Callable[..., Answer]) -> Callable[..., Response]:
    """Run a writing view as `view(db, ...)` in one transaction, at most once per Idempotency-Key.

    The key is scoped to tenant, person and path; its answer commits with the effect. The same key and body
    get the same answer again, another body is refused with 422, and a key still at work with 409.
    A refusal leaves nothing behind, so it may be tried again with the same key.
    """

    @functools.wraps(view)
    def run(*args: Any, **kwargs: Any) -> Response:
        service = current_app.extensions["doorstep"]
        actor = g.get("actor") or Actor(NOBODY, NOBODY, "public")
        key = _read_key()
        with transaction(service.engine, actor) as db:
            if key is None:
                answer = view(db, *args, **kwargs)
                body = orjson.dumps(answer.payload)
            else:
                scope = {
                    "organisation_id": actor.organisation_id,
                    "person_id": actor.id,
                    "route": f"{request.method} {request.path}",
                    "key": key,
                }
                digest = _digest()
                earlier = _earlier(db, service.idempotency, scope, digest)
                if earlier is not None:
                    return earlier
                answer = view(db, *args, **kwargs)
                body = orjson.dumps(answer.payload)
                db.execute(
                    insert(service.idempotency).values(
                        **scope,
                        body_sha256=digest,
                        status=answer.status,
                        headers=dict(answer.headers),
                        body=body,
                    )
                )
        service.waker.wake()
        return _response(body, answer.status, answer.headers)

    return run


def _read_key() -> str | None:
    raw = request.headers.get("Idempotency-Key")
    if raw is None:
        return None
    match = _KEY.match(raw.strip())
    if not match:
        raise invalid_field(
            "Idempotency-Key",
            "Idempotency-Key must be 1 to 255 printable ASCII characters, best in double quotes.",
            "Idempotency-Key 应为 1 至 255 个可见 ASCII 字符，建议加双引号。",
        )
    return match["quoted"] or match["bare"]


def _digest() -> str:
    body = _asked(request.get_data(cache=True))
    if request.mimetype == "multipart/form-data":
        # A client makes a new boundary for every attempt; the parts are what the caller means.
        parts = [("form", name, value) for name, value in request.form.items(multi=True) if name != SENT_AT]
        for name, upload in request.files.items(multi=True):
            parts.append(("file", name, hashlib.sha256(upload.stream.read()).hexdigest()))
            upload.stream.seek(0)
        body = repr(sorted(parts)).encode()
    # Keyed, because a body can hold a password, and a plain digest of one could be guessed from a stolen table.
    secret = current_app.extensions["doorstep"].settings.secret
    return hmac.new(secret.encode(), request.query_string + b"\n" + body, hashlib.sha256).hexdigest()


def _asked(body: bytes) -> bytes:
    """Return a body without when it was sent. One that does not say so is left as it is."""
    if f'"{SENT_AT}"'.encode() not in body:
        return body
    try:
        said = orjson.loads(body)
    except orjson.JSONDecodeError:
        return body
    if not isinstance(said, dict) or SENT_AT not in said:
        return body
    del said[SENT_AT]
    return orjson.dumps(said, option=orjson.OPT_SORT_KEYS)


def _earlier(db: Connection, table: Table, scope: Mapping[str, str], digest: str) -> Response | None:
    # The lock is taken in a statement of its own: the next statement's snapshot then sees the winner's commit.
    lock = text("SELECT pg_try_advisory_xact_lock(hashtextextended(:scope, 0))")
    alone = db.execute(lock, {"scope": "|".join(scope.values())}).scalar_one()
    row = db.execute(select(table).filter_by(**scope)).one_or_none()
    if row is None:
        if alone:
            return None
        raise Conflict(
            "A request with this Idempotency-Key is still being handled. Wait for its answer.",
            "相同 Idempotency-Key 的请求仍在处理中，请稍候。",
        )
    # Whoever holds the lock may be another replay: an answer that is there is given all the same.
    if row.body_sha256 != digest:
        raise Invalid(
            "This Idempotency-Key was already used with another body. Use a new key for a new request.",
            "该 Idempotency-Key 已用于不同内容的请求，请更换新的键。",
            fields={"Idempotency-Key": ["already used with another body"]},
        )
    response = _response(bytes(row.body), row.status, row.headers)
    response.headers["Idempotency-Replayed"] = "true"
    return response


def version_tag(version: int) -> dict[str, str]:
    """Return the ETag header of this version (3 → `"v3"`), which `expected_version` reads back from If-Match."""
    return {"ETag": f'"v{version}"'}


def expected_version(*, required: bool = False) -> int | None:
    """Return the version in If-Match (`"v3"` → 3), None where absent or `*`.

    Raises PreconditionRequired where it is required and absent, Invalid where it is no tag of ours.
    """
    raw = request.headers.get("If-Match", "").strip()
    if not raw:
        if required:
            raise PreconditionRequired()
        return None
    if raw == "*":
        return None
    match = re.fullmatch(r'(?:W/)?"v(\d{1,9})"', raw)
    if not match:
        raise invalid_field(
            "If-Match",
            'If-Match must be an ETag we gave, such as "v3".',
            'If-Match 应为本系统给出的 ETag，例如 "v3"。',
        )
    return int(match[1])
