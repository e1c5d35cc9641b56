"""The names of things that the desk gives ids of: communities, homes and people."""

from collections.abc import Iterable
from typing import Any

from flask import request

from gateway.web.desk import Refused, desk

AT_ONCE = 100


def communities() -> dict[str, dict[str, Any]]:
    """Return the communities the visitor looks after, by id."""
    return {one["id"]: one for one in desk().get("/communities")["items"]}


def choices(open_only: bool = True) -> list[tuple[str, str]]:
    """Return the communities as the choices of a field."""
    return [(key, one["name"]) for key, one in communities().items() if not (open_only and one["closed_at"])]


def homes(ids: Iterable[str]) -> dict[str, dict[str, Any]]:
    """Return homes by id, each with its `name`, `code` and `building`; one that is gone is not among them."""
    wanted = sorted(set(ids))
    found: dict[str, dict[str, Any]] = {}
    for start in range(0, len(wanted), AT_ONCE):
        asked = wanted[start : start + AT_ONCE]
        found |= {one["id"]: one for one in desk().get("/units", id=asked, limit=AT_ONCE)["items"]}
    return found


def ids_of(codes: Iterable[str]) -> tuple[list[dict[str, Any]], list[str]]:
    """Return the homes that codes stand for, and the codes that stand for none."""
    wanted = list(dict.fromkeys(code for code in codes if code))
    found = desk().post("/units/find", {"codes": wanted})["items"] if wanted else []
    by_code = {one["code"]: one for one in found}
    return [by_code[code] for code in wanted if code in by_code], [code for code in wanted if code not in by_code]


def badges() -> dict[str, str]:
    """Return what staff are called, by id."""
    return {one["id"]: one["badge"] or "–" for one in desk().get("/staff")["items"]}


def after() -> str | None:
    """Return where the page of a list begins that is asked for."""
    return request.args.get("after")


def sentence(refused: Refused) -> str:
    """Return all that was refused, in one line, for a message on the next page."""
    if refused.status not in (400, 409, 412, 422):
        raise refused
    return " ".join([refused.sentence, *(said for said in refused.errors.values() if said != refused.sentence)])
