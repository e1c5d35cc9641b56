"""What a refused step is told beside the reason: what was wanted, and what the ticket is now."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from services.kit import clock as time
from services.kit.errors import DeskError, NotFound
from services.kit.http.problems import wants
from services.kit.identity import Actor
from services.tickets import queries
from services.tickets.acts import Phone

# So many of the next best jobs are told to whoever lost one.
NEXT = 3
CHANGED = ("status_changed", "step_changed")


@contextmanager
def telling_both(db: Connection, actor: Actor, ticket_id: str, action: str, phone: Phone | None) -> Iterator[None]:
    """Add to a refusal within: `why`, a stable word; `wanted`; and `ticket` as it is now, unless it is not theirs."""
    try:
        yield
    except NotFound:
        raise
    except DeskError as refusal:
        now = queries.ticket_in_short(db, actor, ticket_id)
        refusal.more["why"] = _why(db, refusal, actor, action, now, phone)
        refusal.more["wanted"] = _wanted(action, phone)
        refusal.more["ticket"] = now
        if refusal.more["why"] == "taken":
            refusal.more["next_jobs"] = queries.pool(db, actor, NEXT, None, wants())[0]
        raise


def _why(
    db: Connection, refusal: DeskError, actor: Actor, action: str, now: Mapping[str, Any], phone: Phone | None
) -> str:
    """Return the word for a refusal: what the status forbids may have been done already, or be somebody else's now.

    What is otherwise than the phone showed it may be so by this very act, which is told once more.
    """
    why: str = refusal.more.get("why", refusal.code)
    if why in CHANGED and phone and phone.acted_at in queries.acted_at(db, now["id"], actor, action):
        return "already_done"
    if why != "not_now":
        return why
    if (now["last"]["action"], now["last"]["by"]["id"]) == (action, actor.id):
        return "already_done"
    return "not_yours" if now["was_yours_until"] else why


def _wanted(action: str, phone: Phone | None) -> dict[str, Any]:
    """Return what was asked for; `done_at` is the phone's time put right by what its clock says now."""
    if phone is None:
        return {"action": action, "acted_at": None, "sent_at": None, "done_at": None, "expected_status": None}
    return {
        "action": action,
        "acted_at": _text(phone.acted_at),
        "sent_at": _text(phone.sent_at),
        "done_at": _text(time.now() - phone.ago()) if phone.acted_at else None,
        "expected_status": phone.expected_status,
    }


def _text(moment: datetime | None) -> str | None:
    return None if moment is None else moment.isoformat()
