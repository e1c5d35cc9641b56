"""Where the pages of this area are found, what is in its navigation, and what its templates can say."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from flask import Blueprint, request, url_for
from flask.blueprints import BlueprintSetupState
from flask_babel import lazy_gettext as _l

from gateway.web.management.period import carried_on
from gateway.web.page import Entry

blp = Blueprint("management", __name__, url_prefix="/manage", template_folder="templates")

# What is behind each entry of the navigation: endpoints and their names, some of them admins' pages.
SECTIONS = (
    {
        "overview": _l("Need levels"),
        "trend": _l("Trend"),
        "comparison": _l("Communities"),
    },
    {
        "levels": _l("Deadlines"),
        "appointments": _l("Appointments"),
        "pauses": _l("Pauses"),
        "acts": _l("Told later"),
        "waits": _l("Waits"),
        "told": _l("Told in time"),
        "announcements": _l("Announcements"),
    },
    {
        "satisfaction": _l("Satisfaction"),
        "gaps": _l("Five gaps"),
        "recovery": _l("Recovery"),
        "complaints": _l("Complaints"),
        "campaigns": _l("Campaigns"),
    },
    {
        "terms": _l("Terms"),
        "packs": _l("Packs"),
        "admin.catalogue": _l("Catalogue"),
        "admin.invitations": _l("Invitations"),
        "admin.shifts": _l("Shifts"),
    },
    {"approvals": _l("Approvals"), "incidents": _l("Incidents"), "views": _l("Who saw what")},
)


def _addresses(pages: Mapping[str, Any]) -> tuple[str, ...]:
    """Return where the pages of a section are found: each has its name for its address."""
    return tuple(f"/manage/{name}" for name in pages if "." not in name)


# The first entry is where the role begins.
NAVIGATION = {
    "manager": (
        Entry("management.overview", _l("Overview"), "chart", under=_addresses(SECTIONS[0])),
        Entry("management.levels", _l("Deadlines"), "clock", under=_addresses(SECTIONS[1])),
        Entry("management.satisfaction", _l("Voices"), "chat", under=_addresses(SECTIONS[2])),
        Entry("management.terms", _l("Terms"), "document", under=(*_addresses(SECTIONS[3]), "/admin")),
        Entry("management.approvals", _l("Decisions"), "check", under=_addresses(SECTIONS[4])),
    ),
}
PERIODS = frozenset([*SECTIONS[0], *SECTIONS[1], "satisfaction", "gaps", "recovery", "complaints"])


@blp.context_processor
def neighbours() -> dict[str, Any]:
    """Give templates the neighbours of a page."""
    return {"tabs": _tabs()}


@blp.record_once
def figures(state: BlueprintSetupState) -> None:
    """Give templates, and what they share, how shares and links of reports are shown."""
    state.app.jinja_env.globals.update(percent=percent, behind=behind)


def _tabs() -> list[tuple[str, Any, bool]]:
    name = (request.endpoint or "").partition(".")[2]
    section = next((part for part in SECTIONS if name in part), {})
    kept: dict[str, Any] = dict(carried_on(request.args))
    return [
        (url_for(one if "." in one else f"management.{one}", **(kept if one in PERIODS else {})), said, one == name)
        for one, said in section.items()
    ]


def percent(share: float | None) -> str:
    """Return a share as a person reads it; a dash where there is nothing to have a share of."""
    return "–" if share is None else f"{share * 100:.1f}".removesuffix(".0") + " %"


def behind(link: str | None) -> str | None:
    """Return the page that lists what a report's link does, narrowed by the same words.

    That is jobs, announcements, or what a figure of voices or notices counts.
    """
    if not link:
        return None
    path, query = urlsplit(link)[2:4]
    if path.endswith("/behind"):
        return f"{url_for('management.counted', report=path.split('/')[-2])}?{query}"
    return f"{url_for('management.announced' if path.endswith('/announcements') else 'management.tickets')}?{query}"
