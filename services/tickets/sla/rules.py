"""A rule: targets beside those of the table for requests that meet its conditions, with the source asking for them."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from services.tickets.sla.conditions import Conditions, Facts, read_conditions
from services.tickets.sla.target_json import read_target, read_text, refuse_unknown
from services.tickets.sla.targets import JUDGED, STANDARD_RULE, Target

LOCALES = ("zh-CN", "en")
# Statute or official text read (A), reputable secondary page read (B). What is only remembered is not shipped.
CONFIDENCES = ("A", "B")
CODE = re.compile(r"[a-z][a-z0-9]*([-_][a-z0-9]+)*", re.ASCII)
FIELDS = ("code", "name", "when", "targets", "source", "confidence", "note")
MOST_RULES = 300


@dataclass(frozen=True)
class Rule:
    """One rule of a policy or pack.

    `name` and `note` have a text for each locale; `source` and `confidence` may be empty in a policy's own rules,
    never in a pack's. A clock shows the rule of its target: this code, in a pack written "pack/rule".
    """

    code: str
    name: Mapping[str, str]
    when: Conditions
    targets: tuple[Target, ...]
    source: str = ""
    confidence: str = ""
    note: Mapping[str, str] | None = None

    def match(self, facts: Facts) -> bool:
        """Whether a request with these facts is meant."""
        return self.when.match(facts)


def read_rules(where: str, data: object, pack: str = "") -> tuple[Rule, ...]:
    """The rules of a policy, or with `pack` of that pack; ValueError naming the field.

    Two rules of one code, or that ask for two different targets of one kind under the same conditions, contradict
    one another and are refused.
    """
    if not isinstance(data, list | tuple):
        raise ValueError(f"{where}: expected a list of rules")
    if len(data) > MOST_RULES:
        raise ValueError(f"{where}: more than {MOST_RULES} rules")
    rules = tuple(read_rule(f"{where}[{number}]", item, pack) for number, item in enumerate(data))
    refuse_contradictions(where, rules)
    return rules


def read_rule(where: str, data: object, pack: str = "") -> Rule:
    """One rule from its mapping. A pack's rule needs source and confidence, and no waiting extends its targets."""
    if not isinstance(data, Mapping):
        raise ValueError(f"{where}: expected an object with {', '.join(FIELDS)}")
    refuse_unknown(where, data, FIELDS, "a rule")
    code = read_code(f"{where}.code", data.get("code"))
    if code == STANDARD_RULE:
        raise ValueError(f"{where}.code: {STANDARD_RULE!r} is the table's own name")
    source, confidence = data.get("source", ""), data.get("confidence", "")
    read_text(f"{where}.source", source, may_be_empty=not pack)
    if confidence not in (CONFIDENCES if pack else (*CONFIDENCES, "")):
        raise ValueError(f"{where}.confidence: {confidence!r} is none of {', '.join(CONFIDENCES)}")
    name = read_texts(f"{where}.name", data.get("name"))
    note = read_texts(f"{where}.note", data["note"]) if "note" in data else None
    when = read_conditions(f"{where}.when", data.get("when"))
    owner = f"{pack}/{code}" if pack else code
    targets = read_targets(f"{where}.targets", data.get("targets"), owner, source=source, pauses=not pack)
    return Rule(code, name, when, targets, source, confidence, note)


def read_targets(where: str, data: object, rule: str, **defaults: Any) -> tuple[Target, ...]:
    """The targets of a rule by kind, in the order of the kinds; at least one."""
    if not isinstance(data, Mapping) or not data:
        raise ValueError(f"{where}: expected an object with a target for some of {', '.join(JUDGED)}")
    refuse_unknown(where, data, JUDGED, "a rule")
    return tuple(read_target(f"{where}.{kind}", kind, data[kind], rule, **defaults) for kind in JUDGED if kind in data)


def read_code(where: str, code: object) -> str:
    """The code of a rule or pack: lower-case words joined by hyphens or underscores."""
    if not isinstance(code, str) or len(code) > 60 or not CODE.fullmatch(code):
        raise ValueError(f"{where}: {code!r} is not a code of lower-case words such as lift-trapped")
    return code


def read_texts(where: str, data: object) -> Mapping[str, str]:
    """A text in each language of the product, none of them empty."""
    if not isinstance(data, Mapping) or set(data) != set(LOCALES):
        raise ValueError(f"{where}: expected a text for each of {', '.join(LOCALES)}")
    return {locale: read_text(f"{where}.{locale}", data[locale]) for locale in LOCALES}


def refuse_contradictions(where: str, rules: Iterable[Rule]) -> None:
    """Refuse two rules of one code, and two that give the same requests different targets of one kind."""
    codes: set[str] = set()
    said: dict[tuple[Conditions, str], tuple[str, Target]] = {}
    for rule in rules:
        if rule.code in codes:
            raise ValueError(f"{where}: two rules are called {rule.code!r}")
        codes.add(rule.code)
        for target in rule.targets:
            other, before = said.setdefault((rule.when, target.kind), (rule.code, target))
            if length(before) != length(target):
                raise ValueError(
                    f"{where}: {other!r} and {rule.code!r} hold for the same requests "
                    f"and give {target.kind} different targets"
                )


def length(target: Target) -> tuple[int, int | None, str, bool]:
    """What makes a target longer or shorter than another."""
    return target.seconds, target.days, target.basis, target.sundown
