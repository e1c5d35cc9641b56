"""What the demo shows at its end: the figures, the service levels, and what is wrong if anything is."""

from typing import Any

from rich.console import Console
from rich.table import Table

from doorstep.demo.books import Books
from doorstep.demo.client import Door
from doorstep.demo.ledger import Ledger

MOST_WRONG = 40


def figures(ledger: Ledger, books: Books) -> dict[str, int]:
    """Return the demo's figures by name, counted from the desk's books where they are the desk's to say."""
    entries = [entry for rows in books.history.values() for entry in rows]

    def count(*actions: str) -> int:
        return sum(entry["action"] in actions for entry in entries)

    return {
        "filed": len(ledger.filed),
        "claimed": count("claim"),
        "claim conflicts": ledger.conflicts,
        "assigned by name": count("assign"),
        "paused": count("pause"),
        "put back": count("release"),
        "completed": count("complete"),
        "reopened": count("reopen"),
        "confirmed": count("confirm"),
        "cancelled or declined": count("cancel", "decline"),
        "notices delivered": sum(row["state"] == "sent" for row in books.deliveries),
        "surveys answered": len(books.answers),
        "  of these “not solved”": sum(not row["solved"] for row in books.answers),
    }


def show_figures(console: Console, counted: dict[str, int], door: Door) -> None:
    """Print the figures as a table."""
    table = Table("What happened", "How often", title="The desk's day")
    table.columns[1].justify = "right"
    for name, number in counted.items():
        table.add_row(name, f"{number:,}")
    if door.tries:
        again = ", ".join(f"{what} {times}" for what, times in door.tries.most_common())
        table.add_row(f"requests sent again ({again})", f"{sum(door.tries.values()):,}")
    console.print(table)


def show_levels(console: Console, report: dict[str, Any]) -> None:
    """Print the service levels of GET /reports/sla: per need level, how many targets were met of those decided."""
    kinds = ("acknowledge", "attend", "resolve")
    table = Table("Need level", "Filed", *(f"{kind} met" for kind in kinds), title="Service levels kept")
    for column in table.columns[1:]:
        column.justify = "right"
    for level in report["groups"]:
        name = f"{level['key']} {level['name'].replace('_', ' ')}" if level["key"] else "none"
        table.add_row(name, str(level["filed"]), *(_kept(level["clocks"][kind]) for kind in kinds))
    console.print(table)


def _kept(clock: dict[str, Any]) -> str:
    if not clock["decided"]:
        return "–"
    return f"{clock['met']}/{clock['decided']} {clock['met_share']:.0%}"


def show_wrong(console: Console, wrong: list[str], door: Door) -> None:
    """Print what is wrong, or that nothing is."""
    if not wrong:
        console.print("[bold green]Nothing was lost and nothing was doubled.[/]")
        return
    console.print(f"[bold red]{len(wrong)} things are wrong:[/]")
    for sentence in wrong[:MOST_WRONG]:
        console.print(f"- {sentence}", markup=False, highlight=False, soft_wrap=True)
    if len(wrong) > MOST_WRONG:
        console.print(f"… and {len(wrong) - MOST_WRONG} more")
    console.print(f"Requests sent again: {dict(door.tries)}", markup=False)
