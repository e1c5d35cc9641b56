"""The report on being told in time as a flat table: a row for each group."""

from collections.abc import Mapping
from typing import Any

from services.kit.tables import Cell, Sheet
from services.notify.told_words import GROUPS, HEADINGS, one_of
from services.notify.words import spoken

COLUMNS = (
    "asof", "from", "to", "group_by", "group", "name", "n", "in_time", "late", "waiting", "overdue", "undelivered",
    "read", "in_time_share", "low", "high", "p50", "p90", "p99", "list",
)  # fmt: skip


def told_table(report: Mapping[str, Any], asked: Mapping[str, Any], locale: str) -> Sheet:
    """Return the report as a table in the caller's language; `asked` says for which period."""
    whole: dict[str, Cell] = {
        "asof": report["asof"],
        "from": asked["from"],
        "to": asked["to"],
        "group_by": one_of(GROUPS, report["group_by"], locale),
    }
    rows = []
    for one in report["items"]:
        name = one["name"][spoken(locale)] if one["name"] else None
        row: Mapping[str, Cell] = whole | one | one["seconds"] | {"name": name, "list": one["behind"]["n"]}
        rows.append([row[column] for column in COLUMNS])
    return Sheet("told", [one_of(HEADINGS, column, locale) for column in COLUMNS], rows)
