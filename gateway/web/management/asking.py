"""Asks the desk for the figures of a page: several reports at the same time, for the period that was chosen."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from flask import Response

from gateway.web.desk import desk
from gateway.web.management.period import Period
from gateway.web.page import page

PLACES = "/communities"


def asked(path: str, query: Mapping[str, Any]) -> str:
    """Return the address of a report, without what is None."""
    return f"{path}?{urlencode({name: value for name, value in query.items() if value is not None}, doseq=True)}"


def shown(template: str, chosen: Period, reports: Mapping[str, str], **values: Any) -> Response:
    """Return a page of reports; one that is not answering is None, and the page says so."""
    told = desk().several({"places": PLACES, **reports}, forgiving=True)
    places = told.pop("places")
    known = places["items"] if places else []
    names = {place["id"]: place["name"] for place in known}
    return page(template, period=chosen, places=known, names=names, **told, **values)
