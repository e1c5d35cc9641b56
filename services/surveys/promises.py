"""What became of promised times: said of the next completion, and a promise broken stays broken. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

KEPT, BROKEN, PENDING, REPLACED, WITHDRAWN = "kept", "broken", "open", "replaced", "withdrawn"
BECAME = (KEPT, BROKEN, PENDING, REPLACED, WITHDRAWN)
_PROMISED, _COMPLETED, _ENDED = "promised", "completed", "ended"


class Step(NamedTuple):
    """One step of a ticket; `promised_at` is the time told, where this is a promise."""

    step: str
    at: datetime
    promised_at: datetime | None = None


@dataclass(frozen=True)
class Promise:
    """A promise and what became of it; `late_seconds` is how much later the work was done, where it was done late."""

    became: str
    late_seconds: float | None


def judge(told: Sequence[Step], now: datetime) -> list[Promise]:
    """Return what became of each promise among one ticket's steps, given in the order of the ticket's versions.

    Another promise made in time takes the place of one; made when the time was up already, it does not. A request
    withdrawn before the promised time takes the promise along. A broken one stays so whatever is promised later.
    """
    return [_judged(step, told[place + 1 :], now) for place, step in enumerate(told) if step.step == _PROMISED]


def _judged(promise: Step, after: Sequence[Step], now: datetime) -> Promise:
    following = next((step for step in after if step.step in (_PROMISED, _COMPLETED, _ENDED)), None)
    until = now if following is None else following.at
    assert promise.promised_at is not None
    if promise.promised_at < until:
        done = next((step for step in after if step.step == _COMPLETED), None)
        return Promise(BROKEN, None if done is None else (done.at - promise.promised_at).total_seconds())
    if following is None:
        return Promise(PENDING, None)
    return Promise({_PROMISED: REPLACED, _COMPLETED: KEPT, _ENDED: WITHDRAWN}[following.step], None)
