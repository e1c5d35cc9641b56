"""Turns an event into the words one person reads: sandboxed templates, one file per kind, audience and language."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from jinja2 import FileSystemLoader, StrictUndefined
from jinja2.sandbox import SandboxedEnvironment

from services.contracts import Fact
from services.kit.identity import STAFF
from services.notify.audience import CALLBACK, Contact, Rule, is_urgent
from services.notify.visits_told import visit_told
from services.notify.waits_told import waits_told
from services.notify.words import deadline, label, moment, same_day, spoken

COMPLAINT = "complaint"
_HERE = Path(__file__).parent
_TEMPLATES = SandboxedEnvironment(
    loader=FileSystemLoader([_HERE / "templates", _HERE / "gathered", _HERE / "letters"]),
    undefined=StrictUndefined,
    auto_reload=False,
    trim_blocks=True,
    lstrip_blocks=True,
    # The text is plain: e-mail and chats show it as it is, and the pages escape what they show.
    autoescape=False,
)


@dataclass(frozen=True)
class Words:
    """What a notice says, and in which language."""

    locale: str
    title: str
    body: str


def render(fact: Fact, rule: Rule, reader: Contact, occurred_at: datetime) -> Words:
    """Return the words for one reader, in their language, with times as their own clock shows them."""
    locale = spoken(reader.locale)
    template = _TEMPLATES.get_template(f"{locale}/{rule.kind}.{rule.audience}.txt")
    context = _context(fact, rule, locale, reader.timezone, occurred_at)
    # Staff file requests too: the second line serves the first.
    greeted = "" if reader.role in STAFF else rule.audience
    text = template.render(context, salutation=label(locale, "salutation", greeted))
    title, _, body = text.partition("\n")
    return Words(locale, title.strip(), body.strip())


def confirmation_words(locale: str, link: str) -> Words:
    """Return the letter that asks whether an address is its reader's."""
    text = _TEMPLATES.get_template(f"{spoken(locale)}.confirm.txt").render(link=link)
    title, _, body = text.partition("\n")
    return Words(spoken(locale), title.strip(), body.strip())


def invitation_words(locale: str, purpose: str, link: str) -> Words:
    """Return the letter that carries a link to an account; `purpose` is `join` or `reset`."""
    text = _TEMPLATES.get_template(f"{spoken(locale)}.{purpose}.txt").render(link=link)
    title, _, body = text.partition("\n")
    return Words(spoken(locale), title.strip(), body.strip())


def gather(locale: str, channel: str, notices: Sequence[Mapping[str, Any]]) -> Words:
    """Return several notices as one message for a channel (`push` or `email`)."""
    text = _TEMPLATES.get_template(f"{spoken(locale)}.{channel}.txt").render(notices=notices)
    title, _, body = text.partition("\n")
    return Words(spoken(locale), title.strip(), body.strip())


def _context(fact: Fact, rule: Rule, locale: str, zone: str, occurred_at: datetime) -> dict[str, Any]:
    def at(name: str) -> str:
        return moment(locale, zone, getattr(fact, name, None))

    happened = moment(locale, zone, occurred_at)
    # What is promised anew is promised for today, and for no later than the work itself is due.
    solved_by = getattr(fact, "resolve_due_at", None)
    agreed_by = solved_by if same_day(zone, solved_by, occurred_at) else None
    clock = getattr(fact, "clock", "")
    reason = "reason" if rule.audience == "resident" else "staff_reason"
    return {
        "number": getattr(fact, "number", ""),
        "urgent": is_urgent(fact),
        "urgency": label(locale, "urgency", getattr(fact, "urgency", "routine")),
        "level": label(locale, "level", getattr(fact, "need_level", None)),
        "clock": label(locale, "clock", clock),
        "calling": clock == CALLBACK,
        "reason": label(locale, reason, getattr(fact, "waiting_reason", "")),
        "until": at("paused_until"),
        "expired": getattr(fact, "expired", False),
        "cause": getattr(fact, "cause", ""),
        "place_assumed": getattr(fact, "place_assumed", False),
        "tried": getattr(fact, "tried", True),
        "host": getattr(fact, "host", ""),
        "occurred": happened,
        "completed": at("completed_at") or happened,
        "promised": at("promised_at"),
        "due": at("due_at") or happened,
        "answer_by": deadline(locale, zone, getattr(fact, "acknowledge_due_at", None), occurred_at),
        "agreed_by": deadline(locale, zone, agreed_by, occurred_at),
        "complaint": getattr(fact, "work_type", "") == COMPLAINT,
        "expires": at("expires_at"),
        "approval_due": at("approval_due_at"),
        "planned": at("occurs_at"),
        "starts": at("starts_at"),
        "ends": at("ends_at"),
        "announced": label(locale, "announcement", getattr(fact, "kind", "")),
        "foreseen": getattr(fact, "planned", True),
        "because": getattr(fact, "because", ""),
        "justified": getattr(fact, "justified", True),
        "investigated": at("investigate_until"),
        "name": getattr(fact, "name", ""),
        **waits_told(fact, locale, zone, occurred_at),
        **visit_told(fact, locale, zone, occurred_at),
    }
