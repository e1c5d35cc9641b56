"""Kills every process of the desk in turn with -9 while people work, and waits until each is back."""

import os
import signal
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from doorstep.demo.ledger import Day
from doorstep.stack import Stack

BACK_SECONDS = 90.0


class NotBack(Exception):
    """A killed process did not come back, so there is no desk to go on with."""


@dataclass
class Chaos:
    """Kills as the filings go on: `gate` holds back a filing whose turn comes after a kill that has not happened."""

    day: Day
    stack: Stack
    victims: list[str]
    say: Callable[[str], None]
    killed: int = 0
    seconds: dict[str, float] = field(default_factory=dict)
    turn: threading.Condition = field(default_factory=threading.Condition)

    def gate(self, number: int) -> None:
        """Return when so many kills have happened that the n-th filing may go out."""
        due = number * len(self.victims) // self.day.ledger.wanted
        with self.turn:
            while self.killed < due and not self.day.stop.is_set():
                self.turn.wait(0.5)

    def run(self) -> None:
        """Kill one after the other, each when the one before it is back; raises NotBack."""
        for number, name in enumerate(self.victims):
            due = (number + 0.5) / len(self.victims) * self.day.ledger.wanted
            while len(self.day.ledger.filed) < due and not self.day.stop.is_set():
                self.day.wait(0.05)
            if self.day.stop.is_set():
                return
            self._kill(name)

    def _kill(self, name: str) -> None:
        pid = self.stack.pids[name]
        began = time.monotonic()
        os.kill(pid, signal.SIGKILL)
        self.say(f"killed {name} (process {pid}) with -9")
        with self.turn:
            self.killed += 1
            self.turn.notify_all()
        while self.stack.pids.get(name, pid) == pid or not self.stack.ready():
            if time.monotonic() - began > BACK_SECONDS:
                raise NotBack(f"{name} was killed and is not back after {BACK_SECONDS:.0f} s")
            if self.day.stop.is_set():
                return
            self.day.wait(0.1)
        self.seconds[name] = time.monotonic() - began
        self.say(f"{name} is back after {self.seconds[name]:.1f} s")
