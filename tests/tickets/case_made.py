"""A ticket that has been through a lot, and its case file as the desk exports it."""

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from werkzeug.test import TestResponse

from services.kit import clock, testing
from services.tickets import timers
from tests.tickets.walking import attempt

if TYPE_CHECKING:
    from tests.tickets.conftest import Estate

WORDS = "<script>alert('厨房')</script> & 水管爆了，水漫到客厅"


def late(estate: "Estate") -> dict[str, Any]:
    """Bring a ticket through a warning, a pause, a breach, a photo, words, and a correction."""
    with testing.at(clock.now() - timedelta(hours=20)):
        ticket = estate.file(WORDS)
    with testing.at(clock.now() - timedelta(hours=19)):
        for verb in ("claim", "start"):
            ticket = estate.step("crew", ticket, verb)
        until = (clock.now() + timedelta(hours=2)).isoformat()
        ticket = estate.step("crew", ticket, "pause", {"reason": "parts", "note": "等阀门", "until": until})
    timers.expire_pauses(estate.engine, lambda: None)
    timers.fire_due(estate.engine, lambda: None)
    attempt(estate, "crew", ticket, "photograph")
    estate.post("crew", f"/tickets/{ticket['id']}/comments", {"body": "业主电话无人接听", "visible": False})
    milder = {"reason": "只是排风扇滴水", "catalogue_code": "ventilation", "urgency": "routine"}
    now = estate.get("manager", f"/tickets/{ticket['id']}").json or {}
    return estate.step("dispatcher", ticket, "override", milder, If_Match=f'"v{now["version"]}"')


def export(estate: "Estate", ticket: dict[str, Any], name: str = "manager") -> TestResponse:
    return estate.get(name, f"/tickets/{ticket['id']}/case-file")
