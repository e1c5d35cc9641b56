"""A consumer whose events make trouble by what they say."""

import os
import threading
from dataclasses import dataclass, field

import kit_demo
from kit_demo import heard, inbox_table
from sqlalchemy import Engine, insert, select, text

from services.kit import inbox
from services.kit.bus import BusDown, Delivery
from services.kit.events import Event, PermanentError, to_message
from services.kit.inbox import Consumer


def delivery(event: Event, attempts: int = 0) -> Delivery:
    return Delivery(to_message(event), 0, attempts)


def handle(connection, events) -> None:
    """Write down the words of each event; some words make trouble on purpose."""
    for event in events:
        words = event.data["words"]
        if words == "never":
            raise PermanentError("not in this life")
        if words == "not yet":
            raise ValueError("come \x00 back")
        if words == "die":
            os._exit(9)
        if words == "too slow":
            connection.execute(text("SET LOCAL statement_timeout = '20ms'"))
            connection.execute(text("SELECT pg_sleep(1)"))
        connection.execute(insert(heard).values(event_id=event.id, words=words))


def consumer(engine: Engine, handler=handle) -> Consumer:
    return Consumer(kit_demo.SERVICE, engine, inbox_table, handler)


def states(engine: Engine) -> list[tuple[str, int]]:
    with engine.connect() as connection:
        rows = connection.execute(select(inbox_table.c.state, inbox_table.c.attempts).order_by(inbox_table.c.state))
        return [tuple(row) for row in rows]


def dead(engine: Engine) -> list[dict]:
    with engine.connect() as connection:
        return inbox.dead_letters(connection, inbox_table)


@dataclass
class Hand:
    """A subscription with one batch, that notes what is done with it."""

    batch: list[Delivery]
    stop: threading.Event
    settled: list[Delivery] = field(default_factory=list)
    idled: float = 0.0
    closed: bool = False

    def receive(self, limit, wait_seconds):
        batch, self.batch = self.batch, []
        return batch

    def settle(self, deliveries):
        self.settled += deliveries
        self.stop.set()

    def idle(self, seconds):
        self.idled += seconds
        if self.idled > 3:
            raise BusDown("too long")

    def close(self):
        self.closed = True
