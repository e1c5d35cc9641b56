"""Prints the story of a clock for whoever reads it at the terminal."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from rich.console import Console
from rich.table import Table
from rich.text import Text

from services.tickets.sla import wording

_LOUD = {"breached": "bold red", "warned": "yellow", "sum": "bold"}
_TITLE = {"zh-CN": "工单 {number} · {kind}（第 {generation} 次）", "en": "Ticket {number} · {kind} (no. {generation})"}
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
