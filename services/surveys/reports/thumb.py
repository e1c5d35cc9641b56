"""Rules of thumb from the documents: shown as estimates with their source, never among the figures."""

import functools
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

FILE = Path(__file__).with_name("rules_of_thumb.yaml")
MAKE_UP = "twelve_for_one"


@functools.cache
def load() -> Mapping[str, Any]:
    """Return the rules and their source as the file has them."""
    read: dict[str, Any] = yaml.safe_load(FILE.read_text(encoding="utf-8"))
    return read


def good_for_one_bad() -> int:
    """Return how many good services make up for one bad, as the documents say."""
    (rule,) = [rule for rule in load()["rules"] if rule["code"] == MAKE_UP]
    return int(rule["times"]["high"])


def rule(code: str) -> dict[str, Any]:
    """Return one rule with its source, as an estimate is labelled with it."""
    (found,) = [rule for rule in load()["rules"] if rule["code"] == code]
    return {"kind": "estimate", "code": code, "says": found["says"], "source": load()["source"]}


def estimates(counts: Mapping[str, int | None]) -> list[dict[str, Any]]:
    """Return what would follow from each rule, from figures of ours: nothing where there was nothing to count.

    `counts` are complaints, unhappy, happy, complaints_solved and complaints_solved_in_time; None is not known.
    """
    return [
        {
            **rule(one["code"]),
            "counts": one["counts"],
            "computed_from": {"what": one["of"], "n": counts[one["of"]]},
            "low": _times(counts[one["of"]], one["times"]["low"]),
            "high": _times(counts[one["of"]], one["times"]["high"]),
        }
        for one in load()["rules"]
    ]


def _times(count: int | None, factor: float) -> int | None:
    return round(count * factor) if count else None
