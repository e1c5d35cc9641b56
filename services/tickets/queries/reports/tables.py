"""Every report as one flat table, for spreadsheets: a row for each group and measure, the same columns throughout."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from services.kit.tables import Cell, Sheet, local_moment
from services.tickets.queries.reports.words import heading, in_words

_PERCENTILES = tuple(f"{clock}_{percent}" for clock in ("contract", "lived") for percent in ("p50", "p90", "p95"))
_PERIOD = ("asof", "from", "to")
SLA_COLUMNS = (
    *_PERIOD, "group_by", "key", "name", "filed", "measure", "met", "breached", "open_overdue", "carried_over",
    "open_in_time", "unknown", "void", "moved", "decided", "met_share", "low", "high", "overridden", "n",
    *_PERCENTILES,
    "pause_seconds", "lived_seconds", "pause_share", "tickets",
)  # fmt: skip
PAUSE_COLUMNS = (
    *_PERIOD, "group_by", "key", "name", "pauses", "tickets_paused", "paused_seconds", "disallowed_seconds",
    "lived_seconds", "pause_share", "still_open", "expired", "objected", "disallowed", "tickets",
)  # fmt: skip
ACT_COLUMNS = (
    *_PERIOD, "group_by", "key", "name", "acts", "acts_on", "counted_back", "backdated_seconds", "longest_seconds",
    "known_late", "previous_step", "too_long_ago", "clock_turned_back", "when_heard", "largest_skew_seconds", "tickets",
)  # fmt: skip
ATTAINMENT_COLUMNS = (
    *_PERIOD, "community_id", "community", "policy_version", "attained_level", "without_gaps", "need_level", "need",
    "verdict", "measure", "met", "breached", "open_overdue", "carried_over", "decided", "met_share", "low", "high",
    "needed_share",
    "least_decided", "blocked_by", "tickets",
)  # fmt: skip
_WAIT_FIGURES = (
    "given", "without", "judged", "within", "early", "late", "late_open", "withdrawn", "pending", "share", "low",
    "high", "share_at_most", "stated", "expected", "median_width_seconds",
)  # fmt: skip
WAIT_COLUMNS = (*_PERIOD, "group_by", "key", "name", "measure", "estimates", *_WAIT_FIGURES, "verdict", "tickets")
# A row a figure: how many, of how many where it is a share, and how long it took where it is a step.
FIGURE_COLUMNS = (*_PERIOD, "group_by", "key", "name", "measure", "counted", "of", "part", "low", "high")
COMPLAINT_COLUMNS = (*FIGURE_COLUMNS, "median_seconds", "p90_seconds", "tickets")
ANNOUNCEMENT_COLUMNS = (*FIGURE_COLUMNS, "list")
_OF_APPOINTMENTS = (
    "appointments", "kept", "missed", "not_at_home", "replaced", "called_off", "ended", "agreed",
)  # fmt: skip
APPOINTMENT_COLUMNS = (*_PERIOD, "group_by", "key", "name", *_OF_APPOINTMENTS, "kept_share", "low", "high", "tickets")
_SHARE = ("met_share", "low", "high")
_COUNTS = ("met", "breached", "open_overdue", "open_in_time", "unknown", "void", "decided", *_SHARE)
_OF_COMPLAINTS = ("identified", "unidentified", "closed", "escalated", "escalated_unjudged")
_SHARES_OF_COMPLAINTS = ("settled_on_first_contact", "avoidable_escalations", "justified", "approvals_in_time")

Row = dict[str, Cell]


def table_of(name: str, report: Mapping[str, Any], locale: str, zone: str) -> Sheet:
    """Return a report as a table with its heading in the caller's language and its moments in one time zone."""
    columns, rows_of = _TABLES[name]
    period: Row = {column: local_moment(report[column], zone) for column in _PERIOD}
    rows = [[{**period, **row}.get(column) for column in columns] for row in rows_of(report, locale)]
    return Sheet(name, [heading(column, locale) for column in columns], rows)


def _sla(report: Mapping[str, Any], locale: str) -> Iterator[Row]:
    groups = [*report["groups"], {**report["total"], "key": "all", "name": None}]
    for group in groups:
        known = {**_known(report["group_by"], group, locale), "filed": group["filed"]}
        for kind, clock in group["clocks"].items():
            yield {**known, **_clock(clock), "measure": in_words(kind, locale)}
        for row in _wholes(group):
            yield {**known, **row, "measure": in_words(str(row["measure"]), locale)}


def _known(grouping: str, group: Mapping[str, Any], locale: str) -> Row:
    """Return what a group is called: names people gave as they are, codes of ours in the caller's language."""
    key, name = group["key"], group["name"]
    if key in (None, "all"):
        key = in_words(key or "none", locale)
    elif grouping in ("work_type", "reason", "action", "cause", "emotion", "kind"):
        name = in_words(key, locale)
    elif grouping == "need_level":
        name = in_words(name, locale)
    return {"group_by": in_words(f"by_{grouping}", locale), "key": key, "name": name}


def _clock(clock: Mapping[str, Any]) -> Row:
    carried = clock["carried_over"]
    return {
        **{name: clock[name] for name in (*_COUNTS, "overridden", "pause_seconds", "lived_seconds", "pause_share")},
        **_spread(clock),
        "carried_over": carried and carried["open_overdue"],
        "tickets": clock["tickets"]["breached"],
    }


def _spread(clocks: Mapping[str, Any] | None) -> Row:
    if not clocks or not clocks["lived"]:
        return {}
    percentiles = {name: clocks[clock][percent] for name in _PERCENTILES for clock, percent in [name.split("_")]}
    return {"n": clocks["lived"]["n"], **percentiles}


def _wholes(group: Mapping[str, Any]) -> Iterator[Row]:
    """Yield jobs as wholes in the columns of clocks: kept is met, broken is breached; flawless is met."""
    if group["resolution"] is None:
        return
    resolution, promises, flawless = group["resolution"], group["promises"], group["flawless"]
    for which in ("first", "total"):
        yield {"measure": f"{which}_resolution", **_spread(resolution[which]), "tickets": resolution["tickets"]}
    yield {
        "measure": "promises",
        "met": promises["kept"],
        "breached": promises["broken"],
        "open_in_time": promises["open"],
        "moved": promises["moved"],
        "decided": promises["decided"],
        "met_share": promises["kept_share"],
        "low": promises["low"],
        "high": promises["high"],
        "tickets": promises["tickets"]["broken"],
    }
    yield {
        "measure": "flawless",
        "met": flawless["flawless"],
        "breached": flawless["flawed"],
        "unknown": flawless["undecided"],
        "decided": flawless["decided"],
        "met_share": flawless["rate"],
        "low": flawless["low"],
        "high": flawless["high"],
        "tickets": flawless["tickets"]["flawed"],
    }


def _pauses(report: Mapping[str, Any], locale: str) -> Iterator[Row]:
    for group in [*report["groups"], {**report["total"], "key": "all", "name": None}]:
        listed = group["behind"]["pauses"]["link"]
        yield {**group, **_known(report["group_by"], group, locale), "tickets": listed}


def _acts(report: Mapping[str, Any], locale: str) -> Iterator[Row]:
    for group in [*report["groups"], {**report["total"], "key": "all", "name": None}]:
        known = _known(report["group_by"], group, locale)
        yield {**group, **known, "acts_on": group["tickets"], "tickets": group["behind"]["acts"]["link"]}


def _appointments(report: Mapping[str, Any], locale: str) -> Iterator[Row]:
    for group in [*report["groups"], {**report["total"], "key": "all", "name": None}]:
        kept = group["kept_share"]
        of_share = {"kept_share": kept["share"], "low": kept["low"], "high": kept["high"]}
        listed = group["behind"]["missed"]["link"]
        yield {**group, **_known(report["group_by"], group, locale), **of_share, "tickets": listed}


def _attainment(report: Mapping[str, Any], locale: str) -> Iterator[Row]:
    for place in report["communities"]:
        blocked = place["blocked_by"]
        known: Row = {
            **{name: place[name] for name in ("community_id", "policy_version", "attained_level", "without_gaps")},
            "community": place["name"],
            "blocked_by": blocked and blocked["sentence"]["zh-CN" if locale.startswith("zh") else "en"],
        }
        for level in place["levels"]:
            of_level: Row = {
                **known,
                **{name: level[name] for name in ("need_level", "needed_share", "least_decided")},
                "need": in_words(level["need"], locale),
                "verdict": in_words(level["verdict"], locale),
            }
            yield {**of_level, **_counted(level), "measure": in_words("all", locale)}
            for kind, clock in level["clocks"].items():
                carried = {"carried_over": clock["carried_over"], "tickets": clock["behind"]["breached"]["link"]}
                yield {**of_level, **_counted(clock), **carried, "measure": in_words(kind, locale)}


def _counted(figures: Mapping[str, Any]) -> Row:
    return {name: figures[name] for name in ("met", "breached", "open_overdue", "decided", *_SHARE)}


def _waits(report: Mapping[str, Any], locale: str) -> Iterator[Row]:
    for group in [*report["groups"], *({**one, "key": "all"} for one in report["total"])]:
        known = _known(report["group_by"], group, locale)
        if report["group_by"] in ("horizon", "basis"):
            known["key"] = in_words(str(known["key"]), locale)
        for which in ("first", "updates"):
            told = group[which]
            yield {
                **known,
                **{name: told[name] for name in _WAIT_FIGURES},
                "measure": in_words(group["measure"], locale),
                "estimates": in_words(f"{which}_estimates", locale),
                "verdict": in_words(told["verdict"], locale),
                "tickets": told["behind"]["judged"]["link"],
            }


def _complaints(report: Mapping[str, Any], locale: str) -> Iterator[Row]:
    for group in [*report["groups"], {**report["total"], "key": "all", "name": None}]:
        known, listed = _known(report["group_by"], group, locale), group["behind"]
        rows: dict[str, Row] = {"complaints": {"counted": group["n"]}}
        rows |= {name: {"counted": group[name]} for name in _OF_COMPLAINTS}
        rows |= {name: _part(group[name]) for name in _SHARES_OF_COMPLAINTS}
        rows["approvals_open"] = {"counted": group["approvals_in_time"]["open"]}
        for step, took in group["steps"].items():
            rows[step] = {"counted": took["n"], **{name: took[name] for name in ("median_seconds", "p90_seconds")}}
        for name, row in rows.items():
            yield {**known, **row, "measure": in_words(f"complaints_{name}", locale), "tickets": listed[name]["link"]}


def _announcements(report: Mapping[str, Any], locale: str) -> Iterator[Row]:
    for group in [*report["groups"], {**report["total"], "key": "all", "name": None}]:
        known, listed = _known(report["group_by"], group, locale), group["announcements"]
        rows: dict[str, tuple[Row, str]] = {
            "published": ({"counted": group["published"]}, listed["published"]),
            "bound": ({"counted": group["bound"]}, listed["bound"]),
            "in_time": (_part(group["in_time"]), listed["in_time"]),
            "late": ({"counted": group["late"]}, listed["late"]),
            "households_told": ({"counted": group["households_told"]}, listed["published"]),
            "households_read": (_part(group["households_read"]), listed["published"]),
            "joined": ({"counted": group["joined"]}, group["behind"]["joined"]["link"]),
        }
        for name, (row, link) in rows.items():
            yield {**known, **row, "measure": in_words(f"announcements_{name}", locale), "list": link}


def _part(figure: Mapping[str, Any]) -> Row:
    counted = {"counted": figure["count"], "of": figure["n"], "part": figure["share"]}
    return {**counted, "low": figure["low"], "high": figure["high"]}


_TABLES: Mapping[str, tuple[tuple[str, ...], Callable[[Mapping[str, Any], str], Iterator[Row]]]] = {
    "sla": (SLA_COLUMNS, _sla),
    "pauses": (PAUSE_COLUMNS, _pauses),
    "acts": (ACT_COLUMNS, _acts),
    "attainment": (ATTAINMENT_COLUMNS, _attainment),
    "waits": (WAIT_COLUMNS, _waits),
    "complaints": (COMPLAINT_COLUMNS, _complaints),
    "announcements": (ANNOUNCEMENT_COLUMNS, _announcements),
    "appointments": (APPOINTMENT_COLUMNS, _appointments),
}
