"""The reports as flat tables for spreadsheets: a row for each figure, its n and interval beside it."""

from collections.abc import Iterator, Mapping
from typing import Any

from services.kit.tables import Cell, Sheet, local_moment
from services.surveys.reports.table_words import heading, in_words

Row = dict[str, Cell]

_PERIOD = ("asof", "from", "to")
_FIGURE = ("value", "n", "low", "high", "method")
SATISFACTION = (*_PERIOD, "group_by", "key", "who", "measure", "kind", *_FIGURE, "source", "list")
GAPS = (*_PERIOD, "community_id", "gap", "name", "measure", "part", "kind", "unit", *_FIGURE, "list")
RECOVERY = (
    *_PERIOD, "community_id", "unit_id", "owed", "bad", "good", "neither", "last_bad_at", "estimate", "source",
)  # fmt: skip
CAMPAIGN = ("asof", "campaign", "community_id", "item", "text", "measure", *_FIGURE, "managers", "managers_n")
_WAYS = ("asked", "answered", "proxy", "silent", "open", "withdrawn")


def satisfaction_table(report: Mapping[str, Any], locale: str, zone: str) -> Sheet:
    """Return what households say, by community or month and in all; estimates are marked as such."""
    by = report["group_by"]
    groups = [*((one["community_id"], one) for one in report["communities"])]
    groups += [*((one["month"], one) for one in report["months"]), (in_words("all", locale), report["total"])]
    rows = [{"group_by": in_words(by, locale), "key": key, **row} for key, one in groups for row in _voice(one, locale)]
    return _sheet("satisfaction", SATISFACTION, report, rows, locale, zone)


def _voice(voice: Mapping[str, Any], locale: str) -> Iterator[Row]:
    visits, lists = voice["return_visits"], voice["behind"]
    for way in _WAYS:
        yield _count(way, visits[way], lists.get(way), locale)
    for rate in ("response_rate", "silence_rate"):
        yield _figure(rate, visits[rate], lists.get("concluded"), locale)
    household = voice["household"]
    rest = {name: household[name] for name in ("nps", "ces")} | household["servqual"]
    for who, said, prefix in (("household", household, ""), ("proxies", voice["proxies"], "proxies_")):
        spoken: Row = {"who": in_words(who, locale)}
        yield {**spoken, **_figure("solved", said["solved"], lists[f"{prefix}solved"], locale)}
        yield {**spoken, **_figure("csat", said["csat"], lists[f"{prefix}satisfied"], locale)}
        for mark, n in said["ratings"].items():
            yield {**spoken, **_count(f"rated_{mark}", n, lists[f"{prefix}rated_{mark}"], locale)}
    for name, figure in rest.items():
        yield {"who": in_words("household", locale), **_figure(name, figure, None, locale)}
    for one in voice["estimates"]:
        yield {
            "measure": one["counts"][locale],
            "kind": in_words("estimate", locale),
            "n": one["computed_from"]["n"],
            "low": one["low"],
            "high": one["high"],
            "source": f"{one['says'][locale]} ({one['source'][locale]})",
            "list": lists.get(one["computed_from"]["what"]),
        }


def gaps_table(report: Mapping[str, Any], locale: str, zone: str) -> Sheet:
    """Return the five gaps of every community: each figure, what it stands on, and what there is too little of."""
    rows = [
        {
            "community_id": place["community_id"],
            "gap": gap["gap"],
            "name": gap["name"][locale],
            "unit": in_words(gap["unit"], locale),
            **row,
        }
        for place in report["communities"]
        for gap in place["gaps"]
        for row in _gap(gap, locale)
    ]
    return _sheet("gaps", GAPS, report, rows, locale, zone)


def _gap(gap: Mapping[str, Any], locale: str) -> Iterator[Row]:
    lists = gap["behind"]
    if gap["figure"]:
        yield {**_figure(gap["code"], gap["figure"], None, locale), "measure": gap["between"][locale]}
    for name, value in gap["data"].items():
        if isinstance(value, int):
            yield {**_count(name, value, lists.get(name) or lists.get(f"promises_{name}"), locale), "unit": None}
    for one in gap["details"]:
        yield from _detail(one, locale)
    for lack in gap["lacks"]:
        yield {
            "measure": in_words(lack["what"], locale),
            "kind": in_words("lack", locale),
            "value": lack["have"],
            "n": lack["needed"],
            "unit": None,
        }


def _detail(one: Mapping[str, Any], locale: str) -> Iterator[Row]:
    """Yield the figures of one clock, item, dimension or length that a gap is taken apart into."""
    if "clock" in one:
        part: Row = {"part": in_words(one["clock"], locale)}
        for name, figure in (("met", "met"), ("breached", "missed"), ("running_late", "running_late"),
                             ("unknown", "unknown")):  # fmt: skip
            yield {**part, **_count(name, one[name], one["behind"][f"clocks_{figure}"], locale), "unit": None}
        yield {**part, **_figure("missed", one["missed"], None, locale)}
        yield {**part, **_figure("hours_late", one["hours_late"], None, locale), "unit": in_words("hours", locale)}
    elif "item" in one:
        for name in ("residents", "managers", "difference"):
            yield {"part": one["text"][locale], **_figure(name, one[name], None, locale)}
    elif "dimension" in one:
        yield {
            **_figure("expected_minus_perceived", one, None, locale),
            "part": in_words(one["dimension"], locale).partition("：")[0].partition(":")[0],
        }
    else:
        yield {**_figure(one["what"], one, None, locale), "unit": in_words("hours", locale)}


def recovery_table(report: Mapping[str, Any], locale: str, zone: str) -> Sheet:
    """Return every household with an answer of its own, and how many good services it is owed."""
    rule = report["estimate"]
    rows = [
        {
            **{name: one[name] for name in ("community_id", "unit_id", "owed", "bad", "good", "neither")},
            "last_bad_at": local_moment(one["last_bad_at"], zone),
            "estimate": rule["says"][locale],
            "source": rule["source"][locale],
        }
        for one in report["items"]
    ]
    return _sheet("recovery", RECOVERY, report, rows, locale, zone)


def campaign_table(report: Mapping[str, Any], locale: str, zone: str) -> Sheet:
    """Return what came of a campaign: how many answered, and each item; what was written is not in it."""
    response = report["response"]
    of_it: Row = {"campaign": report["name"], "community_id": report["community_id"]}
    counts = {"all_households": response["households"], "invited": response["invited"]}
    counts |= {name: response[name] for name in ("answered", "silent", "open")}
    rows: list[Row] = [
        {**of_it, "measure": in_words(name, locale), "value": n} for name, n in counts.items() if n is not None
    ]
    rows.append({**of_it, **_figure("response_rate", response["rate"], None, locale)})
    for one in report["items"]:
        thought = one["estimates"]
        asked: Row = {"item": one["item"], "text": one["text"][locale]}
        managers: Row = {"managers": thought["value"], "managers_n": thought["n"]}
        rows.append({**of_it, **asked, **managers, **_figure(one["figure"], one, None, locale)})
    return _sheet("campaign", CAMPAIGN, report, rows, locale, zone)


def _count(name: str, n: int, listed: str | None, locale: str) -> Row:
    return {"measure": in_words(name, locale), "kind": in_words("count", locale), "value": n, "list": listed}


def _figure(name: str, figure: Mapping[str, Any], listed: str | None, locale: str) -> Row:
    interval = figure["interval"] or {}
    return {
        "measure": in_words(name, locale),
        "kind": in_words("figure", locale),
        "value": figure["value"],
        "n": figure["n"],
        **{name: interval.get(name) for name in ("low", "high", "method")},
        "list": listed,
    }


def _sheet(
    name: str, columns: tuple[str, ...], report: Mapping[str, Any], rows: list[Row], locale: str, zone: str
) -> Sheet:
    period: Row = {one: local_moment(report[one], zone) for one in _PERIOD if one in columns}
    cells = [[{**period, **row}.get(column) for column in columns] for row in rows]
    return Sheet(name, [heading(column, locale) for column in columns], cells)
