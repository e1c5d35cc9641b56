"""How long it took to solve a request: the first time, and in all when it had to be opened again."""

from collections.abc import Iterable
from dataclasses import dataclass

from services.tickets.sla.clocks import VOID, Clock

RESOLVE = "resolve"


@dataclass(frozen=True)
class Resolution:
    """Both figures of both clocks, in seconds; contract time is without pauses, lived time with everything.

    `first` is up to the first completion and None before it, whatever follows: a run that was cancelled, or that new
    terms began anew, completed nothing. `total` goes on from filing while the
    ticket is open, and stands still once it is `done`; the time it lay completed before it was reopened counts as
    lived through, and not as contract time. Contract time is None where it cannot be counted.
    """

    first_contract_seconds: float | None
    first_lived_seconds: float | None
    total_contract_seconds: float | None
    total_lived_seconds: float
    done: bool


def resolution_of(clocks: Iterable[Clock], *, completed: bool = True) -> Resolution | None:
    """The resolution of one ticket from its clocks, in the order of their generations; None without one to resolve.

    `completed` says whether the job ever was: one cancelled when its time was up stopped too late, and was not done.
    """
    runs = [clock for clock in clocks if clock.kind == RESOLVE]
    if not runs:
        return None
    begun_at, last = runs[0].started_at, runs[-1]
    first = next((run for run, after in zip(runs, [*runs[1:], None], strict=True) if _completed(run, after)), None)
    first = first if completed else None
    # A clock that went on after reopening has counted what went before it.
    counted = [last] if last.started_at == begun_at else runs
    parts = [clock.elapsed_seconds for clock in counted]
    gap = (last.started_at - begun_at).total_seconds()
    return Resolution(
        first_contract_seconds=first.elapsed_seconds if first else None,
        first_lived_seconds=(first.started_at - begun_at).total_seconds() + first.lived_seconds if first else None,
        total_contract_seconds=None if None in parts else sum(part for part in parts if part is not None),
        total_lived_seconds=gap + last.lived_seconds,
        done=last.stopped_at is not None,
    )


def _completed(run: Clock, after: Clock | None) -> bool:
    """Whether a run ended with the job done: one that began anew at that very moment was switched, not reopened."""
    if run.stopped_at is None or run.state == VOID:
        return False
    return after is None or after.started_at != run.stopped_at
