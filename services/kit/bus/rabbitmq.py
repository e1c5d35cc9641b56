"""RabbitMQ through pika: the only place that knows the broker."""

import threading
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
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
OPEN_SECONDS = 10.0
CONFIRM_SECONDS = 30.0


def _parameters(url: str) -> pika.URLParameters:
    parameters = pika.URLParameters(url)
    parameters.heartbeat = 30
    # A broker's memory alarm otherwise hangs the publisher for ever.
    parameters.blocked_connection_timeout = 15
    parameters.socket_timeout = 5
    parameters.connection_attempts = 1
    return parameters


@contextmanager
def _bus_down() -> Iterator[None]:
    """Speak of any failure of the broker or of the way to it as BusDown."""
    try:
        yield
    except (AMQPError, OSError) as problem:
        raise BusDown(repr(problem)) from problem


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
    serves one relay, so one batch is under way at a time. After any failure it is dead: open a new one.
    """

    def __init__(self, url: str, topology: Topology) -> None:
        with _bus_down(), pika.BlockingConnection(_parameters(url)) as declaring:
            _declare(declaring.channel(), topology)
        self._lock = threading.Lock()
        self._opened = threading.Event()
        self._dead: str | None = None
        self._batch: _Batch | None = None
        self._tags: dict[int, int] = {}
        self._next_tag = 1
        self._returned: set[str] = set()
        self._channel: Any = None
        self._connection = pika.SelectConnection(
            _parameters(url),
            on_open_callback=self._on_open,
            on_open_error_callback=self._on_end,
            on_close_callback=self._on_end,
        )
        self._thread = threading.Thread(target=self._loop, name="publisher", daemon=True)
        self._thread.start()
        if not self._opened.wait(OPEN_SECONDS):
            self._fail("the broker did not open a channel in time")
        if self._dead is not None:
            self.close()
            raise BusDown(self._dead)

    def publish(self, messages: Sequence[Message]) -> list[Outcome]:
        """Publish all, then wait for every confirm; raises BusDown when the connection goes."""
        if not messages:
            return []
        batch = _Batch(messages)
        with self._lock:  # Either the loop's end sees this batch and fails it, or we see the end.
            if self._dead is not None:
                raise BusDown(self._dead)
            self._batch = batch
        self._connection.ioloop.add_callback_threadsafe(self._send)
        if not batch.done.wait(CONFIRM_SECONDS):
            self._fail("the broker did not confirm in time")
        if batch.failed is not None:
            raise BusDown(batch.failed)
        return [outcome or Outcome.REFUSED for outcome in batch.outcomes]

    def close(self) -> None:
        """Close the connection from its own thread and wait for the thread to end."""
        self._fail("the publisher was closed")
        if self._thread.is_alive():
            self._connection.ioloop.add_callback_threadsafe(self._hang_up)
            self._thread.join(timeout=5)
        if not self._thread.is_alive():
            self._connection.ioloop.close()

    def _loop(self) -> None:
        reason = "the publisher ended"
        try:
            self._connection.ioloop.start()
        except Exception as problem:
            log.warning("bus.publisher_died", exc_info=True)
            reason = repr(problem)
        finally:
            self._fail(reason)

    def _hang_up(self) -> None:
        if self._connection.is_open:
            self._connection.close()
        elif not self._connection.is_closing:
            self._connection.ioloop.stop()

    def _on_open(self, connection: Any) -> None:
        connection.channel(on_open_callback=self._on_channel)

    def _on_channel(self, channel: Any) -> None:
        self._channel = channel
        channel.add_on_close_callback(self._on_channel_closed)
        channel.add_on_return_callback(self._on_return)
        channel.confirm_delivery(self._on_confirm, callback=lambda _frame: self._opened.set())

    def _send(self) -> None:
        batch = self._batch
        assert batch is not None
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
            self._hang_up()

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

    def _on_channel_closed(self, _channel: Any, reason: Any) -> None:
        self._fail(str(reason))
        self._hang_up()

    def _on_end(self, _connection: Any, reason: Any) -> None:
        self._fail(str(reason))
        self._connection.ioloop.stop()

    def _fail(self, reason: str) -> None:
        """Mark the publisher dead and release whoever waits for it. The first reason is the true one."""
        with self._lock:
            self._dead = self._dead or reason
            batch = self._batch
        if batch is not None and batch.waiting:
            batch.failed = self._dead
            batch.done.set()
        self._opened.set()


class RabbitSubscription:
    """A blocking connection for the one thread that consumes; acknowledges after the caller's commit."""

    def __init__(self, url: str, topology: Topology, service: str) -> None:
        self._waiting: deque[Delivery] = deque()
        self._cancelled = False
        with _bus_down():
            self._connection = pika.BlockingConnection(_parameters(url))
            try:
                self._channel: BlockingChannel = self._connection.channel()
                _declare(self._channel, topology)
                self._channel.basic_qos(prefetch_count=PREFETCH)
                self._channel.add_on_cancel_callback(self._on_cancel)
                self._channel.basic_consume(f"{EXCHANGE}.{service}", self._on_message)
            except AMQPError:
                self.close()
                raise

    def receive(self, limit: int, wait_seconds: float) -> list[Delivery]:
        """Return up to `limit` deliveries in order, waiting at most `wait_seconds` for the first."""
        self._check()
        if not self._waiting:
            with _bus_down():
                self._connection.process_data_events(time_limit=wait_seconds)
            self._check()
        return [self._waiting.popleft() for _ in range(min(limit, len(self._waiting)))]

    def settle(self, deliveries: Sequence[Delivery]) -> None:
        """Acknowledge with one frame: deliveries leave in order, so the last tag covers them all."""
        if deliveries:
            with _bus_down():
                self._channel.basic_ack(deliveries[-1].tag, multiple=True)

    def idle(self, seconds: float) -> None:
        """Wait, answering heartbeats."""
        self._check()
        with _bus_down():
            self._connection.sleep(seconds)

    def close(self) -> None:
        """Close; the broker gives what was not acknowledged to the next consumer."""
        if self._connection.is_open:
            try:
                self._connection.close()
            except AMQPError as problem:
                log.info("bus.closed_by_the_other_side", problem=repr(problem))

    def _check(self) -> None:
        if self._cancelled or self._channel.is_closed or self._connection.is_closed:
            raise BusDown("the broker closed the connection or took the queue away")

    def _on_cancel(self, _frame: Any) -> None:
        self._cancelled = True

    def _on_message(self, _channel: Any, method: Any, properties: BasicProperties, body: bytes) -> None:
        headers = {key: str(value) for key, value in (properties.headers or {}).items()}
        count = (properties.headers or {}).get("x-delivery-count", 0)
        headers.pop("x-delivery-count", None)
        message = Message(method.routing_key, headers, body, properties.content_type or "")
        self._waiting.append(Delivery(message, method.delivery_tag, count if isinstance(count, int) else 0))
