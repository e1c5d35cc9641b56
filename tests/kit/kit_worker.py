"""The demo's worker process: relays, consumes, and answers what it heard; started by the tests as a process."""

import os
import sys

import kit_demo
from kit_demo import left, outbox_table
from sqlalchemy import insert

from services.kit import outbox, process
from services.kit.bus import open_publisher, open_subscription
from services.kit.database import make_engine
from services.kit.inbox import Consumer
from services.kit.testing import settings


def handle(connection, events) -> None:
    """Write down each parcel, and answer the first word of it."""
    for event in events:
        connection.execute(insert(kit_demo.heard).values(event_id=event.id, words=event.data["words"]))
        process.log.warning("parcel.heard", words=event.data["words"])
        if event.data["words"] == "ping":
            outbox.emit(connection, outbox_table, left("pong", organisation_id=event.organisation_id))


def main() -> None:
    """Run until SIGTERM."""
    process.set_up(kit_demo.SERVICE, "worker")
    key = {"amqp_url": os.environ["KIT_AMQP_URL"]}
    given = settings(kit_demo.SERVICE, web_url="", worker_url=sys.argv[1], home=None, **key)  # type: ignore[arg-type]
    topology = {kit_demo.SERVICE: (kit_demo.LEFT,)}
    engine = make_engine(given.worker_database_url)
    consumer = Consumer(kit_demo.SERVICE, engine, kit_demo.inbox_table, handle)
    relay = outbox.Relay(kit_demo.SERVICE, engine, outbox_table, lambda: open_publisher(given, topology))

    def broken(_stop) -> None:
        raise ValueError("this loop fails for ever")

    process.run_loops(
        {
            "relay": relay.run,
            "consume": lambda stop: consumer.run(open_subscription(given, topology, kit_demo.SERVICE), stop),
            "broken": broken,
        },
        ready=lambda: engine.connect().close() is None,
        health_port=int(sys.argv[2]),
    )


if __name__ == "__main__":
    main()
