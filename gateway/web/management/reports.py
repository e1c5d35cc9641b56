"""The other reports of the desk: appointments, pauses, acts told later, waits told, told in time, announcements."""

from flask import Response, request
from flask_babel import lazy_gettext as _l

from gateway.web.desk import desk
from gateway.web.guard import page_for
from gateway.web.management.area import blp
from gateway.web.management.asking import asked, shown
from gateway.web.management.figures import group_name, offered
from gateway.web.management.period import period
from gateway.web.page import page

APPOINTMENT_GROUPS = ("member", "community", "work_type")
PAUSE_GROUPS = ("member", "work_type", "reason", "community")
ACT_GROUPS = ("member", "action", "community", "work_type")
WAIT_GROUPS = ("horizon", "basis", "item", "community", "month")
ANNOUNCEMENT_GROUPS = ("community", "kind", "month")
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


@blp.get("/appointments")
@page_for("manager")
def appointments() -> Response:
    """Show in how many of the agreed windows somebody came."""
    return _one("appointments", "/reports/appointments", offered(APPOINTMENT_GROUPS))


@blp.get("/pauses")
@page_for("manager")
def pauses() -> Response:
    """Show who let jobs wait, for what and how long."""
    return _one("pauses", "/reports/pauses", offered(PAUSE_GROUPS))


@blp.get("/acts")
@page_for("manager")
def acts() -> Response:
    """Show whose phones told acts later than they were done."""
    return _one("acts", "/reports/acts", offered(ACT_GROUPS))


@blp.get("/waits")
@page_for("manager")
def waits() -> Response:
    """Show how well the waits that residents were told held."""
    return _one("waits", "/reports/waits", offered(WAIT_GROUPS))


@blp.get("/told")
@page_for("manager")
def told() -> Response:
    """Show how quickly people were told."""
    return _one("told", "/reports/told", TOLD_GROUPS)


@blp.get("/announcements")
@page_for("manager")
def announcements() -> Response:
    """Show which announcements came as long before as is asked, and how many homes read them."""
    return _one(
        "announcements", "/reports/announcements", offered(ANNOUNCEMENT_GROUPS), latest="/announcements?limit=20"
    )


@blp.get("/announcements/list")
@page_for("manager")
def announced() -> Response:
    """List the announcements that a figure counts, by the words of the report's link."""
    query = {name: request.args.getlist(name) for name in request.args}
    return page("management/announced.html", found=desk().get(asked("/announcements", query | {"limit": ["20"]})))


def _one(name: str, path: str, groups: dict[str, str], **more: str) -> Response:
    chosen = period()
    group_by = request.args.get("group_by") or next(iter(groups))
    query = chosen.query | {"group_by": group_by}
    return shown(
        f"management/{name}.html",
        chosen,
        {"report": asked(path, query), **more},
        group_by=group_by,
        groups_offered=groups.items(),
        words_of=WORDS.get(group_by),
        group_name=group_name,
        exported={given: value for given, value in query.items() if value},
    )
