"""Sample facts with every field filled in, so that a template can be seen without an event."""

import dataclasses
from datetime import UTC, datetime, timedelta
from typing import Any

from services.contracts.fact import Fact, kinds_of

# A moment of no importance; everything a sample promises lies a few hours after it.
HAPPENED = datetime(2026, 3, 4, 4, 0, tzinfo=UTC)
_ID = "00000000-0000-7000-8000-000000000042"
_CODES: dict[str, Any] = {
    "number": "XF-000042",
    "urgency": "urgent",
    "need_level": 2,
    "clock": "resolve",
    "waiting_reason": "parts",
    "cause": "resident",
    "host": "events.example.org",
    "name": "2026",
}
_BY_KIND: dict[Any, Any] = {
    str: "sample",
    int: 1,
    bool: True,
    datetime: HAPPENED + timedelta(hours=3),
}


def sample_fact(fact: type[Fact], **changes: Any) -> Fact:
    """Return a fact of this type whose every field holds something plausible, with `changes` on top."""
    given = {}
    for item in dataclasses.fields(fact):
        if item.name in _CODES:
            given[item.name] = _CODES[item.name]
        elif item.name.endswith("_id"):
            given[item.name] = _ID
        elif item.default is dataclasses.MISSING or kinds_of(fact)[item.name].type is datetime:
            given[item.name] = _BY_KIND.get(kinds_of(fact)[item.name].type, ())
    return fact(**(given | changes))
