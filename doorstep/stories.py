"""Prints the story of a clock for whoever reads it at the terminal."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from rich.console import Console
from rich.table import Table
from rich.text import Text

from services.tickets.sla import wording

_LOUD = {"breached": "bold red", "warned": "yellow", "sum": "bold"}
_TITLE = {"zh-CN": "工单 {number} · {kind}（第 {generation} 次）", "en": "Ticket {number} · {kind} (no. {generation})"}
_NO_CLOCK = {
    "zh-CN": "工单 {number} 没有此项计时，已有（计时 第几次）：{known}。",
    "en": "Ticket {number} has no such clock. It has (clock, generation): {known}.",
}
_HEADS = {"zh-CN": ("时间（{zone}）", "经过"), "en": ("Time ({zone})", "What happened")}


def tell(ticket: Mapping[str, Any], story: Mapping[str, Any], lang: str, console: Console | None = None) -> None:
    """Print the story in one language, with the times of the ticket's community."""
    clock, zone = story["clock"], ZoneInfo(ticket["timezone"])
    kind = wording.KINDS[clock["clock"]][lang]
    title = _TITLE[lang].format(number=ticket["number"], kind=kind, generation=clock["generation"])
    when, what = (head.format(zone=ticket["timezone"]) for head in _HEADS[lang])
    table = Table(title=Text(title), title_justify="left", show_lines=False)
    table.add_column(when, no_wrap=True)
    table.add_column(what, overflow="fold")
    for line in story["timeline"]:
        at = wording.local(zone, datetime.fromisoformat(line["at"]))
        table.add_row(Text(at), Text(line["says"][lang], style=_LOUD.get(line["what"], "")))
    (console or Console()).print(table)


def no_such_clock(number: str, clocks: Iterable[Mapping[str, Any]], lang: str) -> str:
    """Return the refusal of a clock that a ticket does not have, with those that it has, each with its generation."""
    known = sorted((clock["clock"], clock["generation"]) for clock in clocks)
    listed = ("、" if lang == "zh-CN" else ", ").join(f"{kind} {generation}" for kind, generation in known)
    return _NO_CLOCK[lang].format(number=number, known=listed)
