"""Keyset paging: opaque cursors and `Link` headers; never an offset."""

import base64
import binascii
import uuid
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, TypeVar
from urllib.parse import urlencode

import marshmallow as ma
import orjson
from flask import request

from services.kit.errors import invalid_field
from services.kit.http.fields import StrictSchema

Row = TypeVar("Row")

DEFAULT_LIMIT = 20
MOST = 100


class Page(StrictSchema):
    """The query of a list: how many, and after what."""

    limit = ma.fields.Integer(strict=False, load_default=DEFAULT_LIMIT, validate=ma.validate.Range(min=1, max=MOST))
    after = ma.fields.String(load_default=None, validate=ma.validate.Length(max=500))


def cut(rows: Sequence[Row], limit: int, *keys: str) -> tuple[list[Row], str | None]:
    """Return the page, and the cursor of the next one or None, of rows that were read with a limit of one more.

    `keys` name the columns the rows are sorted by, as `read_cursor` takes their kinds.
    """
    shown = list(rows[:limit])
    if len(rows) <= limit:
        return shown, None
    last = shown[-1]
    return shown, write_cursor([last[key] if isinstance(last, Mapping) else getattr(last, key) for key in keys])


def write_cursor(values: Sequence[Any]) -> str:
    """Return the position after a row whose sort keys are `values`."""
    return base64.urlsafe_b64encode(orjson.dumps(list(values), default=str)).decode().rstrip("=")


def read_cursor(cursor: str | None, *kinds: type) -> tuple[Any, ...] | None:
    """Return the sort keys of a cursor of ours, or None without one; raises Invalid for anything else.

    `kinds` are the types of the keys: int (64 bits), str, float, `datetime` (aware) or `uuid.UUID`.
    """
    if cursor is None:
        return None
    try:
        values = orjson.loads(base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars="-_", validate=True))
        if not isinstance(values, list) or len(values) != len(kinds):
            raise ValueError("wrong shape")
        return tuple(_key(value, kind) for value, kind in zip(values, kinds, strict=True))
    except (ValueError, TypeError, binascii.Error) as problem:
        raise invalid_field(
            "after", "Take `after` from the Link header of the page before.", "after 应取自上一页的 Link 头。"
        ) from problem


def _key(value: Any, kind: type) -> Any:
    """Return one sort key as its kind; raises ValueError for what the database could not compare."""
    if kind is datetime:
        moment = datetime.fromisoformat(value)
        if moment.tzinfo is None:
            raise ValueError("no time zone")
        return moment
    if kind is uuid.UUID:
        return uuid.UUID(str(value))
    if type(value) is not kind:  # True is an int to Python, and not to us.
        raise ValueError("wrong kind")
    if isinstance(value, int) and not -(2**63) <= value < 2**63:
        raise ValueError("too large")
    if isinstance(value, str) and "\x00" in value:
        raise ValueError("a NUL")
    return value


def page_link(cursor: str | None) -> dict[str, str]:
    """Return the `Link: rel="next"` header for this request, or nothing on the last page."""
    if cursor is None:
        return {}
    query = [(key, value) for key, value in request.args.items(multi=True) if key != "after"]
    return {"Link": f'<{request.path}?{urlencode([*query, ("after", cursor)])}>; rel="next"'}
