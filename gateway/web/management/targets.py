"""The table of targets as a form: for each class of service and urgency, how long each clock may run."""

import copy
import uuid
from collections.abc import Iterator
from typing import Any

from flask import Response

from gateway.web.desk import Told
from gateway.web.guard import page_for
from gateway.web.management import drafts, lengths
from gateway.web.management.area import blp
from gateway.web.management.cells import Cells

CLOCKS = ("acknowledge", "attend", "make_safe", "resolve", "callback")


def paths_of(document: dict[str, Any]) -> Iterator[str]:
    """Return the path of every target that a table may have."""
    for sla_class, urgencies in document["classes"].items():
        for urgency in urgencies:
            for clock in CLOCKS:
                yield f"classes.{sla_class}.{urgency}.{clock}"


def shown(terms: Told) -> Cells:
    """Return the cells of a policy's table."""
    cells = Cells()
    for path in paths_of(terms["document"]):
        lengths.show(cells, path, _row(terms["document"], path).get(path.rpartition(".")[2]))
    return cells


def written(cells: Cells, terms: Told) -> dict[str, Any]:
    """Return the policy with the targets of the cells; an empty one is left out, and the desk says where it may be."""
    document = copy.deepcopy(dict(terms["document"]))
    for path in list(paths_of(document)):
        row, clock = _row(document, path), path.rpartition(".")[2]
        target = lengths.read(cells, path, row.get(clock))
        if target is None:
            row.pop(clock, None)
        else:
            row[clock] = target
    return document


def _row(document: dict[str, Any], path: str) -> dict[str, Any]:
    _classes, sla_class, urgency, _clock = path.split(".")
    row: dict[str, Any] = document["classes"][sla_class][urgency]
    return row


def _paths(cells: Cells) -> Iterator[str]:
    return (name.removesuffix(":n") for name in cells.values if name.endswith(":n"))


SHEET = drafts.Sheet(
    "policy", "management/targets.html", shown, written, _paths, values={"clocks": CLOCKS, "units": lengths.UNITS}
)


@blp.get("/terms/<uuid:community_id>/targets")
@page_for("manager")
def targets(community_id: uuid.UUID) -> Response:
    """Show the targets of a community's policy, to be changed."""
    return drafts.show(SHEET, community_id)


@blp.post("/terms/<uuid:community_id>/targets")
@page_for("manager")
def write_targets(community_id: uuid.UUID) -> Response:
    """Look at what other targets would change, or write them."""
    return drafts.take(SHEET, community_id)
