"""What the parts of a policy are called: classes of service, the questions it answers one way or another, and so on."""

from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from gateway.web import words
from gateway.web.moments import duration

CLASSES = {
    "life_safety": _l("Danger to life"),
    "essential_supply": _l("Water, power, gas, heating"),
    "standard": _l("Repairs as usual"),
    "environment": _l("Surroundings"),
    "complaint": _l("Complaints"),
    "engagement": _l("Community life"),
    "internal": _l("Internal work"),
}
# Where desks disagree about a clock: each question with its answers.
SWITCHES = {
    "at_closing": (
        _l("A deadline that falls on closing time"),
        {"stay": _l("stays there"), "next_opening": _l("moves to the next opening")},
    ),
    "day": (
        _l("A target of working days is due"),
        {"same_time": _l("at the same time of day"), "working_hours": _l("after so many days' working hours")},
    ),
    "at_due": (
        _l("What is done exactly at the deadline"),
        {"met": _l("is in time"), "breached": _l("is too late")},
    ),
    "first_response_pauses": (
        _l("While a job waits, the time for acknowledging"),
        {"no": _l("goes on"), "yes": _l("stands still")},
    ),
    "attend_pauses": (
        _l("While a job waits, the time for coming and making safe"),
        {"no": _l("goes on"), "yes": _l("stands still")},
    ),
    "reopening": (
        _l("A job that is opened again"),
        {
            "restart": _l("gets the full time again"),
            "resume": _l("goes on from where it stood"),
            "both": _l("gets the full time, and its whole time is told beside it"),
        },
    ),
    "switched_policy": (
        _l("New targets for a running job count"),
        {"from_opening": _l("from its opening"), "from_switch": _l("from the change on")},
    ),
}
SHARES = {
    "physiological": "1",
    "safety": "2",
    "social": "3",
    "esteem": "4",
    "self_actualisation": "5",
}
# What has no answer of its own in the lists above.
FIELDS = {
    "longest_back_seconds": _l("A step told later counts from its own time back to"),
    "attainment.least_decided": _l("Deadlines that must be decided before a level says anything"),
}


def answer(value: object) -> str:
    """Return the code of a switch's answer as forms have it."""
    return ("yes" if value else "no") if isinstance(value, bool) else str(value)


def named(setting: str) -> str:
    """Return what a setting is called, by the name of its field such as `switches.day`."""
    part, _sign, code = setting.partition(".")
    if part == "switches" and code in SWITCHES:
        return str(SWITCHES[code][0])
    if part == "pauses":
        return _("Longest pause: %(reason)s", reason=words.word("waiting_reason", code))
    if part == "escalation":
        return _("Who hears of jobs nobody took: %(urgency)s", urgency=words.word("urgency", code))
    if part == "attainment" and code in SHARES:
        return _("Share met for level %(level)s", level=words.word("need_level", SHARES[code]))
    return str(FIELDS.get(setting, setting))


def valued(setting: str, value: Any) -> str:
    """Return what a setting says."""
    part, _sign, code = setting.partition(".")
    if value is None:
        return "–"
    if part == "switches" and code in SWITCHES:
        return str(SWITCHES[code][1].get(answer(value), value))
    if part == "escalation":
        return "; ".join(f"{_length(step)} → {words.word('role', step['to'])}" for step in value)
    if part == "attainment" and code in SHARES:
        return f"{value:.0%}" if round(value * 100, 6).is_integer() else f"{value:.1%}"
    return duration(value) if part in ("pauses", "longest_back_seconds") else str(value)


def _length(step: Any) -> str:
    long = duration(step["seconds"])
    return _("%(time)s of working time", time=long) if step["basis"] == "working" else long
