"""What happens when: stories that wait and go on, the desk's loops between them, one clock for all."""

import heapq
import itertools
from collections.abc import Callable, Generator
from datetime import datetime, timedelta

from doorstep.month.desk import Desk
from doorstep.month.moved_clock import MovedClock
from services.kit import clock

# A story yields how long it waits, or until when, and is gone on with at that moment.
Story = Generator[timedelta | datetime, None, None]
# How long the loops may sleep: what they do late is late by so much at most. Deadlines of tickets are met on time.
NAP = timedelta(minutes=30)
# A worker looks twice a second, so a deadline is noticed that much after it fell due.
NOTICED = timedelta(milliseconds=500)


class Agenda:
    """All stories under way, by the moment they go on."""

    def __init__(self, desk: Desk, moved: MovedClock) -> None:
        self._desk = desk
        self._moved = moved
        self._numbers = itertools.count()
        self._waiting: list[tuple[datetime, int, Story]] = []
        self._woken = clock.now()

    def add(self, moment: datetime, story: Story) -> None:
        """Let a story begin at a moment."""
        heapq.heappush(self._waiting, (moment, next(self._numbers), story))

    def live(self, begins: datetime, ends: datetime, progress: Callable[[datetime], None]) -> int:
        """Live from one moment to another; returns how many stories are left as they are then."""
        self._at(begins)
        self._woken = begins
        while self._waiting and self._waiting[0][0] <= ends:
            moment, _number, story = heapq.heappop(self._waiting)
            self._pass_until(moment)
            progress(moment)
            self._go_on(story)
        self._pass_until(ends)
        return len(self._waiting)

    def _go_on(self, story: Story) -> None:
        try:
            wait = next(story)
        except StopIteration:
            return
        self.add(wait if isinstance(wait, datetime) else clock.now() + wait, story)

    def _pass_until(self, moment: datetime) -> None:
        """Let time pass, waking the loops for every deadline and after every nap."""
        while (wake := self._next_wake()) <= moment:
            self._at(wake)
            self._desk.tick()
            self._woken = wake
        self._at(moment)

    def _next_wake(self) -> datetime:
        nap, due = self._woken + NAP, self._desk.next_due()
        return nap if due is None else min(nap, max(due, clock.now()) + NOTICED)

    def _at(self, moment: datetime) -> None:
        self._moved.set(moment)
