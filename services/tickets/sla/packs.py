"""Statutory packs: a law's or a landlord's published times as rules that a manager switches on for a policy."""

import copy
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from services.tickets.announcing import NoticePeriod
from services.tickets.sla.calendar_json import read_date
from services.tickets.sla.conditions import Facts
from services.tickets.sla.notice_periods import read_periods
from services.tickets.sla.rules import Rule, read_code, read_rules, read_texts
from services.tickets.sla.target_json import read_text, refuse_unknown

FOLDER = Path(__file__).with_name("packs")
FIELDS = ("code", "version", "name", "country", "source", "in_force", "choice", "note", "rules", "announcing")
MOST_PACKS = 40


@dataclass(frozen=True)
class Pack:
    """One pack. `country` is the ISO 3166 code, `in_force` the first day on which requests are filed under it.

    Of packs that share a `choice` (a city and the country around it) one place can have only one.
    """

    code: str
    version: str
    name: Mapping[str, str]
    country: str
    source: str
    rules: tuple[Rule, ...]
    in_force: date | None = None
    choice: str = ""
    note: Mapping[str, str] | None = None
    announcing: tuple[NoticePeriod, ...] = ()

    def in_force_on(self, facts: Facts) -> bool:
        """Whether it had come into force when the request was filed."""
        return self.is_in_force(facts.filed_on)

    def is_in_force(self, day: date) -> bool:
        """Whether it has come into force on a day."""
        return self.in_force is None or day >= self.in_force


def read_pack(where: str, data: object) -> Pack:
    """A pack from its parsed YAML or JSON; ValueError naming what is missing, unknown or contradictory."""
    if not isinstance(data, Mapping):
        raise ValueError(f"{where}: expected an object with {', '.join(FIELDS)}")
    refuse_unknown(where, data, FIELDS, "a pack")
    code = read_code(f"{where}.code", data.get("code"))
    country, choice = data.get("country"), data.get("choice", "")
    if not isinstance(country, str) or len(country) != 2 or not country.isascii() or not country.isupper():
        raise ValueError(f"{where}.country: {country!r} is not a country's two letters such as CN")
    if choice:
        read_code(f"{where}.choice", choice)
    rules = read_rules(f"{where}.rules", data.get("rules"), code)
    announcing = read_periods(f"{where}.announcing", data.get("announcing", []))
    if not rules and not announcing:
        raise ValueError(f"{where}.rules: a pack without rules asks for nothing")
    return Pack(
        code=code,
        version=read_text(f"{where}.version", data.get("version")),
        name=read_texts(f"{where}.name", data.get("name")),
        country=country,
        source=read_text(f"{where}.source", data.get("source")),
        rules=rules,
        in_force=read_date(f"{where}.in_force", data["in_force"]) if "in_force" in data else None,
        choice=str(choice),
        note=read_texts(f"{where}.note", data["note"]) if "note" in data else None,
        announcing=announcing,
    )


def read_packs(where: str, data: object) -> tuple[Pack, ...]:
    """The packs a policy has switched on, each copied in full; one twice, or two of one choice, are refused."""
    if not isinstance(data, list | tuple):
        raise ValueError(f"{where}: expected a list of packs")
    if len(data) > MOST_PACKS:
        raise ValueError(f"{where}: more than {MOST_PACKS} packs")
    packs = tuple(read_pack(f"{where}[{number}]", item) for number, item in enumerate(data))
    seen: dict[str, str] = {}
    for pack in packs:
        for name in {pack.code, pack.choice} - {""}:
            if name in seen and seen[name] == pack.code:
                raise ValueError(f"{where}: the pack {pack.code!r} is there twice")
            if name in seen:
                raise ValueError(f"{where}: {seen[name]!r} and {pack.code!r} are for different places; keep one")
            seen[name] = pack.code
    return packs


@cache
def documents() -> Mapping[str, Mapping[str, Any]]:
    """The shipped packs as they are written, by code. Treat them as constants."""
    read = [yaml.safe_load(path.read_text(encoding="utf-8")) for path in sorted(FOLDER.glob("*.yaml"))]
    return {document["code"]: document for document in read}


@cache
def load() -> Mapping[str, Pack]:
    """The shipped packs, checked, by code."""
    return {code: read_pack(f"packs.{code}", document) for code, document in documents().items()}


def with_pack(document: Mapping[str, Any], code: str) -> dict[str, Any]:
    """A policy document with the shipped pack switched on, in place of any older version of it there.

    The version is left for the caller to change. KeyError for a code not shipped, ValueError when the policy already
    has a pack of the same choice.
    """
    if code not in documents():
        raise KeyError(f"there is no pack {code!r}")
    changed = without_pack(document, code)
    changed["packs"] = [*changed.get("packs", []), copy.deepcopy(documents()[code])]
    read_packs("packs", changed["packs"])
    return changed


def without_pack(document: Mapping[str, Any], code: str) -> dict[str, Any]:
    """A policy document without that pack; the same when it has none of that code. The version is left alone."""
    changed = copy.deepcopy(dict(document))
    kept = [pack for pack in changed.pop("packs", []) if pack["code"] != code]
    return {**changed, "packs": kept} if kept else changed
