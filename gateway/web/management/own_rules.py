"""A policy's own rules as a form: for whom, under which circumstances, and how soon beside the table."""

import copy
import re
import uuid
from collections.abc import Iterator, Mapping
from typing import Any

from flask import Response, abort, request
from flask_babel import lazy_gettext as _l

from gateway.web import words
from gateway.web.desk import Told, desk
from gateway.web.guard import page_for
from gateway.web.management import drafts, lengths
from gateway.web.management.area import blp
from gateway.web.management.cells import Cells
from gateway.web.management.targets import CLOCKS
from gateway.web.management.term_words import CLASSES

LOCALES = ("zh-CN", "en")
SEASON = ("from", "to")
ITEMS = "catalogue_code"
# An organisation's own items are none that conditions know.
OWN_ITEM = "own-"
# Each condition with its answers by code; the items of the catalogue come besides.
CONDITIONS: Mapping[str, tuple[Any, Mapping[str, Any]]] = {
    "sla_class": (_l("Class of service"), CLASSES),
    "urgency": (_l("Urgency"), words.all_of("urgency")),
    "work_type": (_l("Kind of work"), words.all_of("work_type")),
    "need_level": (_l("Need level"), {code: one for code, one in words.all_of("need_level").items() if code != "none"}),
    "circumstances": (_l("One of these at home"), words.all_of("circumstance")),
}
_OF_RULE = re.compile(r"rules\[\d+\]\.")


def _shown(rule: Mapping[str, Any], items: Mapping[str, str]) -> Cells:
    when, season = rule.get("when", {}), rule.get("when", {}).get("season", {})
    cells = Cells({"code": rule.get("code", ""), "source": rule.get("source", "")})
    cells.values |= {f"name.{locale}": rule.get("name", {}).get(locale, "") for locale in LOCALES}
    cells.values |= {f"season.{end}": season.get(end, "") for end in SEASON}
    for name, codes in _conditions(items):
        cells.values |= {f"when.{name}:{code}": "yes" for code in codes if code in map(str, when.get(name, ()))}
    targets = rule.get("targets", {})
    for clock in CLOCKS:
        lengths.show(cells, f"targets.{clock}", targets.get(clock))
    if any(target.get("pauses", True) is False for target in targets.values()):
        cells.values["unpaused"] = "yes"
    return cells


def _conditions(items: Mapping[str, str]) -> list[tuple[str, list[str]]]:
    return [*((name, list(codes)) for name, (_name, codes) in CONDITIONS.items()), (ITEMS, list(items))]


def _written(cells: Cells, terms: Told, code: str | None, items: Mapping[str, str]) -> dict[str, Any]:
    document = copy.deepcopy(dict(terms["document"]))
    rules = document.setdefault("rules", [])
    number = next((number for number, one in enumerate(rules) if one["code"] == code), None)
    if cells.ticked("gone"):
        document["rules"] = [one for one in rules if one["code"] != code]
        return document
    before = {} if number is None else rules[number]
    rule = _rule(cells, before, items)
    if number is None:
        rules.append(rule)
    else:
        rules[number] = rule
    return document


def _rule(cells: Cells, before: Mapping[str, Any], items: Mapping[str, str]) -> dict[str, Any]:
    when = {name: value for name, value in before.get("when", {}).items() if name == "community_id"}
    for name, codes in _conditions(items):
        if chosen := cells.chosen(f"when.{name}", codes):
            when[name] = [int(one) for one in chosen] if name == "need_level" else chosen
    season = {end: cells.get(f"season.{end}") for end in SEASON}
    if any(season.values()):
        when["season"] = season
    targets = {}
    for clock in CLOCKS:
        target = lengths.read(cells, f"targets.{clock}", before.get("targets", {}).get(clock))
        if target is not None:
            targets[clock] = _paused(target, unpaused=cells.ticked("unpaused"))
    found = {
        "code": before.get("code") or cells.get("code"),
        "name": {locale: cells.get(f"name.{locale}") for locale in LOCALES},
        "when": when,
        "targets": targets,
    }
    if source := cells.get("source"):
        found["source"] = source
    return {**{name: value for name, value in before.items() if name in ("note", "confidence")}, **found}


def _paused(target: dict[str, Any], *, unpaused: bool) -> dict[str, Any]:
    kept = {name: value for name, value in target.items() if name != "pauses"}
    return {**kept, "pauses": False} if unpaused else kept


def _sheet(code: str | None) -> drafts.Sheet:
    """Return the form of one rule, of a new one without a code."""
    items = {
        one["code"]: one["name"] for one in desk().get("/catalogue")["items"] if not one["code"].startswith(OWN_ITEM)
    }

    def shown(terms: Told) -> Cells:
        rule = next((one for one in terms["document"].get("rules", []) if one["code"] == code), None)
        if code is not None and rule is None:
            abort(404)
        return _shown(rule or {}, items)

    def written(cells: Cells, terms: Told) -> dict[str, Any]:
        return _written(cells, terms, code, items)

    def paths(_cells: Cells) -> Iterator[str]:
        yield from ("code", "source", "when", "when.season", "targets")
        yield from (f"name.{locale}" for locale in LOCALES)
        yield from (f"when.{name}" for name, _codes in _conditions(items))
        yield from (f"targets.{clock}" for clock in CLOCKS)

    values = {"code": code, "conditions": CONDITIONS, "items": items, "clocks": CLOCKS, "units": lengths.UNITS}
    return drafts.Sheet("policy", "management/rule.html", shown, written, paths, within=_OF_RULE, values=values)


@blp.get("/terms/<uuid:community_id>/rules")
@page_for("manager")
def rule(community_id: uuid.UUID) -> Response:
    """Show one of the policy's own rules, or an empty form for a new one."""
    return drafts.show(_sheet(request.args.get("code") or None), community_id)


@blp.post("/terms/<uuid:community_id>/rules")
@page_for("manager")
def write_rule(community_id: uuid.UUID) -> Response:
    """Look at what a rule would change, or write it, or take it out."""
    return drafts.take(_sheet(request.args.get("code") or None), community_id)
