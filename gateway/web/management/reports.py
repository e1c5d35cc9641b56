"""The other reports of the desk: pauses, acts told later, waits told and kept, told in time, announcements."""

from flask import Response, request
from flask_babel import lazy_gettext as _l

from gateway.web.guard import page_for
from gateway.web.management.area import blp
from gateway.web.management.asking import asked, shown
from gateway.web.management.period import period

PAUSE_GROUPS = {
    "member": _l("Member"),
    "work_type": _l("Kind of work"),
    "reason": _l("Reason"),
    "community": _l("Community"),
}
ACT_GROUPS = {
    "member": _l("Member"),
    "action": _l("Act"),
    "community": _l("Community"),
    "work_type": _l("Kind of work"),
}
WAIT_GROUPS = {
    "horizon": _l("How far ahead"),
    "basis": _l("What it was told from"),
    "item": _l("Item"),
    "community": _l("Community"),
    "month": _l("Month"),
}
TOLD_GROUPS = {
    "urgency": _l("Urgency"),
    "community": _l("Community"),
    "kind": _l("Kind of notice"),
    "need_level": _l("Need level"),
    "channel": _l("Channel"),
}
# Which of our words the key of a group is.
WORDS = {"work_type": "work_type", "reason": "waiting_reason", "action": "action", "urgency": "urgency",
         "need_level": "need_level"}  # fmt: skip


@blp.get("/pauses")
@page_for("manager")
def pauses() -> Response:
    """Show who let jobs wait, for what and how long."""
    return _one("pauses", "/reports/pauses", PAUSE_GROUPS)


@blp.get("/acts")
@page_for("manager")
def acts() -> Response:
    """Show whose phones told acts later than they were done."""
    return _one("acts", "/reports/acts", ACT_GROUPS)


@blp.get("/waits")
@page_for("manager")
def waits() -> Response:
    """Show how well the waits that residents were told held."""
    return _one("waits", "/reports/waits", WAIT_GROUPS)


@blp.get("/told")
@page_for("manager")
def told() -> Response:
    """Show how quickly people were told."""
    return _one("told", "/reports/told", TOLD_GROUPS)


@blp.get("/announcements")
@page_for("manager")
def announcements() -> Response:
    """Show which announcements came as long before as is asked, and how many homes read them."""
    chosen = period()
    return shown(
        "management/announcements.html",
        chosen,
        {"report": asked("/reports/announcements", chosen.query), "latest": "/announcements?limit=20"},
    )


def _one(name: str, path: str, groups: dict[str, str]) -> Response:
    chosen = period()
    group_by = request.args.get("group_by") or next(iter(groups))
    query = chosen.query | {"group_by": group_by}
    return shown(
        f"management/{name}.html",
        chosen,
        {"report": asked(path, query)},
        group_by=group_by,
        groups_offered=groups.items(),
        words_of=WORDS.get(group_by),
        exported={given: value for given, value in query.items() if value},
    )
