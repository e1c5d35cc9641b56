"""How fast events leave an outbox through the bus with confirms, apart from everything else."""

import json
import time

import psycopg
from sqlalchemy import create_engine

from services.kit import clock, outbox
from services.kit.bus import Publisher
from services.kit.database import new_metadata
from services.kit.events import new_id
from services.kit.outbox import Relay

EVENT_TYPE = "bench.happened.v1"
# Some words, so that an event is about a kilobyte with its headers, as a ticket's events are.
_DATA = {"ticket_id": "0" * 36, "number": "261122-ABCDEF", "words": "x" * 500}


def rate(server_url: str, publisher: Publisher, events: int) -> float:
    """Return events per second from rows in a table of our own to rows marked as confirmed.

    `publisher` must have a queue bound for EVENT_TYPE.
    """
    name = f"bench_{new_id().hex}"
    with psycopg.connect(server_url, autocommit=True) as server:
        server.execute(f'CREATE DATABASE "{name}"')
        try:
            return _relay(server_url.rpartition("/")[0] + f"/{name}", publisher, events)
        finally:
            server.execute(f'DROP DATABASE "{name}" WITH (FORCE)')


def _relay(url: str, publisher: Publisher, events: int) -> float:
    metadata = new_metadata()
    table = outbox.define(metadata)
    engine = create_engine(url.replace("postgresql://", "postgresql+psycopg://", 1))
    try:
        metadata.create_all(engine)
        organisation = str(new_id())
        now = clock.now().isoformat()
        data = json.dumps(_DATA)
        with psycopg.connect(url) as database, database.cursor() as cursor:
            columns = "event_id, type, subject, organisation_id, occurred_at, correlation_id, traceparent, data"
            with cursor.copy(f"COPY outbox ({columns}) FROM STDIN") as copy:
                for _ in range(events):
                    copy.write_row((str(new_id()), EVENT_TYPE, "bench", organisation, now, "", "", data))
        relay = Relay("bench", engine, table, lambda: publisher)
        with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            begun = time.perf_counter()
            while relay.step(connection, publisher):
                pass
            return events / (time.perf_counter() - begun)
    finally:
        engine.dispose()
