"""The live stream: server-sent events of what concerns the caller."""

import time
from collections.abc import Iterator, Mapping
from typing import Any

import orjson
from flask import Response, current_app, request
from flask_smorest import Blueprint

from gateway import queries
from gateway.feed import Feed, StreamEnded, Subscriber
from gateway.parts import parts
from gateway.schemas import StreamHead, StreamQuery
from gateway.visibility import may_see
from services.kit import clock
from services.kit.database import transaction
from services.kit.http import access, current_service, scoped
from services.kit.identity import ROLES, current_actor, expiry

blp = Blueprint("stream", __name__, description="Live events")

HEARTBEAT_SECONDS = 15.0
# Whoever missed more than this reloads what it shows instead of reading it all again.
MOST_MISSED = 1000
RESYNC = b"event: resync\ndata: {}\n\n"


@blp.route("/stream", methods=["GET"])
@access(*ROLES)
@blp.arguments(StreamQuery, location="query")
@blp.arguments(StreamHead, location="headers")
@blp.alt_response(
    200,
    schema={"type": "string"},
    content_type="text/event-stream",
    description="Events until the access token ends; `resync` says that events were missed. Reconnect with a new"
    " token and Last-Event-ID.",
)
def stream(query: dict[str, Any], head: dict[str, Any]) -> Response:
    """Stream the events that concern the caller, from `Last-Event-ID` on where it is given."""
    types = frozenset(query["types"].split(",")) if query["types"] else None
    ends = expiry(request.headers["Authorization"].partition(" ")[2].strip())
    feed = parts().feed
    # Subscribed before the missed events are read: what happens between the two comes twice and is told apart
    # by its id; the other way round it would be lost.
    subscriber = feed.subscribe(current_actor())
    try:
        missed, last, complete = _missed(head["last_event_id"])
    except BaseException:
        feed.unsubscribe(subscriber)
        raise
    pieces = _Pieces(feed, subscriber, types, ends, missed, last, complete)
    response = current_app.response_class(pieces, mimetype="text/event-stream")
    response.headers["X-Accel-Buffering"] = "no"
    return response


def _missed(after: int | None) -> tuple[list[Mapping[str, Any]], int, bool]:
    """Return the missed events, the id to go on after, and whether these are all that were missed."""
    if after is None:
        return [], 0, True
    actor = current_actor()
    with scoped() as db:
        rows = list(queries.stream_page(db, after, MOST_MISSED + 1))
    with transaction(current_service().engine) as db:
        queries.open_feed(db)
        oldest, newest = queries.oldest_stream_id(db), queries.newest_stream_id(db)
    if len(rows) > MOST_MISSED or (after < newest and after + 1 < oldest) or after > newest:
        return [], rows[-1]["id"] if rows else 0, False
    return [row for row in rows if may_see(actor, row)], after, True


class _Pieces:
    """The body of a stream. Closing it, as the server does when the client goes, ends the subscription."""

    def __init__(
        self,
        feed: Feed,
        subscriber: Subscriber,
        types: frozenset[str] | None,
        ends: float,
        missed: list[Mapping[str, Any]],
        last: int,
        complete: bool,
    ) -> None:
        self._feed = feed
        self._subscriber = subscriber
        self._types = types
        self._ends = ends
        self._missed = missed
        self._last = last
        self._complete = complete

    def __iter__(self) -> Iterator[bytes]:
        yield b"retry: 3000\n: welcome\n\n"
        if not self._complete:
            yield RESYNC
        for row in self._missed:
            yield from self._write(row)
        try:
            while (left := self._ends - clock.now().timestamp()) > 0:
                began = time.monotonic()
                for row in self._subscriber.events(min(HEARTBEAT_SECONDS, left)):
                    yield from self._write(row)
                if time.monotonic() - began >= HEARTBEAT_SECONDS:
                    yield b": still here\n\n"
        except StreamEnded:
            return

    def _write(self, row: Mapping[str, Any]) -> Iterator[bytes]:
        if row["id"] <= self._last:
            return
        self._last = row["id"]
        if self._types is None or row["type"] in self._types:
            data = {"type": row["type"], "subject": row["subject"], "at": row["at"], "data": row["data"]}
            yield b"id: %d\nevent: %s\ndata: %s\n\n" % (row["id"], row["type"].encode(), orjson.dumps(data))

    def close(self) -> None:
        self._feed.unsubscribe(self._subscriber)
