"""A policy: how soon to answer, to be there, to be done, for whom sooner, and what happens when nobody comes."""

import copy
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from services.tickets.catalogue import SLA_CLASSES
from services.tickets.sla.allowances import (
    DEFAULT_ATTAINMENT,
    DEFAULT_LONGEST_BACK,
    DEFAULT_PAUSES,
    Attainment,
    read_acts,
    read_attainment,
    read_pauses,
)
from services.tickets.sla.conditions import Facts
from services.tickets.sla.escalation import Chain, claim_targets, read_escalation, told_at
from services.tickets.sla.packs import Pack, read_packs
from services.tickets.sla.rules import Rule, read_rules
from services.tickets.sla.switches import CHOICES, Switches
from services.tickets.sla.target_json import read_target, read_text, require_keys
from services.tickets.sla.targets import ALL_KINDS, JUDGED, Target

URGENCIES = ("emergency", "urgent", "routine")
# The table says these of every class and urgency; the others where it wants them.
ALWAYS_SAID = ("acknowledge", "attend", "resolve")
SOMETIMES_SAID = tuple(kind for kind in JUDGED if kind not in ALWAYS_SAID)
FIELDS = ("version", "switches", "classes", "rules", "packs", "pauses", "escalation", "attainment", "acts")
LONGEST_VERSION = 100
FOLDER = Path(__file__).with_name("policies")
STANDARD_VERSION = "2026-11-22.2"
PLACE = {kind: number for number, kind in enumerate(ALL_KINDS)}


@dataclass(frozen=True)
class Policy:
    """A complete, versioned set of targets with the switches they are counted by.

    `table` has the targets of each class and urgency, `rules` and `packs` those that come beside them. `pauses` are
    the longest seconds of waiting by its reason (in one pause, and in all for it together), `escalation` the chain of
    each urgency (without one, nobody hears of an unclaimed job), `attainment` what a need level asks for.
    `longest_back` is how many seconds back an act told later counts from its own time, by default a day.
    """

    version: str
    switches: Switches
    table: Mapping[tuple[str, str], tuple[Target, ...]]
    rules: tuple[Rule, ...] = ()
    packs: tuple[Pack, ...] = ()
    pauses: Mapping[str, int] = field(default_factory=lambda: DEFAULT_PAUSES)
    escalation: Mapping[str, Chain] = field(default_factory=dict)
    attainment: Attainment = DEFAULT_ATTAINMENT
    longest_back: int = DEFAULT_LONGEST_BACK

    def targets(self, sla_class: str, urgency: str) -> tuple[Target, ...]:
        """The table's targets in the order of their kinds; ValueError for a combination unknown."""
        try:
            return self.table[(sla_class, urgency)]
        except KeyError:
            raise ValueError(f"sla_class: no targets for {sla_class!r} and urgency {urgency!r}") from None

    def targets_for(self, facts: Facts) -> tuple[Target, ...]:
        """Every target of a request, in the order of their kinds: the table's, then those of each rule and pack that
        means it, and those for jobs that nobody claims. Of several of one kind the first to fall due counts.

        ValueError for a class and urgency unknown.
        """
        found = list(self.targets(facts.sla_class, facts.urgency))
        for rule in self.rules:
            if rule.match(facts):
                found += rule.targets
        for pack in self.packs:
            if pack.in_force_on(facts):
                for rule in pack.rules:
                    if rule.match(facts):
                        found += rule.targets
        if facts.urgency in self.escalation:
            found += claim_targets(self.escalation[facts.urgency], found)
        return tuple(sorted(found, key=lambda target: PLACE[target.kind]))

    def longest_pause(self, reason: str) -> int | None:
        """The most seconds a job may wait for this reason, in one pause as in all of them together until it is done;
        None when the reason is not on the list.
        """
        return self.pauses.get(reason)

    def escalated_to(self, urgency: str, level: int) -> str:
        """Whom a claim clock's level speaks to, dispatcher or manager: n is its n-th warning, 0 its breach.

        ValueError for an urgency or level without a step.
        """
        if urgency not in self.escalation:
            raise ValueError(f"urgency: the policy escalates nothing for {urgency!r}")
        return told_at(self.escalation[urgency], level)


def read_policy(document: object) -> Policy:
    """A policy from its parsed YAML or JSON; ValueError naming what is missing, unknown or contradictory.

    A section that older documents do not have takes its default: no rules, no packs, the usual pauses and shares,
    and no escalation, for a new clock on an old ticket would change what its history says.
    """
    if not isinstance(document, Mapping):
        raise ValueError("policy: expected an object with version and classes")
    version = read_text("version", document.get("version"), most=LONGEST_VERSION)
    unknown = [str(key) for key in document if key not in FIELDS]
    if unknown:
        raise ValueError(f"{unknown[0]}: a policy has no such field")
    switches = document.get("switches", {})
    if not isinstance(switches, Mapping) or any(key not in CHOICES for key in switches):
        raise ValueError(f"switches: known are {', '.join(CHOICES)}")
    has = document.__contains__
    return Policy(
        version=version,
        switches=Switches(**switches),
        table=read_table(document.get("classes")),
        rules=read_rules("rules", document.get("rules", [])),
        packs=read_packs("packs", document.get("packs", [])),
        pauses=read_pauses("pauses", document["pauses"]) if has("pauses") else DEFAULT_PAUSES,
        escalation=read_escalation("escalation", document["escalation"]) if has("escalation") else {},
        attainment=read_attainment("attainment", document["attainment"]) if has("attainment") else DEFAULT_ATTAINMENT,
        longest_back=read_acts("acts", document["acts"]) if has("acts") else DEFAULT_LONGEST_BACK,
    )


def read_table(classes: object) -> dict[tuple[str, str], tuple[Target, ...]]:
    """Every class and urgency with its targets; none may be missing and none may be unheard of."""
    read = require_keys("classes", classes, SLA_CLASSES)
    table = {}
    for sla_class in SLA_CLASSES:
        urgencies = require_keys(f"classes.{sla_class}", read[sla_class], URGENCIES)
        for urgency in URGENCIES:
            where = f"classes.{sla_class}.{urgency}"
            said = require_keys(where, urgencies[urgency], ALWAYS_SAID, SOMETIMES_SAID)
            table[(sla_class, urgency)] = tuple(
                read_target(f"{where}.{kind}", kind, said[kind]) for kind in JUDGED if kind in said
            )
    return table


@cache
def shipped_documents() -> Mapping[str, Mapping[str, Any]]:
    """The policies that ship, or once shipped, with the product, as they are written, by version."""
    read = [yaml.safe_load(path.read_text(encoding="utf-8")) for path in sorted(FOLDER.glob("*.yaml"))]
    return {document["version"]: document for document in read}


@cache
def shipped(version: str) -> Policy | None:
    """The shipped policy of that version; None when it is an organisation's own."""
    document = shipped_documents().get(version)
    return None if document is None else read_policy(document)


def standard_policy() -> Policy:
    """The policy that a community has before anybody chooses another."""
    policy = shipped(STANDARD_VERSION)
    assert policy is not None, "the standard policy ships with the product"
    return policy


def standard_document() -> dict[str, Any]:
    """The standard policy as it is written, a copy to change."""
    return copy.deepcopy(dict(shipped_documents()[STANDARD_VERSION]))
