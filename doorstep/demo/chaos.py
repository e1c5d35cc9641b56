"""Kills every process of the desk with -9 while people work, and waits until each is back."""

import os
import signal
import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from doorstep.demo.ledger import Day
from doorstep.stack import Stack

BACK_SECONDS = 90.0


Rounds = Callable[[Iterable[str]], list[tuple[str, ...]]]


def one_by_one(names: Iterable[str]) -> list[tuple[str, ...]]:
    """Kill each process by itself, the servers in the middle of the day, when most is under way."""
    listed = list(names)
    programs, servers = [n for n in listed if "-" in n], [n for n in listed if "-" not in n]
    middle = len(programs) // 2
    return [(name,) for name in (*programs[:middle], *servers, *programs[middle:])]


def by_kind(names: Iterable[str]) -> list[tuple[str, ...]]:
    """Kill all workers at once, then each server, then all web processes: the same in less time."""
    kinds: dict[str, list[str]] = {}
    for (name,) in one_by_one(names):
        kinds.setdefault(name.rpartition("-")[2], []).append(name)
    return [tuple(kinds[kind]) for kind in sorted(kinds, key=lambda kind: (kind == "web", kind != "worker"))]


class NotBack(Exception):
    """A killed process did not come back, so there is no desk to go on with."""


@dataclass
class Chaos:
    """Kills all day long, by how much was filed and settled; `gate` holds filings back, so that work is left for later.

    The n-th filing waits for the kills before its turn, and a kill for half of what is let through to be settled.
    """

    day: Day
    stack: Stack
    rounds: list[tuple[str, ...]]
    say: Callable[[str], None]
    killed: int = 0
    turn: threading.Condition = field(default_factory=threading.Condition)

    def gate(self, number: int) -> None:
        """Return when so many rounds have begun that the n-th filing may go out."""
        due = number * len(self.rounds) // self.day.ledger.wanted
        with self.turn:
            while self.killed < due and not self.day.stop.is_set():
                self.turn.wait(0.5)

    def run(self) -> None:
        """Kill one round after the other, each when the one before it is back; raises NotBack."""
        for number, names in enumerate(self.rounds):
            ledger = self.day.ledger
            due = (number + 0.5) / len(self.rounds) * 2 * ledger.wanted
            while len(ledger.filed) + len(ledger.settled) < due and not self.day.stop.is_set():
                self.day.wait(0.05)
            if not self.day.stop.is_set():
                self._kill(names)

    def _kill(self, names: tuple[str, ...]) -> None:
        before = {name: self.stack.pids[name] for name in names}
        began = time.monotonic()
        for pid in before.values():
            os.kill(pid, signal.SIGKILL)
        said = ", ".join(f"{name} (process {pid})" for name, pid in before.items())
        self.say(f"killed with -9: {said}")
        with self.turn:
            self.killed += 1
            self.turn.notify_all()
        while not self._back(before) and not self.day.stop.is_set():
            if time.monotonic() - began > BACK_SECONDS:
                raise NotBack(f"{said}: killed, and the desk is not back after {BACK_SECONDS:.0f} s")
            self.day.wait(0.1)
        self.say(f"the desk is whole again after {time.monotonic() - began:.1f} s")

    def _back(self, before: dict[str, int]) -> bool:
        now = self.stack.pids
        return all(now.get(name, pid) != pid for name, pid in before.items()) and self.stack.ready()
