"""A report of sums: the same statement asked for each group and for all together, and said alike."""

from collections.abc import Callable, Mapping
from typing import Any

from sqlalchemy import Connection, Select

from services.tickets.queries.reports.asked import Asked
from services.tickets.queries.reports.naming import names_of

Row = Mapping[str, Any]


def by_group(
    db: Connection,
    asked: Asked,
    grouping: str,
    sums: Callable[[str | None], Select[Any]],
    said: Callable[..., dict[str, Any]],
    order: Callable[[Any, Row], Any],
) -> dict[str, Any]:
    """Return `groups`, each with its `key`, its `name` and what is `said` of its sums, in `order`, and the `total`.

    `sums` is the statement for a grouping, or None for all together, which has no row where nothing is summed; `said`
    takes the row, what was asked and which group it is.
    """
    rows: dict[Any, Row] = {row.key: row._asdict() for row in db.execute(sums(grouping))}
    names = names_of(db, asked, grouping, rows)
    total = db.execute(sums(None)).one_or_none()
    return {
        "groups": [
            {"key": key, "name": names.get(key), **said(rows[key], asked, (grouping, key))}
            for key in sorted(rows, key=lambda key: order(key, rows[key]))
        ],
        "total": said(total._asdict() if total else {}, asked),
    }
