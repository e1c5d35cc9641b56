"""Appointments (预约上门): a window that one side proposed, whether the other agreed, and what became of it. Pure.

All of it is told from the history of a ticket alone. An appointment is about coming, a promise about being done: the
two are kept or broken by different acts, so neither is counted as the other.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from services.tickets.acts import moment_of
from services.tickets.lifecycle import OPEN

Entry = Mapping[str, Any]

HOUSEHOLD, DESK = "household", "desk"
SIDES = (HOUSEHOLD, DESK)
# Nobody waits at home for longer than a working day, and nobody comes on the minute.
LONGEST, SHORTEST = timedelta(hours=8), timedelta(minutes=15)
# Rosters and plans do not reach further, and what is agreed further ahead is forgotten.
FURTHEST_AHEAD = timedelta(days=60)
# Both sides are reminded on the evening before, while tomorrow can still be arranged; of what was agreed after that,
# shortly before, unless it was agreed but a moment ago.
EVENING, SHORTLY, JUST_AGREED = time(18), timedelta(hours=2), timedelta(hours=3)

PROPOSED, AGREED = "proposed", "agreed"
KEPT, MISSED, NOT_AT_HOME = "kept", "missed", "not_at_home"
REPLACED, CALLED_OFF, ENDED = "replaced", "called_off", "ended"
BECAME = (PROPOSED, AGREED, KEPT, MISSED, NOT_AT_HOME, REPLACED, CALLED_OFF, ENDED)

# The columns of a ticket in which its windows stand; a ticket that is over, or moves with another, has none.
NONE_AT_ALL: Mapping[str, Any] = dict.fromkeys(
    ("appointment_version", "proposed_from", "proposed_until", "proposed_by", "agreed_from", "agreed_until")
)
# Nor is anybody reminded of them. That somebody was is no step of the history, which tells the rest.
OVER: Mapping[str, Any] = {**NONE_AT_ALL, "remind_at": None}
NO_PROPOSAL: Mapping[str, Any] = dict.fromkeys(("proposed_from", "proposed_until", "proposed_by"))

THERE = frozenset({"arrive", "start", "resume", "make_safe", "complete"})
AT_WORK = frozenset({"start", "resume", "complete"})
ON_SITE = ("on_site", "in_progress")


@dataclass(frozen=True)
class Appointment:
    """One window, and what became of it.

    `number` is that of the entry of the history in which it was first named. `spoken` says that the desk recorded the
    household's word. `became_at` is when it became so: for one that was kept the moment of coming, for one that was
    missed its end.
    """

    number: int
    begins_at: datetime
    ends_at: datetime
    proposed_by: str
    proposed_at: datetime
    agreed_at: datetime | None = None
    spoken: bool = False
    became: str = PROPOSED
    became_at: datetime | None = None


def side_of(role: str) -> str:
    """Return on which side somebody of a role stands."""
    return HOUSEHOLD if role == "resident" else DESK


def counts(status: str, joined_to: str | None) -> bool:
    """True where a ticket has appointments of its own: it is open, and moves with no other."""
    return status in OPEN and joined_to is None


def remind_at(agreed_at: datetime, begins_at: datetime, zone: str) -> datetime | None:
    """Return when both sides are reminded of a window: the evening before by the clocks of `zone`, or shortly before.

    None for what was agreed less than three hours ahead, which nobody has forgotten yet.
    """
    place = ZoneInfo(zone)
    day_before = begins_at.astimezone(place).date() - timedelta(days=1)
    evening = datetime.combine(day_before, EVENING, tzinfo=place).astimezone(UTC)
    if evening - agreed_at >= JUST_AGREED:
        return evening
    return begins_at - SHORTLY if begins_at - agreed_at >= JUST_AGREED else None


def is_awaited(status: str, begins_at: datetime, now: datetime) -> bool:
    """True where a reminder is of use: the window has not begun, and nobody is there for it already."""
    there = status in ON_SITE and now >= begins_at - SHORTLY
    return now < begins_at and not there


def changes_of(told: Mapping[str, Any], entry: Entry) -> Mapping[str, Any]:
    """Return the columns that a step about an appointment changes; `told` are those before it."""
    data, seq = entry["data"], entry["seq"]
    match entry["action"]:
        case "propose":
            window = {"proposed_from": _moment(data["from"]), "proposed_until": _moment(data["to"])}
            return {**window, "proposed_by": data["by"], "appointment_version": seq}
        case "agree":
            window = {"agreed_from": _moment(data["from"]), "agreed_until": _moment(data["to"])}
            return {**NO_PROPOSAL, **window, "appointment_version": seq}
        case _ if data["of"] == AGREED or told["agreed_from"] is None:
            return NONE_AT_ALL
        case _:
            return {**NO_PROPOSAL, "appointment_version": seq}


def shown(ticket: Mapping[str, Any]) -> dict[str, Any] | None:
    """Return the windows that stand, JSON-ready; None where there is none.

    `version` is the number of the entry that last changed them, which whoever answers says they saw.
    """
    if ticket["appointment_version"] is None:
        return None
    proposed = None
    if ticket["proposed_from"] is not None:
        proposed = {**_window(ticket["proposed_from"], ticket["proposed_until"]), "by": ticket["proposed_by"]}
    agreed = None if ticket["agreed_from"] is None else _window(ticket["agreed_from"], ticket["agreed_until"])
    return {"version": ticket["appointment_version"], "proposed": proposed, "agreed": agreed}


def _window(begins_at: datetime, ends_at: datetime) -> dict[str, str]:
    return {"from": begins_at.isoformat(), "to": ends_at.isoformat()}


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text)


def appointments_of(entries: Sequence[Entry], now: datetime) -> list[Appointment]:
    """Return every window that was ever named for a ticket, in that order, and what became of it by `now`."""
    found = [_begun(entry) for entry in entries if entry["action"] in ("propose", "agree") and _is_named(entry)]
    return [_told(one, entries, now) for one in found]


def _is_named(entry: Entry) -> bool:
    """True for an entry that names a window itself, rather than agreeing to one."""
    return entry["action"] == "propose" or entry["data"]["proposal"] is None


def _begun(entry: Entry) -> Appointment:
    data = entry["data"]
    return Appointment(entry["seq"], _moment(data["from"]), _moment(data["to"]), data["by"], entry["at"])


def _told(one: Appointment, entries: Sequence[Entry], now: datetime) -> Appointment:
    rest = [entry for entry in entries if entry["seq"] >= one.number]
    for place, entry in enumerate(rest):
        if entry["action"] == "agree" and one.number in (entry["seq"], entry["data"]["proposal"]):
            agreed = replace(one, agreed_at=entry["at"], spoken=entry["data"]["spoken"])
            return _judged(agreed, rest[place + 1 :], now)
        if entry["seq"] == one.number:
            continue
        if entry["action"] in ("propose", "agree"):
            return replace(one, became=REPLACED, became_at=entry["at"])
        if entry["action"] == "call_off" and entry["data"]["of"] == PROPOSED:
            return replace(one, became=CALLED_OFF, became_at=entry["at"])
        if _is_over(entry):
            return replace(one, became=ENDED, became_at=entry["at"])
    return one


def _judged(one: Appointment, rest: Sequence[Entry], now: datetime) -> Appointment:
    """Return what became of an agreed window, from what came after the agreement.

    Kept where somebody was there in the window, by the act's own time; not at home where the crew waited for access
    and nobody took that back; and missed by its end where neither is so, nor had it been changed or called off in
    time: by the desk before it began, by the household and by both before it was over.
    """
    last = next((place for place, entry in enumerate(rest) if _ends(entry)), None)
    within = rest if last is None else rest[: last + 1]
    came = _came(one, within)
    away = _away(one, within)
    if away is not None:
        refused = any(entry["action"] == "disallow" and entry["data"].get("pause") == away["seq"] for entry in rest)
        if not refused:
            return replace(one, became=NOT_AT_HOME, became_at=moment_of(away))
    elif came is not None:
        return replace(one, became=KEPT, became_at=came)
    if last is not None:
        end, at = rest[last], moment_of(rest[last])
        in_time = one.begins_at if end["action"] == "call_off" and end["actor_role"] != "resident" else one.ends_at
        if at < in_time:
            became = {"agree": REPLACED, "call_off": CALLED_OFF}.get(end["action"], ENDED)
            return replace(one, became=became, became_at=at)
    if now >= one.ends_at:
        return replace(one, became=MISSED, became_at=one.ends_at)
    return replace(one, became=AGREED, became_at=one.agreed_at)


def _ends(entry: Entry) -> bool:
    called_off = entry["action"] == "call_off" and entry["data"]["of"] == AGREED
    return called_off or entry["action"] == "agree" or _is_over(entry)


def _is_over(entry: Entry) -> bool:
    return entry["status"] not in OPEN or entry["action"] == "join"


def _came(one: Appointment, within: Sequence[Entry]) -> datetime | None:
    """Return when somebody was first there in the window; whoever came before and stayed was there as it began."""
    there = [moment_of(entry) for entry in _in(one, within) if entry["action"] in THERE]
    before = [entry for entry in within if moment_of(entry) < one.begins_at]
    early = [entry for entry in before if entry["action"] in THERE and entry["actor_role"] == "crew"]
    if early and before[-1]["status"] in ON_SITE:
        return one.begins_at
    return min(there, default=None)


def _away(one: Appointment, within: Sequence[Entry]) -> Entry | None:
    """Return the pause by which the crew said that nobody let them in, where no work followed in the window."""
    found = None
    for entry in _in(one, within):
        if entry["action"] == "pause" and entry["data"].get("waiting_reason") == "access":
            found = entry
        elif entry["action"] in AT_WORK:
            found = None
    return found


def _in(one: Appointment, within: Sequence[Entry]) -> Iterator[Entry]:
    """Yield what a crew did in the window, to its very end as the clocks count it."""
    for entry in within:
        if entry["actor_role"] == "crew" and one.begins_at <= moment_of(entry) <= one.ends_at:
            yield entry
