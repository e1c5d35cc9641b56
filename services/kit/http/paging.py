"""Keyset paging: opaque cursors and `Link` headers; never an offset."""

import base64
import binascii
from collections.abc import Sequence
from typing import Any
from urllib.parse import urlencode

import marshmallow as ma
import orjson
from flask import request

from services.kit.errors import invalid_field
from services.kit.http.fields import StrictSchema

DEFAULT_LIMIT = 20
MOST = 100


class Page(StrictSchema):
    """The query of a list: how many, and after what."""

    limit = ma.fields.Integer(strict=False, load_default=DEFAULT_LIMIT, validate=ma.validate.Range(min=1, max=MOST))
    after = ma.fields.String(load_default=None, validate=ma.validate.Length(max=500))


def write_cursor(values: Sequence[Any]) -> str:
    """Return the position after a row whose sort keys are `values`."""
    return base64.urlsafe_b64encode(orjson.dumps(list(values), default=str)).decode().rstrip("=")


def read_cursor(cursor: str | None, *kinds: type) -> tuple[Any, ...] | None:
    """Return the sort keys of a cursor of ours, or None without one; raises Invalid for anything else."""
    if cursor is None:
        return None
    try:
        values = orjson.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
        if not isinstance(values, list) or len(values) != len(kinds):
            raise ValueError("wrong shape")
        if not all(type(value) is kind for value, kind in zip(values, kinds, strict=True)):
            raise ValueError("wrong kind")
    except (ValueError, binascii.Error) as problem:
        raise invalid_field(
            "after", "Take `after` from the Link header of the page before.", "after 应取自上一页的 Link 头。"
        ) from problem
    return tuple(values)


def page_link(cursor: str | None) -> dict[str, str]:
    """Return the `Link: rel="next"` header for this request, or nothing on the last page."""
    if cursor is None:
        return {}
    query = [(key, value) for key, value in request.args.items(multi=True) if key != "after"]
    return {"Link": f'<{request.path}?{urlencode([*query, ("after", cursor)])}>; rel="next"'}
