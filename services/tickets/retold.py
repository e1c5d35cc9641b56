"""What history tells of the ticket's own columns, so that nobody has to believe them. Pure."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

import orjson

from services.tickets import appointments, chain, service_levels
from services.tickets.acts import moment_of

Entry = Mapping[str, Any]
Row = Mapping[str, Any]

# What the first entry says of the request beside its terms, none of which ever changes.
FILED = ("requester_id", "unit_id", "filed_by", "number", "about_ticket_id")
SEAL = "words_sha256"
SEALED, ERASED, UNSEALED = "sealed", "erased", "unsealed"
# The steps that are a human's first answer where there was none before.
_ACKNOWLEDGES = ("acknowledge", "claim", "assign")
_DISPATCH = "dispatch"
# What an old entry leaves open.
_UNTOLD = object()
_UNTOLD_OWNER = {"owner_id": _UNTOLD, "owner_desk": _UNTOLD}
_NOT_WAITING = {"waiting_reason": None, "paused_until": None, "objected_at": None}
# What case files of earlier versions do not have.
_LATER_COLUMNS = ("made_safe_at", "joined_to", "urges", "urged_at", *appointments.NONE_AT_ALL)
_NOTHING_YET = {
    **_NOT_WAITING,
    **appointments.NONE_AT_ALL,
    "owner_id": None,
    "owner_desk": _DISPATCH,
    "completions": 0,
    "completed_by": None,
    "first_completed_at": None,
    "completed_at": None,
    "acknowledged_at": None,
    "promised_at": None,
    "made_safe_at": None,
    "joined_to": None,
    "urges": 0,
    "urged_at": None,
    "solved": None,
    "satisfaction": None,
}


def words_of(ticket: Row) -> str:
    """Return what a request says in words, as history seals it."""
    return orjson.dumps([ticket["title"], ticket["description"], ticket["location"]]).decode()


def words_are(ticket: Row, entries: Sequence[Entry]) -> str | None:
    """Return SEALED, ERASED, or UNSEALED for a ticket from before words were sealed; None where they were changed."""
    seal, salt = entries[0]["data"].get(SEAL), ticket.get("words_salt")
    if seal is None:
        return UNSEALED if salt is None else None
    if salt is not None:
        return SEALED if chain.sealed(salt, words_of(ticket)) == seal else None
    gone = (ticket["title"], ticket["description"], ticket["location"]) == (chain.ERASED, chain.ERASED, None)
    return ERASED if gone else None


def columns_of(entries: Sequence[Entry]) -> dict[str, Any]:
    """Return the columns of a ticket that follow from its whole history. What an old one does not tell is left out."""
    first, last = entries[0], entries[-1]
    told: dict[str, Any] = {**_NOTHING_YET, "filed_by": first["actor_id"]}
    told |= {name: first["data"][name] for name in (*FILED, "community_id", "channel") if name in first["data"]}
    for entry in entries:
        told |= _changes(told, entry)
        if _answers(entry) and told["acknowledged_at"] is None:
            told["acknowledged_at"] = moment_of(entry)
        if entry["status"] != "waiting":
            told |= _NOT_WAITING
        if not appointments.counts(entry["status"], told["joined_to"]):
            told |= appointments.NONE_AT_ALL
    return {
        **{name: value for name, value in told.items() if value is not _UNTOLD},
        **service_levels.terms_of(entries)[-1].said,
        "status": last["status"],
        "version": last["seq"],
        "history_hash": last["hash"],
        "filed_at": first["at"],
        "changed_at": last["at"],
    }


def untruths(ticket: Row, entries: Sequence[Entry]) -> Iterator[tuple[str, Any, Any]]:
    """Yield (column, what is stored, what history says) for each column that is not as history says.

    Moments in `ticket` may be text, as a case file has them. One from before a column was there says nothing of it.
    """
    for name, said in columns_of(entries).items():
        if name in _LATER_COLUMNS and name not in ticket:
            continue
        stored = ticket.get(name)
        if isinstance(said, datetime) and isinstance(stored, str):
            stored = datetime.fromisoformat(stored)
        if stored != said:
            yield name, stored, said


def _answers(entry: Entry) -> bool:
    """True for a human's answer; what a job gets because another one moved is none."""
    return entry["action"] in _ACKNOWLEDGES and entry["actor_role"] != "system"


def _changes(told: Mapping[str, Any], entry: Entry) -> dict[str, Any]:
    """Return the columns beside status and terms that a step changed."""
    data = entry["data"]
    match entry["action"]:
        case "claim":
            return _owner(entry["actor_id"])
        case "assign":
            return _owner(data["to"])
        case "release":
            return _owner(None)
        case "escalate":
            return {"owner_id": data["to"], "owner_desk": data["desk"]}
        case "reopen":
            # Entries from before this was recorded do not say whether whoever completed it was still there.
            owner = _owner(data["owner_id"]) if "owner_id" in data else _UNTOLD_OWNER
            return {**owner, "completed_at": None, "made_safe_at": None, **_answered(data)}
        case "make_safe":
            # Before it was refused, some were made safe more than once.
            return {"made_safe_at": told["made_safe_at"] or moment_of(entry)}
        case "complete":
            return _completed(told, entry)
        case "answer":
            return _answered(data)
        case "promise":
            return {"promised_at": datetime.fromisoformat(data["promised_at"])}
        case "propose" | "agree" | "call_off":
            return dict(appointments.changes_of(told, entry))
        case "pause":
            until = data.get("until")
            ends = datetime.fromisoformat(until) if until else None
            return {"waiting_reason": data["waiting_reason"], "paused_until": ends}
        case "join":
            return {"joined_to": data["lead"]}
        case "part":
            return {"joined_to": None}
        case "urge":
            return {"urges": data["urges"], "urged_at": entry["at"]}
        case "object":
            return {"objected_at": entry["at"]}
        case _:
            return {}


def _owner(person_id: str | None) -> dict[str, Any]:
    return {"owner_id": person_id, "owner_desk": None if person_id else _DISPATCH}


def _answered(data: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a human answered; before the ledger an answer was kept with its survey alone."""
    return {name: data[name] for name in ("solved", "satisfaction")} if "solved" in data else {}


def _completed(told: Mapping[str, Any], entry: Entry) -> dict[str, Any]:
    return {
        # A job that moves with another is completed by whoever completed that.
        "completed_by": entry["data"].get("by", entry["actor_id"]),
        "completions": told["completions"] + 1,
        "completed_at": moment_of(entry),
        "first_completed_at": told["first_completed_at"] or moment_of(entry),
        "solved": None,
        "satisfaction": None,
    }
