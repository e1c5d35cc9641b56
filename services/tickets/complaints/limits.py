"""How long an approval may take, and what still counts as the first contact."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from pathlib import Path

import yaml

_LIMITS = yaml.safe_load(Path(__file__).with_name("limits.yaml").read_text(encoding="utf-8"))
APPROVAL = {severity: timedelta(hours=hours) for severity, hours in _LIMITS["approval_hours"].items()}
FIRST_CONTACT = timedelta(minutes=_LIMITS["first_contact_minutes"])
# Somebody else took over, or somebody had to come.
_ENDS_CONTACT = frozenset({"escalate", "depart", "arrive", "assign", "release", "pause"})


def approval_due_at(chosen_at: datetime, severity: str) -> datetime:
    """Return until when a manager is to approve."""
    return chosen_at + APPROVAL[severity]


def on_first_contact(
    *, heard_by: str, heard_at: datetime, settled_by: str, settled_at: datetime, actions: Iterable[str]
) -> bool:
    """True where whoever heard it settled it there and then. `actions` is all that history has of the ticket."""
    return heard_by == settled_by and settled_at - heard_at <= FIRST_CONTACT and _ENDS_CONTACT.isdisjoint(actions)
