"""How soon people are to be told, and the ladder an emergency climbs: pure rules, read from telling.yaml."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from services.notify.audience import STAFF_AUDIENCES, Contact
from services.notify.quiet import quiet_end

OTHER = "other"
EMERGENCY = "emergency"
PHONE, INCIDENT = "phone", "incident"


@dataclass(frozen=True)
class Step:
    """One rung: the channel that is tried, so long after the rung before."""

    channel: str
    wait: timedelta


@dataclass(frozen=True)
class Terms:
    """What telling.yaml says."""

    version: int
    targets: Mapping[str, Mapping[str, timedelta]]
    ladder: tuple[Step, ...]
    acknowledged: Mapping[str, tuple[str, ...]]
    phone_attempts: int
    phone_again_after: timedelta

    def target(self, urgency: str, need_level: int | None) -> timedelta:
        """Return within what a notice of this urgency and need level is to be told."""
        by_level = self.targets.get(urgency) or self.targets["routine"]
        return by_level.get(str(need_level)) or by_level[OTHER]

    def must_be_acknowledged(self, kind: str, audience: str, urgency: str) -> bool:
        """True where a notice climbs the ladder until somebody acknowledged it."""
        return urgency == EMERGENCY and audience in self.acknowledged.get(kind, ())


@cache
def terms() -> Terms:
    """Return the terms of the file beside this one."""
    return read_terms(yaml.safe_load((Path(__file__).parent / "telling.yaml").read_text(encoding="utf-8")))


def read_terms(given: Mapping[str, Any]) -> Terms:
    """Return the terms of a parsed file. Raises KeyError or ValueError for one that lacks something."""
    return Terms(
        version=int(given["version"]),
        targets={
            urgency: {level: timedelta(seconds=value) for level, value in by_level.items()}
            for urgency, by_level in given["target_seconds"].items()
        },
        ladder=tuple(Step(step["channel"], timedelta(seconds=step["wait_seconds"])) for step in given["ladder"]),
        acknowledged={kind: tuple(audiences) for kind, audiences in given["acknowledged"].items()},
        phone_attempts=int(given["phone"]["attempts"]),
        phone_again_after=timedelta(seconds=given["phone"]["again_after_seconds"]),
    )


def counts_from(occurred_at: datetime, contact: Contact, urgency: str) -> datetime:
    """Return from when the target counts: the event, or the end of the quiet hours it fell into."""
    if urgency == EMERGENCY:
        return occurred_at
    return quiet_end(occurred_at, contact.timezone, contact.quiet_from, contact.quiet_until) or occurred_at


def shared(audience: str) -> bool:
    """True where one person's acknowledgement serves everybody of the audience: the desk's, not a household's."""
    return audience in STAFF_AUDIENCES
