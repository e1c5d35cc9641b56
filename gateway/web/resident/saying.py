"""What a resident reads of a request: where it stands, who has it, what comes next, and each step in plain words."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from gateway.web.stations import STATION_OF

ENDED = ("confirmed", "closed", "cancelled", "declined")
# Which clock says by when the next thing happens.
NEXT_CLOCK = {
    "filed": "acknowledge",
    "acknowledged": "attend",
    "claimed": "attend",
    "assigned": "attend",
    "on_the_way": "attend",
    "on_site": "resolve",
    "in_progress": "resolve",
    "waiting": "resolve",
    "reopened": "attend",
}
_NEXT = {
    "filed": _l("We have it. Next, somebody at the desk reads it."),
    "acknowledged": _l("The desk has read it. Next, somebody is found for it."),
    "claimed": _l("Next, they come to you."),
    "assigned": _l("Next, they come to you."),
    "on_the_way": _l("They are on the way to you."),
    "on_site": _l("They are there."),
    "in_progress": _l("They are at work."),
    "waiting": _l("The work pauses. It goes on by itself when the pause ends."),
    "completed": _l("It is done, we are told. Is it really solved?"),
    "confirmed": _l("Solved. Thank you for confirming."),
    "closed": _l("Closed."),
    "reopened": _l("It is open again, and first in line."),
    "cancelled": _l("Taken back."),
    "declined": _l("We could not take this on. The reason is below."),
}
_DID = {
    "file": _l("Reported"),
    "acknowledge": _l("Read by the desk"),
    "claim": _l("Taken on"),
    "assign": _l("Given to somebody"),
    "release": _l("Given back; somebody else is sought"),
    "depart": _l("On the way"),
    "arrive": _l("Arrived"),
    "start": _l("Work began"),
    "pause": _l("Paused"),
    "resume": _l("Work goes on"),
    "object": _l("You objected to the pause"),
    "disallow": _l("The desk took the pause back"),
    "make_safe": _l("Made safe"),
    "complete": _l("Done"),
    "confirm": _l("You confirmed: solved"),
    "close": _l("Closed, as nobody objected"),
    "call_back": _l("The desk called you"),
    "answer": _l("You answered the return visit"),
    "reopen": _l("Opened again"),
    "cancel": _l("Taken back"),
    "decline": _l("Declined"),
    "promise": _l("A time was promised"),
    "propose": _l("A time for the visit was proposed"),
    "agree": _l("The visit was agreed"),
    "call_off": _l("A time for the visit was called off"),
    "override": _l("Put right by the desk"),
    "reevaluate": _l("Today's terms apply now"),
    "photograph": _l("A photo was added"),
    "urge": _l("You asked to hurry"),
    "escalate": _l("Handed up to management"),
    "join": _l("Goes along with another report"),
    "part": _l("Goes its own way again"),
    "identify": _l("The complaint was heard"),
    "assess": _l("The complaint was looked into"),
    "offer": _l("Ways to settle it were offered"),
    "choose": _l("A way was chosen"),
    "approve": _l("Management approved it"),
    "refuse": _l("Management asked for another way"),
    "overdue": _l("Management was reminded"),
    "act": _l("It is being put right"),
    "settle": _l("The complaint was settled"),
    "reply": _l("You were given an answer"),
    "review": _l("The complaint was looked back on"),
}
# The steps that say when somebody comes.
VISITS = ("propose", "agree", "call_off")
# What is said in the conversation is not told a second time.
_ELSEWHERE = ("comment",)


@dataclass(frozen=True)
class Said:
    """Where a request stands: the station, who has it, and what comes next."""

    station: int | None
    who: str
    next: str


@dataclass(frozen=True)
class Step:
    """One step of the story: what was done, when, by whom, with which words; `until`, `promised` or `window` (from, to)
    where it says so.
    """

    at: str
    action: str
    what: str
    who: str
    note: str | None
    because: str | None = None
    until: str | None = None
    promised: str | None = None
    window: Mapping[str, str] | None = None


def is_open(ticket: Mapping[str, Any]) -> bool:
    """True while something is still to come of it."""
    return ticket["status"] not in (*ENDED, "completed")


def said_of(ticket: Mapping[str, Any]) -> Said:
    """Return where a request stands in the resident's words."""
    status = ticket["status"]
    return Said(STATION_OF.get(status), _owner(ticket["owner"]), str(_NEXT.get(status, "")))


def _owner(owner: Mapping[str, Any]) -> str:
    if owner["name"]:
        return str(owner["name"])
    return _("Management") if owner["desk"] == "management" else _("The service desk")


def story(entries: Sequence[Mapping[str, Any]], own: str) -> list[Step]:
    """Return what happened, the latest first; `own` is who reads it."""
    return [_step(entry, own) for entry in reversed(entries) if entry["action"] not in _ELSEWHERE]


def _step(entry: Mapping[str, Any], own: str) -> Step:
    data = entry["data"]
    who = _("You") if entry["actor_id"] == own else entry["actor_name"] or ""
    return Step(
        at=entry["at"],
        action=entry["action"],
        what=str(_DID.get(entry["action"], entry["action"])),
        who=who,
        note=entry["note"],
        because=data.get("waiting_reason"),
        until=data.get("until") if entry["action"] in ("pause", "agree") else None,
        promised=data.get("promised_at"),
        window=data if entry["action"] in VISITS else None,
    )
