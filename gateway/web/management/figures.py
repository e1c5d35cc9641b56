"""What the figures of reports and their groups are called on the page that lists the jobs behind them."""

from collections.abc import Iterable, Mapping
from typing import Any

from flask_babel import gettext
from flask_babel import lazy_gettext as _l

from gateway.web.words import word

GROUPS = {
    "member": _l("Member"),
    "work_type": _l("Kind of work"),
    "reason": _l("Reason"),
    "community": _l("Community"),
    "action": _l("Act"),
    "horizon": _l("How far ahead"),
    "basis": _l("What it was told from"),
    "item": _l("Item"),
    "month": _l("Month"),
    "cause": _l("Cause"),
    "emotion": _l("Feeling"),
    "kind": _l("Kind of announcement"),
}
HORIZONS = {
    "to_2h": _l("up to 2 hours"),
    "to_8h": _l("2 to 8 hours"),
    "to_1d": _l("8 to 24 hours"),
    "to_3d": _l("1 to 3 days"),
    "over_3d": _l("more than 3 days"),
}
BASES = {
    "item_community_hours": _l("same item, community and time of day"),
    "item_community": _l("same item and community"),
    "work_community": _l("same kind of work and community"),
    "work_organisation": _l("same kind of work"),
}
# Which of the shared words the key of a group is, by what it is grouped by.
WORDS = {
    "work_type": "work_type",
    "reason": "waiting_reason",
    "action": "action",
    "cause": "cause",
    "emotion": "emotion",
    "kind": "announcement_kind",
}
# A figure's name is made of parts: its report, and what it is of it.
REPORTS = {
    "appointments": _l("Appointments"),
    "pauses": _l("Pauses"),
    "acts": _l("Told later"),
    "waits": _l("Waits"),
    "complaints": _l("Complaints"),
    "announcements": _l("Announcements"),
}
PARTS = {
    "still_open": _l("Still paused"),
    "expired": _l("Ended by themselves"),
    "objected": _l("Objected to"),
    "disallowed": _l("Disallowed"),
    "counted_back": _l("Counted from their own time"),
    "known_late": _l("In time after all"),
    "previous_step": _l("Bounded by the step before"),
    "too_long_ago": _l("Too long ago"),
    "clock_turned_back": _l("Clock turned back"),
    "when_heard": _l("Counted when heard of"),
    "first": _l("Told at filing"),
    "updates": _l("Told again later"),
    "given": _l("with a window"),
    "judged": _l("the window is over"),
    "within": _l("Within the window"),
    "early": _l("Early"),
    "late": _l("Late"),
    "late_open": _l("still waiting"),
    "withdrawn": _l("Withdrawn"),
    "pending": _l("Not over yet"),
    "without": _l("Too little to tell a window"),
    "identified": _l("identified"),
    "unidentified": _l("Nobody identified"),
    "closed": _l("Ended"),
    "escalated": _l("Went up"),
    "escalated_judged": _l("Went up, and were judged"),
    "escalated_unjudged": _l("Went up, and were not judged"),
    "settled_on_first_contact": _l("Settled on first contact"),
    "avoidable_escalations": _l("Went up needlessly"),
    "approvals_in_time": _l("Approved in time"),
    "approvals_late": _l("Approved too late"),
    "approvals_open": _l("to be approved"),
    "approvals_decided": _l("Approved, or too late"),
    "identify": _l("Identify"),
    "assess": _l("Assess"),
    "negotiate": _l("Negotiate"),
    "act": _l("Carry out"),
    "review": _l("Look back"),
    "joined": _l("Requests joined"),
}
# What a part means in one report alone.
_OWN = {
    "complaints": {"judged": _l("judged"), "justified": _l("Justified")},
    "appointments": {
        "kept": _l("Somebody came"),
        "missed": _l("Nobody came"),
        "not_at_home": _l("Nobody at home"),
        "replaced": _l("Another window instead"),
        "called_off": _l("Called off"),
        "ended": _l("No longer needed"),
        "agreed": _l("Still to come"),
    },
}


def offered(groups: Iterable[str]) -> dict[str, str]:
    """Return what a report is grouped by, with its names, to choose from."""
    return {name: GROUPS[name] for name in groups}


def figure_name(figure: str) -> str:
    """Return what a figure of a report is called, part by part; a part newer than this page by itself."""
    report, *parts = figure.split(".")
    own = PARTS | _OWN.get(report, {})
    said = [str(own.get(part) or word("clock", part)) for part in parts if part != report]
    return " · ".join([str(REPORTS.get(report, report)), *said])


def group_name(grouping: str | None, key: str, named: Mapping[str, Any]) -> str:
    """Return what a group of a report is called; `named` has the names that people gave, by id or code."""
    if key == "none":
        return gettext("none")
    if grouping in WORDS:
        return str(word(WORDS[grouping], key))
    return str(named.get(key) or HORIZONS.get(key) or BASES.get(key) or key)
