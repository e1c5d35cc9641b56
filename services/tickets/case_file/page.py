"""The readable page of a case: one HTML file in both languages that needs nothing beside itself and runs nothing."""

import hashlib
from collections.abc import Mapping
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from services.tickets import catalogue
from services.tickets.case_file.page_words import LANGUAGES, ROLES_ZH, RULES, STATES_ZH, URGENCIES, WORDS
from services.tickets.lifecycle import ACTION_NAMES_ZH, STATUS_NAMES_ZH
from services.tickets.sla import wording

TEMPLATE = "case.html"
FOLDER = Path(__file__).parent


@cache
def edition() -> str:
    """Return what this page is made by: another edition shows the same case in other words."""
    made_of = (
        *(FOLDER / name for name in (TEMPLATE, "page.py", "page_words.py")),
        Path(wording.__file__),
        *sorted(catalogue.FOLDER.glob("*.yaml")),
    )
    return hashlib.sha256(b"".join(file.read_bytes() for file in made_of)).hexdigest()[:16]


def render(case: Mapping[str, Any]) -> bytes:
    """Return the page of a concluded case, from that alone; every word of it is escaped."""
    words = {remark["id"]: remark["body"] for remark in case["remarks"]}
    return (
        _environment()
        .get_template(TEMPLATE)
        .render(case=case, remarks=words, languages=LANGUAGES, words=WORDS, say=_Speaker(case))
        .encode()
    )


@cache
def _environment() -> Environment:
    return Environment(
        loader=FileSystemLoader(FOLDER),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )


class _Speaker:
    """Names and moments as the page shows them, in a language and in the zone of the ticket's community."""

    def __init__(self, case: Mapping[str, Any]) -> None:
        self._ticket = case["ticket"]
        self._zone = ZoneInfo(case["ticket"]["timezone"])
        self._rules = {**RULES, **_rules_of(case)}
        self._people = {person["id"]: person["badge"] for person in case["people"]}

    def at(self, moment: str | None) -> str:
        """Return a moment on the wall clock of the community, with its offset: the reader may be elsewhere."""
        if moment is None:
            return "–"
        local = datetime.fromisoformat(moment).astimezone(self._zone)
        return local.strftime("%Y-%m-%d %H:%M:%S %z")

    def length(self, seconds: float | None, language: str) -> str:
        """Return a length in hours, minutes and seconds."""
        return wording.length(seconds)[language]

    def kind(self, code: str, language: str) -> str:
        """Return the name of a clock."""
        return wording.KINDS[code][language] if code in wording.KINDS else code

    def target(self, clock: Mapping[str, Any], language: str) -> str:
        """Return what was asked of a clock: its length, or to be in time before the day ends."""
        start, due = (datetime.fromisoformat(clock[name] or clock["started_at"]) for name in ("started_at", "due_at"))
        if clock["sundown"] and clock["due_at"] and wording.ends_with_day(self._zone, start, due):
            return wording.BY_SUNDOWN[language]
        return self.length(clock["target_seconds"], language)

    def item(self, code: str, language: str) -> str:
        """Return the name of a service item; one that the catalogue no longer has goes by its code."""
        ticket = self._ticket
        if ticket.get("item_name") and ticket["catalogue_code"] == code:
            return str(ticket["item_name"][language])
        items = catalogue.load()
        return items.get(code).name(language) if code in items else code

    def urgency(self, code: str, language: str) -> str:
        """Return the name of an urgency."""
        return URGENCIES[language].get(code, code)

    def rule(self, code: str, language: str) -> str:
        """Return the name of a rule as the policies inside the case have it."""
        return self._rules[code][language] if code in self._rules else code

    def action(self, code: str, language: str) -> str:
        """Return the name of a step."""
        names = {"file": "报事", **ACTION_NAMES_ZH}
        return names.get(code, code) if language == "zh-CN" else code.replace("_", " ")

    def details(self, data: Mapping[str, Any], language: str) -> list[str]:
        """Return what a step said beside its words: what it waited for and until when, and what it changed."""
        said = []
        if data.get("waiting_reason"):
            said.append(wording.reason(data["waiting_reason"])[language])
        if data.get("until"):
            said.append(f"{WORDS[language]['until']} {self.at(data['until'])}")
        changes = data.get("changes") or {}
        return [*said, *(self._change(name, old, new, language) for name, (old, new) in changes.items())]

    def _change(self, name: str, old: Any, new: Any, language: str) -> str:
        if name == "urgency":
            return f"{WORDS[language]['urgency']}: {self.urgency(old, language)} → {self.urgency(new, language)}"
        if name == "catalogue_code":
            return f"{WORDS[language]['item']}: {self.item(old, language)} → {self.item(new, language)}"
        return f"{name}: {_value(old)} → {_value(new)}"

    def status(self, code: str, language: str) -> str:
        """Return the name of a status."""
        return STATUS_NAMES_ZH.get(code, code) if language == "zh-CN" else code.replace("_", " ")

    def state(self, code: str, language: str) -> str:
        """Return the verdict on a clock."""
        return STATES_ZH.get(code, code) if language == "zh-CN" else code

    def who(self, actor_id: str, role: str, language: str) -> str:
        """Return who acted: staff by the name they work under, everybody else by their role."""
        name = ROLES_ZH.get(role, role) if language == "zh-CN" else role
        badge = self._people.get(actor_id)
        return f"{badge}（{name}）" if badge and language == "zh-CN" else f"{badge} ({name})" if badge else name


def _rules_of(case: Mapping[str, Any]) -> dict[str, Mapping[str, str]]:
    """Return the names of the rules and of the packs' rules; the policy that the ticket runs by has the last word."""
    documents = {version: case["policies"][version] for version in sorted(case["policies"])}
    current = documents.pop(case["ticket"]["policy_version"], {})
    found: dict[str, Mapping[str, str]] = {}
    for document in (*documents.values(), current):
        found |= {rule["code"]: rule["name"] for rule in document.get("rules", [])}
        for pack in document.get("packs", []):
            found |= {f"{pack['code']}/{rule['code']}": rule["name"] for rule in pack["rules"]}
    return found


def _value(value: Any) -> str:
    return ", ".join(map(str, value)) if isinstance(value, list) else "–" if value is None else str(value)
