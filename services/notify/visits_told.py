"""What a notice says of an appointment: when somebody comes, and which side named, answered or called it off."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from services.contracts import Fact
from services.contracts.appointments import AppointmentFact
from services.notify.words import window


def visit_told(fact: Fact, locale: str, zone: str, occurred_at: datetime) -> dict[str, Any]:
    """Return the words for a window in which somebody comes; of any other news none."""
    if not isinstance(fact, AppointmentFact):
        return {"visit": None}
    return {
        "visit": {
            "window": window(locale, zone, fact.begins_at, fact.ends_at, occurred_at),
            "by_household": fact.by_household,
            "by_resident": fact.actor_role == "resident",
            "instead": getattr(fact, "instead", False),
            "spoken": getattr(fact, "spoken", False),
            "agreed": getattr(fact, "agreed", False),
        }
    }


def comes_too_late(notice: Mapping[str, Any], now: datetime) -> bool:
    """True for the reminder of a visit whose window has begun: nobody is to be reminded of it any more."""
    begins_at = notice["data"].get("begins_at")
    return begins_at is not None and datetime.fromisoformat(begins_at) <= now
