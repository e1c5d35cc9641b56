"""What a notice says of how long somebody is likely to wait."""

from datetime import datetime
from typing import Any

from services.contracts import Fact
from services.contracts.tickets import TicketFiled
from services.contracts.waits import ToldWait, WaitMoved
from services.notify.words import label, window


def waits_told(fact: Fact, locale: str, zone: str, occurred_at: datetime) -> dict[str, Any]:
    """Return the words for the estimates that were given, and for one that has moved; of any other news none."""
    given = [ToldWait.read(line) for line in fact.waits] if isinstance(fact, TicketFiled) else []
    return {
        "estimates": [_estimate(one, locale, zone, occurred_at) for one in given],
        "moved": _moved(fact, locale, zone, occurred_at) if isinstance(fact, WaitMoved) else None,
    }


def _estimate(one: ToldWait, locale: str, zone: str, occurred_at: datetime) -> dict[str, Any]:
    return {
        **_figures(locale, one.measure, one.percent, one.n, one.basis),
        "window": window(locale, zone, one.from_at, one.until_at, occurred_at),
    }


def _moved(fact: WaitMoved, locale: str, zone: str, occurred_at: datetime) -> dict[str, Any]:
    return {
        **_figures(locale, fact.measure, fact.percent or 0, fact.n, fact.basis),
        "how": fact.moved,
        "window": window(locale, zone, fact.from_at, fact.until_at, occurred_at),
        "was": window(locale, zone, fact.was_from_at, fact.was_until_at, occurred_at),
    }


def _figures(locale: str, measure: str, percent: int, n: int, basis: str | None) -> dict[str, Any]:
    return {
        "awaited": label(locale, "awaited", measure),
        "percent": percent,
        "tenths": round(percent / 10),
        "n": n,
        "alike": label(locale, "alike", basis),
    }
