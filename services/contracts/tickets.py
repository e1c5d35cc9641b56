"""What the tickets service publishes: a ticket's steps and its clocks. Ids only: no names, phones or texts."""

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from services.contracts.ticket_fact import TicketFact


@dataclass(frozen=True, kw_only=True)
class TicketFiled(TicketFact):
    """A request came in. A human is to answer it by `acknowledge_due_at`, where its terms have such a target.

    `waits` are the estimates it was given of how long it takes, one line each (contracts.waits.ToldWait).

    `crew_ids` are told of an emergency: the crew on duty who could take it, or where there is none, all who could.
    """

    type: ClassVar[str] = "ticket.filed.v1"
    channel: str = "api"
    crew_ids: tuple[str, ...] = ()
    acknowledge_due_at: datetime | None = None
    # The requester has several homes and named none: they are asked whether it is the right one.
    place_assumed: bool = False
    waits: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class TicketAcknowledged(TicketFact):
    """A human at the desk answered it."""

    type: ClassVar[str] = "ticket.acknowledged.v1"


@dataclass(frozen=True, kw_only=True)
class TicketClaimed(TicketFact):
    """A crew member took it from the pool."""

    type: ClassVar[str] = "ticket.claimed.v1"


@dataclass(frozen=True, kw_only=True)
class TicketAssigned(TicketFact):
    """It was given to a crew member, by the desk or by a colleague handing over."""

    type: ClassVar[str] = "ticket.assigned.v1"
    previous_owner_id: str | None = None


@dataclass(frozen=True, kw_only=True)
class TicketReleased(TicketFact):
    """It went back to the pool; the dispatch desk is accountable again. `parted`: from what it moved with."""

    type: ClassVar[str] = "ticket.released.v1"
    previous_owner_id: str | None = None
    parted: bool = False


@dataclass(frozen=True, kw_only=True)
class TicketDeparted(TicketFact):
    """The crew member is on the way."""

    type: ClassVar[str] = "ticket.departed.v1"


@dataclass(frozen=True, kw_only=True)
class TicketArrived(TicketFact):
    """The crew member is on site."""

    type: ClassVar[str] = "ticket.arrived.v1"


@dataclass(frozen=True, kw_only=True)
class TicketStarted(TicketFact):
    """Work began."""

    type: ClassVar[str] = "ticket.started.v1"


@dataclass(frozen=True, kw_only=True)
class TicketPaused(TicketFact):
    """Work waits for something, at the longest until `paused_until`."""

    type: ClassVar[str] = "ticket.paused.v1"
    waiting_reason: str = ""
    paused_until: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class TicketResumed(TicketFact):
    """Work goes on; `expired` where the pause ran out and nobody had said so."""

    type: ClassVar[str] = "ticket.resumed.v1"
    expired: bool = False


@dataclass(frozen=True, kw_only=True)
class TicketObjected(TicketFact):
    """The resident does not accept that the work waits."""

    type: ClassVar[str] = "ticket.objected.v1"
    waiting_reason: str = ""


@dataclass(frozen=True, kw_only=True)
class TicketUrged(TicketFact):
    """The household asks to hurry (催单), for the `times`th time."""

    type: ClassVar[str] = "ticket.urged.v1"
    times: int = 0


@dataclass(frozen=True, kw_only=True)
class TicketDisallowed(TicketFact):
    """The desk took back a pause: work goes on, and the clocks ran all the while."""

    type: ClassVar[str] = "ticket.disallowed.v1"
    waiting_reason: str = ""


@dataclass(frozen=True, kw_only=True)
class TicketMadeSafe(TicketFact):
    """Nobody is in danger any more; the repair itself may still be to come."""

    type: ClassVar[str] = "ticket.made_safe.v1"


@dataclass(frozen=True, kw_only=True)
class TicketCompleted(TicketFact):
    """The crew says it is done; the return visit falls due from here.

    `clocks` are the clocks that have stopped by now, one line each (contracts.clocks.ToldClock).
    """

    type: ClassVar[str] = "ticket.completed.v1"
    crew_id: str | None = None
    completed_at: datetime | None = None
    timezone: str = "Asia/Shanghai"
    completion: int = 1
    clocks: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class TicketCalledBack(TicketFact):
    """The desk called about a completed job; `outcome` is `reached` or `not_reached`."""

    type: ClassVar[str] = "ticket.called_back.v1"
    outcome: str = ""


@dataclass(frozen=True, kw_only=True)
class TicketAnswered(TicketFact):
    """A human answered the return visit; `satisfaction` is 1 to 5 where they said so.

    `solved` is false only where it was too late to reopen the ticket, and a complaint was opened about it.
    """

    type: ClassVar[str] = "ticket.answered.v1"
    satisfaction: int | None = None
    solved: bool = True


@dataclass(frozen=True, kw_only=True)
class TicketConfirmed(TicketFact):
    """The resident says it is done."""

    type: ClassVar[str] = "ticket.confirmed.v1"


@dataclass(frozen=True, kw_only=True)
class TicketClosed(TicketFact):
    """Nobody objected in time, and the desk closed it. Not an answer of the resident."""

    type: ClassVar[str] = "ticket.closed.v1"


@dataclass(frozen=True, kw_only=True)
class TicketReopened(TicketFact):
    """It was not solved after all. `cause` is `resident`, `staff` or `survey`; `crew_id` did the last completion.

    It is to be solved anew by `resolve_due_at`, where its terms have such a target.
    """

    type: ClassVar[str] = "ticket.reopened.v1"
    cause: str = "resident"
    crew_id: str | None = None
    resolve_due_at: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class TicketCancelled(TicketFact):
    """The resident, or the desk for them, withdrew it."""

    type: ClassVar[str] = "ticket.cancelled.v1"


@dataclass(frozen=True, kw_only=True)
class TicketDeclined(TicketFact):
    """The desk will not do it, with a reason the resident is told."""

    type: ClassVar[str] = "ticket.declined.v1"


@dataclass(frozen=True, kw_only=True)
class TicketCommented(TicketFact):
    """Somebody wrote a comment; `visible` says whether the resident may see it."""

    type: ClassVar[str] = "ticket.commented.v1"
    comment_id: str = ""
    visible: bool = True


@dataclass(frozen=True, kw_only=True)
class TicketPromised(TicketFact):
    """The resident was told a time."""

    type: ClassVar[str] = "ticket.promised.v1"
    promised_at: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class TicketOverridden(TicketFact):
    """The desk corrected what triage decided."""

    type: ClassVar[str] = "ticket.overridden.v1"


@dataclass(frozen=True, kw_only=True)
class TicketReevaluated(TicketFact):
    """A manager moved it on purpose to the terms now in force: policy, calendar, or both."""

    type: ClassVar[str] = "ticket.reevaluated.v1"


@dataclass(frozen=True, kw_only=True)
class TicketUnclaimed(TicketFact):
    """Nobody took the job by `due_at`: it is put before `to`, and an emergency before all `crew_ids` who could go."""

    type: ClassVar[str] = "ticket.unclaimed.v1"
    to: str = "dispatcher"
    crew_ids: tuple[str, ...] = ()
    level: int = 1
    due_at: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class TicketPhotographed(TicketFact):
    """A photo was added."""

    type: ClassVar[str] = "ticket.photographed.v1"
    photo_id: str = ""


@dataclass(frozen=True, kw_only=True)
class TicketEscalated(TicketFact):
    """It needs more authority than whoever had it has: management, or a manager, is accountable now."""

    type: ClassVar[str] = "ticket.escalated.v1"
    previous_owner_id: str | None = None


@dataclass(frozen=True, kw_only=True)
class SlaWarned(TicketFact):
    """A clock is near its target; `due_at` is the target's moment, `rule` says whose target it is.

    Clocks are `acknowledge`, `attend`, `make_safe`, `resolve`, `callback` and `total`.
    """

    type: ClassVar[str] = "sla.warned.v1"
    clock: str = ""
    generation: int = 1
    due_at: datetime | None = None
    rule: str = "standard"


@dataclass(frozen=True, kw_only=True)
class SlaBreached(TicketFact):
    """A clock passed its target at `due_at`, whenever that was noticed."""

    type: ClassVar[str] = "sla.breached.v1"
    clock: str = ""
    generation: int = 1
    due_at: datetime | None = None
    rule: str = "standard"
