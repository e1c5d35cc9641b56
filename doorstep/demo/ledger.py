"""What was asked and what was answered, as the people of the demo remember it: the desk's books must agree with it."""

import threading
import time
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from doorstep.demo.plans import Plan, plan


@dataclass
class Ledger:
    """The memory of all people of one demo. Safe to use from several threads.

    `filed` holds the ticket of each accepted filing, `steps` counts accepted steps by (ticket, action, person),
    `refused` the refusals by action, `not_solved` the tickets whose household said so in a survey.
    """

    wanted: int
    filed: list[str] = field(default_factory=list)
    steps: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    refused: Counter[str] = field(default_factory=Counter)
    conflicts: int = 0
    answered: int = 0
    not_solved: list[str] = field(default_factory=list)
    completed_at: dict[str, datetime] = field(default_factory=dict)
    completions: Counter[str] = field(default_factory=Counter)
    settled: set[str] = field(default_factory=set)
    _plans: dict[str, Plan] = field(default_factory=dict)
    _once: set[tuple[str, str]] = field(default_factory=set)
    _awaited: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    _lock: threading.RLock = field(default_factory=threading.RLock)

    def note_filed(self, ticket: dict[str, Any]) -> Plan:
        """Remember an accepted filing; its household now looks out for news."""
        with self._lock:
            self.filed.append(ticket["id"])
            self._awaited[ticket["requester_id"]].add(ticket["id"])
            return self.plan_of(ticket["id"])

    def plan_of(self, ticket_id: str) -> Plan:
        """Return the plan of a ticket, dealt to whoever sees it first: a crew may, before its filer has the answer."""
        with self._lock:
            if ticket_id not in self._plans:
                self._plans[ticket_id] = plan(len(self._plans))
            return self._plans[ticket_id]

    def first_time(self, ticket_id: str, what: str) -> bool:
        """Return True once per ticket and thing."""
        with self._lock:
            fresh = (ticket_id, what) not in self._once
            self._once.add((ticket_id, what))
            return fresh

    def note_step(self, ticket_id: str, action: str, person_id: str) -> None:
        """Remember an accepted step."""
        with self._lock:
            self.steps[ticket_id, action, person_id] += 1

    def note_refusal(self, action: str) -> None:
        """Remember that a step was refused because somebody else was faster."""
        with self._lock:
            self.refused[action] += 1
            if action == "claim":
                self.conflicts += 1

    def note_completed(self, ticket: dict[str, Any]) -> None:
        """Remember when a ticket's newest completion was."""
        with self._lock:
            self.completions[ticket["id"]] += 1
            self.completed_at[ticket["id"]] = datetime.fromisoformat(ticket["completed_at"])

    def note_answer(self, ticket_id: str, *, solved: bool) -> None:
        """Remember an accepted survey answer; one of “not solved” keeps the ticket going."""
        with self._lock:
            self.answered += 1
            if solved:
                self.settle(ticket_id)
            else:
                self.not_solved.append(ticket_id)

    def settle(self, ticket_id: str) -> None:
        """Say that nothing more happens to a ticket."""
        with self._lock:
            self.settled.add(ticket_id)

    def awaiting(self) -> list[str]:
        """Return the people who still look out for news."""
        with self._lock:
            return [person for person, tickets in self._awaited.items() if tickets - self.settled]

    def count(self, action: str) -> int:
        """Return how often an action was accepted."""
        with self._lock:
            return sum(times for (_, what, _), times in self.steps.items() if what == action)

    @property
    def done(self) -> bool:
        """True when every request was filed and has come to its end."""
        with self._lock:
            return len(self.filed) >= self.wanted and len(self.settled) >= self.wanted

    def unfinished(self) -> list[str]:
        """Return the tickets that have not come to their end."""
        with self._lock:
            return [ticket for ticket in self.filed if ticket not in self.settled]


@dataclass
class Day:
    """One working day of the demo: its memory, and the two reasons why people go home."""

    ledger: Ledger
    stop: threading.Event
    began: float = field(default_factory=time.monotonic)

    @property
    def over(self) -> bool:
        """True when everything came to its end, or somebody called the day off."""
        return self.stop.is_set() or self.ledger.done

    def wait(self, seconds: float) -> None:
        """Look again after so long, or at once when the day is called off."""
        self.stop.wait(seconds)
