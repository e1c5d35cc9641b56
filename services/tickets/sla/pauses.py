"""From a ticket's history to when it waited: the pauses of whoever works on it, and the times its household wished."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

WAITING = "waiting"
DISALLOW = "disallow"
AGREE = "agree"
CALL_OFF = "call_off"
ENDS_RESOLVE = frozenset({"complete", "confirm", "close"})
VOIDS = frozenset({"cancel", "decline"})
# A job that is let go or worked on again waits for nobody any more, even when nobody pressed "resume".
ENDS_PAUSE = ENDS_RESOLVE | VOIDS | {"resume", DISALLOW, "release", "claim", "depart", "arrive", "start", "reopen"}
# Whoever has the job, the household wished the same; it ends when somebody is there, or when another time is agreed to.
ENDS_WISH = ENDS_RESOLVE | VOIDS | {"arrive", "start", "reopen", "join", AGREE}


@dataclass(frozen=True)
class Event:
    """One row of a ticket's history: the verb (`file`, `claim`, …), its moment, and who did it.

    `status` is the ticket's status after it; when given, waiting is read from it rather than from the verb.
    `until` is when a pause ends by itself, `reason` what is waited for; `data` is what else the row recorded, such
    as a call's `outcome`. `seq` is its number in the history, by which a `disallow` names the pause it takes back in
    `data["pause"]`. `restarts` are the kinds of clock that new terms begin anew; None leaves that to the policy's
    switch, and then it is all of them. `known_at` is when the desk heard of it, where that was later.
    """

    action: str
    at: datetime
    reason: str | None = None
    actor_role: str = ""
    status: str = ""
    until: datetime | None = None
    data: Mapping[str, Any] = field(default_factory=dict)
    seq: int = 0
    restarts: frozenset[str] | None = None
    known_at: datetime | None = None

    @property
    def heard_at(self) -> datetime:
        """When the desk knew of it."""
        return self.known_at or self.at

    @property
    def disallows(self) -> int | None:
        """The number of the pause that this event takes back by name."""
        return self.data.get("pause") if self.action == DISALLOW else None


@dataclass(frozen=True)
class Wait:
    """One pause as history tells it: the number of the event that began it, and of the one that ended it.

    It is over at `until`, when that is given, whether or not an event says so. `end` is the earlier of the two.
    `disallowed_by` is the number of the event that took it back; `named` says that it did so by the pause's own
    number, which takes all of its credit, wherever that was given. `wished` is one that no crew began: the household
    named the time at which they are to come, and the desk agreed to it.
    """

    first: int
    start: datetime
    until: datetime | None
    last: int | None = None
    end: datetime | None = None
    disallowed_by: int | None = None
    named: bool = False
    wished: bool = False


def waits_of(events: Sequence[Event]) -> list[Wait]:
    """When the job waited, from the status when history tells it, else from the verb.

    A pause told later begins when it was heard of: until then the resident could neither see it nor object.
    """
    found: list[Wait] = []
    open_wait: Wait | None = None
    for number, event in enumerate(events):
        if event.status:
            waiting = event.status == WAITING
        else:
            goes_on = open_wait is not None and not ends_pause(event, events[open_wait.first])
            waiting = event.action == "pause" or goes_on
        if waiting and open_wait is None:
            open_wait = Wait(number, event.heard_at, event.until)
        elif open_wait is not None and not waiting:
            found.append(ended(open_wait, number, event))
            open_wait = None
        elif open_wait is not None and event.action == "pause":
            # Only a new pause goes on waiting once the first is over; any other event leaves it over.
            if open_wait.until is not None and open_wait.until <= event.at:
                found.append(replace(open_wait, end=open_wait.until))
                open_wait = Wait(number, event.heard_at, event.until)
            else:
                lasts = open_wait.until and event.until and max(open_wait.until, event.until)
                open_wait = replace(open_wait, until=lasts)
    found += [*([open_wait] if open_wait else []), *wishes_of(events)]
    return taken_back(sorted(found, key=lambda wait: wait.start), events)


def wishes_of(events: Sequence[Event]) -> Iterator[Wait]:
    """Yield when the job waited for the time that its household had wished for; such an agreement says until when."""
    for number, event in enumerate(events):
        if event.action != AGREE or event.until is None:
            continue
        later = ((n, one) for n, one in enumerate(events) if n > number and ends_wish(one, event))
        last, by = next(later, (None, None))
        wait = Wait(number, event.at, event.until, wished=True)
        yield wait if by is None or last is None else ended(wait, last, by)


def ends_wish(event: Event, agreed: Event) -> bool:
    """Whether an event ends the waiting for an agreed time; to call off what was only proposed does not."""
    if event.action == CALL_OFF:
        return event.data.get("of") == "agreed"
    return event.action in ENDS_WISH or (event.action == DISALLOW and event.disallows == agreed.seq)


def ends_pause(event: Event, begun: Event) -> bool:
    """Whether an event ends the pause that `begun` began; to take an earlier one back does not."""
    return event.action in ENDS_PAUSE and event.disallows in (None, begun.seq)


def taken_back(waits: list[Wait], events: Sequence[Event]) -> list[Wait]:
    """The pauses with those marked that were taken back by their number, however they had ended."""
    for number, event in enumerate(events):
        if event.disallows is None:
            continue
        for place, wait in enumerate(waits):
            if events[wait.first].seq == event.disallows and not wait.named:
                waits[place] = replace(wait, disallowed_by=number, named=True)
    return waits


def ended(wait: Wait, number: int, event: Event) -> Wait:
    """The pause that this event ended, unless it was over before: an expiry noticed late lengthens nothing."""
    end = max(wait.start, event.at if wait.until is None else min(event.at, wait.until))
    taken = number if event.action == DISALLOW and event.disallows is None else None
    return replace(wait, last=number, end=end, disallowed_by=taken)
