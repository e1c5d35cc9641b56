"""What a policy says beside targets as a form: how time is counted, pauses, who hears of what nobody took, levels."""

import copy
import uuid
from collections.abc import Iterator
from typing import Any

from flask import Response
from flask_babel import gettext as _

from gateway.web import words
from gateway.web.desk import Told
from gateway.web.guard import page_for
from gateway.web.management import drafts, lengths
from gateway.web.management.area import blp
from gateway.web.management.cells import Cells
from gateway.web.management.term_words import SHARES, SWITCHES, answer

STEP = ("n", "unit", "who")
TOLD = ("dispatcher", "manager")
URGENCIES = ("emergency", "urgent", "routine")
LISTS: dict[str, tuple[str, ...]] = {f"escalation.{urgency}": STEP for urgency in URGENCIES}


def shown(terms: Told) -> Cells:
    """Return the cells of a policy's settings, with the defaults of what its document leaves out."""
    cells, settings = Cells(), terms["settings"]
    for name in SWITCHES:
        cells.values[f"switches.{name}"] = answer(settings["switches"][name])
    for reason in words.all_of("waiting_reason"):
        seconds = settings["pauses"].get(reason)
        lengths.show(cells, f"pauses.{reason}", seconds and {"seconds": seconds})
    for urgency, steps in settings["escalation"].items():
        for number, step in enumerate(steps):
            lengths.show(cells, f"escalation.{urgency}.{number}", step)
            cells.values[f"escalation.{urgency}.{number}:who"] = step["to"]
    for level in SHARES:
        cells.values[f"attainment.{level}"] = f"{settings['attainment'][level] * 100:g}"
    cells.values["attainment.least_decided"] = f"{settings['attainment']['least_decided']:g}"
    back = settings["longest_back_seconds"]
    lengths.show(cells, "acts", {"seconds": back} if back else None)
    return cells


def written(cells: Cells, terms: Told) -> dict[str, Any]:
    """Return the policy with what the cells say otherwise; what they leave as it is stays as it is written."""
    document, was = copy.deepcopy(dict(terms["document"])), terms["settings"]
    sections: dict[str, Any] = {
        "switches": _switches(cells, was["switches"]),
        "pauses": _pauses(cells, was["pauses"]),
        "escalation": _escalation(cells),
        "attainment": _attainment(cells, was["attainment"]),
        "acts": {"longest_back_seconds": lengths.seconds(cells, "acts", was["longest_back_seconds"] or None) or 0},
    }
    before = {
        **was,
        "pauses": {reason: {"longest_seconds": seconds} for reason, seconds in was["pauses"].items()},
        "acts": {"longest_back_seconds": was["longest_back_seconds"]},
    }
    for name, section in sections.items():
        if section == before[name]:
            continue
        if name == "escalation" and not section:
            document.pop(name, None)
        else:
            document[name] = section
    return document


def _switches(cells: Cells, was: dict[str, Any]) -> dict[str, Any]:
    said = {name: cells.get(f"switches.{name}") for name in SWITCHES}
    return {name: value == "yes" if isinstance(was[name], bool) else value for name, value in said.items()}


def _pauses(cells: Cells, was: dict[str, int]) -> dict[str, Any]:
    found = {}
    for reason in words.all_of("waiting_reason"):
        seconds = lengths.seconds(cells, f"pauses.{reason}", was.get(reason))
        if seconds is not None:
            found[reason] = {"longest_seconds": seconds}
    return found


def _escalation(cells: Cells) -> dict[str, Any]:
    """Return the chain of each urgency; one without any step at all is none, and then there is no such section."""
    chains = {urgency: list(_steps(cells, f"escalation.{urgency}")) for urgency in URGENCIES}
    return chains if any(chains.values()) else {}


def _steps(cells: Cells, path: str) -> Iterator[dict[str, Any]]:
    for number in cells.rows(path):
        target = lengths.read(cells, f"{path}.{number}")
        if target is not None:
            yield {"seconds": target.get("seconds"), "basis": target["basis"], "to": cells.get(f"{path}.{number}:who")}


def _attainment(cells: Cells, was: dict[str, float]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for level in SHARES:
        share = _number(cells, f"attainment.{level}")
        same = share is None or round(share / 100, 6) == round(was[level], 6)
        found[level] = was[level] if same or share is None else round(share / 100, 6)
    least = _number(cells, "attainment.least_decided")
    found["least_decided"] = int(least) if least is not None and least.is_integer() else least
    return found


def _number(cells: Cells, path: str) -> float | None:
    try:
        number = float(cells.get(path).removesuffix("%").strip())
    except ValueError:
        number = float("nan")
    if not -1e6 < number < 1e9:
        cells.refuse(path, _("Give a number."))
        return None
    return number


def _paths(cells: Cells) -> Iterator[str]:
    yield from (name.partition(":")[0] for name in cells.values)
    # A chain as a whole is refused where its steps do not follow one another.
    yield from LISTS


SHEET = drafts.Sheet(
    "policy",
    "management/settings.html",
    shown,
    written,
    _paths,
    lists=LISTS,
    values={
        "switches": SWITCHES,
        "shares": SHARES,
        "urgencies": URGENCIES,
        "told": TOLD,
        "units": {name: lengths.UNITS[name] for name in lengths.PLAIN},
        "hours": {name: lengths.UNITS[name] for name in lengths.HOURS},
    },
)


@blp.get("/terms/<uuid:community_id>/settings")
@page_for("manager")
def settings(community_id: uuid.UUID) -> Response:
    """Show how a community's policy counts time and what it allows, to be changed."""
    return drafts.show(SHEET, community_id)


@blp.post("/terms/<uuid:community_id>/settings")
@page_for("manager")
def write_settings(community_id: uuid.UUID) -> Response:
    """Look at what other settings would change, or write them."""
    return drafts.take(SHEET, community_id)
