"""What was in time and what was not: deadlines with contract and lived time, promises, whole jobs, months, places."""

from typing import Any

from flask import Response, request
from flask_babel import gettext

from gateway.web.desk import desk
from gateway.web.guard import page_for
from gateway.web.management import charts
from gateway.web.management.area import blp
from gateway.web.management.asking import PLACES, asked, shown
from gateway.web.management.period import carried_on, period
from gateway.web.page import page
from gateway.web.words import word

# Which groups a name from our words, and not from the report, is shown for.
WORDS = {"need_level": "need_level", "work_type": "work_type"}
NARROWED = ("need_level", "work_type", "item", "crew_id", "rule", "policy_version")
DRAWN = ("acknowledge", "attend", "resolve")
HOUR = 3600


@blp.get("/levels")
@page_for("manager")
def levels() -> Response:
    """Show every kind of clock of the period, then one kind by level, community, work, item, crew, rule or month."""
    chosen, group_by = period(), request.args.get("group_by") or "need_level"
    narrowed = {name: request.args.get(name) or None for name in NARROWED}
    query = chosen.query | narrowed
    return shown(
        "management/levels.html",
        chosen,
        {
            "whole": asked("/reports/sla", query | {"group_by": "organisation"}),
            "groups": asked("/reports/sla", query | {"group_by": group_by}),
        },
        group_by=group_by,
        clock=request.args.get("clock") or "resolve",
        narrowed=narrowed,
        exported={name: value for name, value in (query | {"group_by": group_by}).items() if value},
        words_of=WORDS.get(group_by),
    )


@blp.get("/trend")
@page_for("manager")
def trend() -> Response:
    """Show the months of a year: what was in time, how long it took, what was promised and what had no flaw."""
    chosen = period("year")
    told = desk().several(
        {"places": PLACES, "report": asked("/reports/sla", chosen.query | {"group_by": "month"})}, forgiving=True
    )
    months = sorted(told["report"]["groups"], key=lambda one: one["key"]) if told["report"] else []
    names, shares, hours = [one["key"] for one in months], _shares(months), _hours(months)
    return page(
        "management/trend.html",
        period=chosen,
        places=told["places"]["items"] if told["places"] else [],
        report=told["report"],
        months=months,
        kinds=DRAWN,
        in_time=charts.trend(names, shares, of_hundred=True) if months else None,
        in_time_names=list(shares),
        taken=charts.trend(names, hours) if months else None,
        taken_names=list(hours),
    )


@blp.get("/comparison")
@page_for("manager")
def comparison() -> Response:
    """Show the communities side by side."""
    chosen = period()
    query = chosen.query | {"community_id": None}
    told = desk().several(
        {
            "attained": asked("/reports/attainment", query),
            "report": asked("/reports/sla", query | {"group_by": "community"}),
            "said": asked("/reports/satisfaction", query),
        },
        forgiving=True,
    )
    groups = told["report"]["groups"] if told["report"] else []
    shares = _shares(groups)
    by_place = {name: told[name]["communities"] if told[name] else [] for name in ("attained", "said")}
    return page(
        "management/comparison.html",
        period=chosen,
        groups=groups,
        report=told["report"],
        kinds=DRAWN,
        kept=carried_on(request.args),
        attained={one["community_id"]: one for one in by_place["attained"]},
        said={one["community_id"]: one for one in by_place["said"]},
        chart=charts.bars([one["name"] for one in groups], shares, of_hundred=True) if groups else None,
        chart_names=list(shares),
    )


def _shares(groups: list[dict[str, Any]]) -> dict[str, list[float | None]]:
    """The shares of the report as hundredths, for drawing."""
    found: dict[str, list[float | None]] = {}
    for kind in DRAWN:
        found[str(word("clock", kind))] = charts.hundredths(
            one["clocks"].get(kind, {}).get("met_share") for one in groups
        )
    return found


def _hours(groups: list[dict[str, Any]]) -> dict[str, list[float | None]]:
    """The medians of the report in hours, for drawing."""
    found = {}
    for name, said in (("contract", gettext("Contract time, hours")), ("lived", gettext("Lived time, hours"))):
        spreads = [one["clocks"].get("resolve", {}).get(name) for one in groups]
        found[said] = [None if one is None or one["p50"] is None else round(one["p50"] / HOUR, 2) for one in spreads]
    return found
