"""Events that carry their trace and correlation on to what they cause."""

from collections.abc import Iterator, Sequence
from typing import Any

import structlog
from opentelemetry import context as tracing
from opentelemetry import propagate

from services.kit.events import Event


class EventsInContext(Sequence[Event]):
    """Events that are each iterated over in their own trace and correlation, which what they cause then carries on."""

    def __init__(self, events: Sequence[Event]) -> None:
        self._events = events
        if len(events) == 1:
            self._enter(events[0].traceparent, events[0].correlation_id)

    def __iter__(self) -> Iterator[Event]:
        for event in self._events:
            self._enter(event.traceparent, event.correlation_id)
            yield event
        if len(self._events) > 1:
            self._enter("", "")

    def __len__(self) -> int:
        return len(self._events)

    def __getitem__(self, place: Any) -> Any:
        return self._events[place]

    @staticmethod
    def _enter(traceparent: str, correlation_id: str) -> None:
        tracing.attach(propagate.extract({"traceparent": traceparent}, context=tracing.Context()))
        structlog.contextvars.bind_contextvars(correlation_id=correlation_id)
