"""A row as its schema shows it, and a page of such rows; the lists of this service are all sorted by id."""

import uuid
from collections.abc import Mapping, Sequence
from typing import Any

from flask import Response

from services.kit.http import Answer, cut, page_link, read_cursor, respond


def position(after: str | None) -> str | None:
    """Return the id after which a page begins, or None for the first one."""
    cursor = read_cursor(after, uuid.UUID)
    return str(cursor[0]) if cursor else None


def view(row: Mapping[str, Any], schema: Any) -> dict[str, Any]:
    """Return what the schema shows of a row."""
    return {name: row[name] for name in schema._declared_fields}


def page(found: Sequence[Mapping[str, Any]], limit: int, schema: Any) -> Response:
    """Answer with a page of rows that were read with a limit of one more, and a link to the next page."""
    shown, more = cut(found, limit, "id")
    return respond(Answer({"items": [view(row, schema) for row in shown]}, headers=page_link(more)))
