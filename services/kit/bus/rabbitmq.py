"""RabbitMQ through pika: the only file that knows the broker."""

import threading
from collections import deque
from collections.abc import Sequence
from typing import Any

import pika
import structlog
from pika.adapters.blocking_connection import BlockingChannel
from pika.exceptions import AMQPError
from pika.spec import Basic, BasicProperties

from services.kit.bus.protocol import PREFETCH, BusDown, Delivery, Outcome, Topology
from services.kit.events import Message

log = structlog.get_logger()

EXCHANGE = "doorstep"
DEAD_EXCHANGE = "doorstep.dead"
# Only what a queue is goes into its arguments; limits live in the broker's policy, because a changed argument
# refuses the declaration.
QUORUM = {"x-queue-type": "quorum"}
CONFIRM_SECONDS = 30.0


def _parameters(url: str) -> pika.URLParameters:
    parameters = pika.URLParameters(url)
    parameters.heartbeat = 30
    # A broker's memory alarm otherwise hangs the publisher for ever.
    parameters.blocked_connection_timeout = 15
    parameters.socket_timeout = 5
    parameters.connection_attempts = 1
    return parameters


def _declare(channel: Any, topology: Topology) -> None:
    """Declare every exchange, queue and binding, so that no event is published before its queue exists."""
    channel.exchange_declare(EXCHANGE, "topic", durable=True)
    channel.exchange_declare(DEAD_EXCHANGE, "fanout", durable=True)
    channel.queue_declare(DEAD_EXCHANGE, durable=True, arguments=QUORUM)
    channel.queue_bind(DEAD_EXCHANGE, DEAD_EXCHANGE)
    for service, keys in topology.items():
        queue = f"{EXCHANGE}.{service}"
        channel.queue_declare(queue, durable=True, arguments=QUORUM)
        for key in keys:
            channel.queue_bind(queue, EXCHANGE, routing_key=key)


class _Batch:
    """The confirms one publish() is waiting for."""

    def __init__(self, messages: Sequence[Message]) -> None:
        self.messages = messages
        self.outcomes: list[Outcome | None] = [None] * len(messages)
        self.waiting = len(messages)
        self.failed: str | None = None
        self.done = threading.Event()

    def resolve(self, index: int, outcome: Outcome) -> None:
        if self.outcomes[index] is None:
            self.outcomes[index] = outcome
            self.waiting -= 1
            if not self.waiting:
                self.done.set()


class RabbitPublisher:
    """A SelectConnection in a thread of its own, with a whole batch of confirms in flight.

    All pika calls happen in that thread; publish() only hands a batch over and waits for it. One publisher
    serves one relay, so one batch is under way at a time.
    """

    def __init__(self, url: str, topology: Topology) -> None:
        with_topology = pika.BlockingConnection(_parameters(url)) if topology else None
        if with_topology is not None:
            _declare(with_topology.channel(), topology)
            with_topology.close()
        self._opened = threading.Event()
        self._closed: str | None = None
        self._batch: _Batch | None = None
        self._tags: dict[int, int] = {}
        self._next_tag = 1
        self._returned: set[str] = set()
        self._channel: Any = None
        self._connection = pika.SelectConnection(
            _parameters(url),
            on_open_callback=self._on_open,
            on_open_error_callback=lambda _connection, error: self._fail(str(error)),
            on_close_callback=lambda _connection, reason: self._fail(str(reason)),
        )
        self._thread = threading.Thread(target=self._loop, name="publisher", daemon=True)
        self._thread.start()
        if not self._opened.wait(10) or self._closed is not None:
            self.close()
            raise BusDown(self._closed or "the broker did not open a channel in time")

    def publish(self, messages: Sequence[Message]) -> list[Outcome]:
        """Publish all, then wait for every confirm; raises BusDown when the connection goes."""
        if self._closed is not None:
            raise BusDown(self._closed)
        batch = _Batch(messages)
        self._connection.ioloop.add_callback_threadsafe(lambda: self._send(batch))
        if not batch.done.wait(CONFIRM_SECONDS):
            raise BusDown("the broker did not confirm in time")
        if batch.failed is not None:
            raise BusDown(batch.failed)
        return [outcome or Outcome.REFUSED for outcome in batch.outcomes]

    def close(self) -> None:
        """Close the connection from its own thread and wait for the thread to end."""
        if self._thread.is_alive():
            self._connection.ioloop.add_callback_threadsafe(self._shut)
            self._thread.join(timeout=5)

    def _loop(self) -> None:
        try:
            self._connection.ioloop.start()
        except Exception as problem:
            log.warning("bus.publisher_died", exc_info=True)
            self._fail(repr(problem))

    def _shut(self) -> None:
        if self._connection.is_open:
            self._connection.close()
        else:
            self._connection.ioloop.stop()

    def _on_open(self, connection: Any) -> None:
        connection.channel(on_open_callback=self._on_channel)

    def _on_channel(self, channel: Any) -> None:
        self._channel = channel
        channel.add_on_close_callback(lambda _channel, reason: self._fail(str(reason)))
        channel.add_on_return_callback(self._on_return)
        channel.confirm_delivery(self._on_confirm, callback=lambda _frame: self._opened.set())

    def _send(self, batch: _Batch) -> None:
        self._batch = batch
        self._returned.clear()
        try:
            for index, message in enumerate(batch.messages):
                self._tags[self._next_tag] = index
                self._next_tag += 1
                self._channel.basic_publish(
                    EXCHANGE,
                    message.key,
                    message.body,
                    BasicProperties(
                        content_type=message.content_type,
                        delivery_mode=pika.DeliveryMode.Persistent.value,
                        message_id=message.headers["ce-id"],
                        headers=dict(message.headers),
                    ),
                    mandatory=True,
                )
        except AMQPError as problem:
            self._fail(repr(problem))

    def _on_return(self, _channel: Any, _method: Any, properties: BasicProperties, _body: bytes) -> None:
        self._returned.add(properties.message_id or "")  # Returned first, then confirmed: unroutable.

    def _on_confirm(self, frame: Any) -> None:
        method = frame.method
        accepted = isinstance(method, Basic.Ack)
        last = method.delivery_tag
        tags = sorted(tag for tag in self._tags if tag <= last) if method.multiple else [last]
        for tag in tags:
            index = self._tags.pop(tag, None)
            if index is None or self._batch is None:
                continue
            if self._batch.messages[index].headers["ce-id"] in self._returned:
                self._batch.resolve(index, Outcome.UNROUTABLE)
            else:
                self._batch.resolve(index, Outcome.CONFIRMED if accepted else Outcome.REFUSED)

    def _fail(self, reason: str) -> None:
        self._closed = self._closed or reason
        if self._batch is not None and self._batch.waiting:
            self._batch.failed = reason
            self._batch.done.set()
        self._opened.set()
        self._connection.ioloop.stop()


class RabbitSubscription:
    """A blocking connection for the one thread that consumes; acknowledges after the caller's commit."""

    def __init__(self, url: str, topology: Topology, service: str) -> None:
        self._waiting: deque[Delivery] = deque()
        try:
            self._connection = pika.BlockingConnection(_parameters(url))
            self._channel: BlockingChannel = self._connection.channel()
            _declare(self._channel, topology)
            self._channel.basic_qos(prefetch_count=PREFETCH)
            self._channel.basic_consume(f"{EXCHANGE}.{service}", self._on_message)
        except AMQPError as problem:
            raise BusDown(repr(problem)) from problem

    def receive(self, limit: int, wait_seconds: float) -> list[Delivery]:
        """Return up to `limit` deliveries in order, waiting at most `wait_seconds` for the first."""
        try:
            if not self._waiting:
                self._connection.process_data_events(time_limit=wait_seconds)
        except AMQPError as problem:
            raise BusDown(repr(problem)) from problem
        if self._channel.is_closed:
            raise BusDown("the channel was closed")
        return [self._waiting.popleft() for _ in range(min(limit, len(self._waiting)))]

    def settle(self, deliveries: Sequence[Delivery]) -> None:
        """Acknowledge with one frame: deliveries leave in order, so the last tag covers them all."""
        try:
            self._channel.basic_ack(deliveries[-1].tag, multiple=True)
        except AMQPError as problem:
            raise BusDown(repr(problem)) from problem

    def idle(self, seconds: float) -> None:
        """Wait, answering heartbeats."""
        try:
            self._connection.sleep(seconds)
        except AMQPError as problem:
            raise BusDown(repr(problem)) from problem

    def close(self) -> None:
        """Close; the broker gives what was not acknowledged to the next consumer."""
        if self._connection.is_open:
            self._connection.close()

    def _on_message(self, _channel: Any, method: Any, properties: BasicProperties, body: bytes) -> None:
        headers = {key: str(value) for key, value in (properties.headers or {}).items()}
        attempts = int(headers.pop("x-delivery-count", 0))
        message = Message(method.routing_key, headers, body, properties.content_type or "")
        self._waiting.append(Delivery(message, method.delivery_tag, attempts))
