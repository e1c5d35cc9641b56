"""Draws figures as SVG on the server: without scripts, without style attributes; the site's own sheet colours them."""

import sys
from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from xml.etree import ElementTree

import pygal
from markupsafe import Markup
from pygal.style import Style

# To find maps, which nobody draws here, pygal hooks into imports in a way that Python warns of at every later import.
sys.meta_path[:] = [finder for finder in sys.meta_path if type(finder).__module__ != "pygal"]

Series = Mapping[str, Sequence[float | None]]
WIDTH, HEIGHT = 420, 260
# A tier of the pyramid is so high, and the whole so wide at its foot and at its top.
TIER, FOOT, TOP = 56, 400, 120


def trend(months: Sequence[str], series: Series, *, of_hundred: bool = False) -> Markup:
    """Return lines over months; a month without a figure has no dot."""
    # The last month's name is written around its dot.
    return _drawn(pygal.Line(**_plain(of_hundred), dots_size=5, margin_right=28), months, series)


def bars(names: Sequence[str], series: Series, *, of_hundred: bool = False) -> Markup:
    """Return bars side by side, one group per name."""
    # The first name stands at the top, as in the table.
    turned = {name: list(reversed(values)) for name, values in series.items()}
    return _drawn(pygal.HorizontalBar(**_plain(of_hundred)), list(reversed(names)), turned)


def hundredths(shares: Iterable[float | None]) -> list[float | None]:
    """Return shares as they are drawn; what there is no share of is not."""
    return [None if one is None else round(one * 100, 1) for one in shares]


def pyramid(levels: Sequence[Mapping[str, Any]], attained: int) -> list[dict[str, Any]]:
    """Return the tiers of the pyramid of needs from the top down: the corners of each, and where its words stand."""
    found = []
    for level in sorted(levels, key=lambda one: -one["need_level"]):
        n = level["need_level"]
        bottom, top = ((FOOT - (FOOT - TOP) * part / len(levels)) / 2 for part in (n - 1, n))
        low = (len(levels) - n + 1) * TIER
        corners = ((-bottom, low), (bottom, low), (top, low - TIER + 4), (-top, low - TIER + 4))
        points = " ".join(f"{FOOT / 2 + x:.0f},{y:.0f}" for x, y in corners)
        tone = "attained" if n <= attained and level["verdict"] == "met" else level["verdict"]
        found.append({"level": level, "points": points, "x": FOOT / 2, "y": low - TIER / 2, "tone": tone})
    return found


def _plain(of_hundred: bool) -> dict[str, Any]:
    return {
        "width": WIDTH,
        "height": HEIGHT,
        "js": (),
        "css": (),
        "range": (0, 100) if of_hundred else None,
        "include_x_axis": not of_hundred,
        "show_legend": False,
        "truncate_label": 16,
        # What room is kept for words, which the sheet draws smaller: Chinese is wider than pygal reckons.
        "style": Style(label_font_size=15, major_label_font_size=15),
        "show_minor_y_labels": True,
        "max_scale": 6,
        "margin": 8,
    }


def _drawn(chart: Any, names: Sequence[str], series: Series) -> Markup:
    chart.x_labels = list(names)
    for name, values in series.items():
        chart.add(str(name), list(values))
    tree = chart.render_tree()
    # What a browser would need a script, or a sheet inside the picture for, is not drawn at all.
    for parent in list(tree.iter()):
        for child in list(parent):
            if _tag(child) in ("defs", "title", "desc", "comment") or "tooltip-overlay" in child.get("class", ""):
                parent.remove(child)
    for element in tree.iter():
        element.attrib.pop("style", None)
    # The table beside says the same to whoever does not see it.
    tree.attrib.pop("id", None)
    tree.set("aria-hidden", "true")
    tree.set("focusable", "false")
    ElementTree.register_namespace("", "http://www.w3.org/2000/svg")
    return Markup(ElementTree.tostring(tree, encoding="unicode"))  # noqa: S704 – pygal escapes what it is given


def _tag(element: ElementTree.Element) -> str:
    return element.tag.rpartition("}")[2] if isinstance(element.tag, str) else "comment"
