"""What households say of the work done for them: month by month, communities side by side, and each by itself."""

from collections.abc import Sequence
from typing import Any

from flask import Response
from flask_babel import gettext as _
from markupsafe import Markup

from gateway.web.desk import desk
from gateway.web.guard import page_for
from gateway.web.management import charts
from gateway.web.management.area import blp
from gateway.web.management.asking import PLACES, asked
from gateway.web.management.period import months, period
from gateway.web.page import page

REPORT = "/reports/satisfaction"


@blp.get("/satisfaction")
@page_for("manager")
def satisfaction() -> Response:
    """Show who was asked, who answered and what they said: twelve months, and every community of the period."""
    chosen = period()
    monthly = months(chosen) | {"group_by": "month"}
    told = desk().several(
        {"places": PLACES, "report": asked(REPORT, chosen.query), "trend": asked(REPORT, monthly)}, forgiving=True
    )
    places = told["places"]["items"] if told["places"] else []
    names = {place["id"]: place["name"] for place in places}
    by_month = told["trend"]["months"] if told["trend"] else []
    by_place = told["report"]["communities"] if told["report"] else []
    lines, bars = _shares(by_month), _shares(by_place)
    return page(
        "management/satisfaction.html",
        period=chosen,
        places=places,
        names=names,
        report=told["report"],
        trend=told["trend"],
        months=[(one["month"], one) for one in by_month],
        communities=[(names.get(one["community_id"], one["community_id"]), one) for one in by_place],
        of_months=_drawn(charts.trend, [one["month"] for one in by_month], lines),
        of_places=_drawn(charts.bars, [names.get(one["community_id"], "–") for one in by_place], bars),
        drawn_names=list(lines),
        exported=chosen.query,
        exported_months=monthly,
    )


def _shares(voices: Sequence[dict[str, Any]]) -> dict[str, list[float | None]]:
    """Return what is drawn of each voice."""
    return {
        _("Content (4 or 5 of 5)"): charts.hundredths(one["household"]["csat"]["value"] for one in voices),
        _("It is solved"): charts.hundredths(one["household"]["solved"]["value"] for one in voices),
        _("Answered, of those asked"): charts.hundredths(
            one["return_visits"]["response_rate"]["value"] for one in voices
        ),
    }


def _drawn(draw: Any, names: Sequence[str], shares: dict[str, list[float | None]]) -> Markup | None:
    """Return a picture, or None where there is no share to draw."""
    has_any = any(value is not None for values in shares.values() for value in values)
    return draw(names, shares, of_hundred=True) if has_any else None
