"""Telling a phone by push: what the page that offers it asks the desk."""

from typing import Any

from gateway.web.desk import Refused, desk

_NONE: dict[str, Any] = {"push_key": None, "phones": []}


def phones() -> dict[str, Any]:
    """Return the key a browser subscribes with, and whose phones are told.

    The key is None where this desk sends no pushes, or cannot say so just now: the rest of the page is shown.
    """
    try:
        told = desk().several({"key": "/push-key", "phones": "/push-subscriptions"}, forgiving=True)
    except Refused as refused:
        if refused.status != 404:
            raise
        return _NONE
    if not told["key"] or not told["phones"]:
        return _NONE
    return {"push_key": told["key"]["key"], "phones": told["phones"]["items"]}
