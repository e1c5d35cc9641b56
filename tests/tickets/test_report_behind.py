"""Behind every figure of every report is a list, which holds exactly as many tickets as the report says, all pages."""

from collections.abc import Iterator
from contextlib import nullcontext
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
from sqlalchemy import Engine, insert

from services.kit import testing
from services.tickets.models import wait_estimates
from services.tickets.queries.reports.announcements import ANNOUNCEMENT_GROUPINGS
from services.tickets.queries.reports.listing import FIGURES, REPORTS
from tests.tickets.busy_desk import sweep
from tests.tickets.month import lived_through
from tests.tickets.publishing import NOW as MONDAY
from tests.tickets.publishing import asked as at_desk
from tests.tickets.publishing import end_all, published, with_periods
from tests.tickets.recounting import follow
from tests.tickets.refusals import fields_of, is_problem
from tests.tickets.telling import DAY, HOUR, MINUTE, NOON, act, claimed
from tests.tickets.test_complaint_report import a_month_of_complaints
from tests.tickets.test_report_attainment import NOW as EVENING
from tests.tickets.test_report_attainment import attained, jobs
from tests.tickets.test_report_pauses import NOW, a_day, by_key, waited
from tests.tickets.test_report_waits import DAYS, Desk, day
from tests.tickets.walking import waiting

if TYPE_CHECKING:
    from tests.tickets.conftest import Estate


@pytest.fixture(autouse=True)
def nothing_due(worker_engine: Engine) -> None:
    end_all(worker_engine)


def reported(estate: "Estate", name: str, at: datetime | None, who: str = "manager", **query: str) -> dict[str, Any]:
    """Read a report as it was at a moment, or now."""
    with testing.at(at) if at else nullcontext():
        answer = estate.get(who, f"/reports/{name}?{urlencode(query)}")
    assert answer.status_code == 200, answer.json
    return dict(answer.json or {})


def groups_of(report: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield what has lists behind its figures: groups and total, or their parts."""
    for group in (*report["groups"], *([report["total"]] if isinstance(report["total"], dict) else report["total"])):
        yield from (group[which] for which in ("first", "updates")) if "first" in group else [group]


def is_listed(
    estate: "Estate", group: dict[str, Any], at: datetime | None, who: str = "manager", same: tuple[str, ...] = ()
) -> int:
    """Follow every list of a group; of `same` the figure is its number, too. Returns how many tickets were listed."""
    listed = 0
    for name, one in group["behind"].items():
        with testing.at(at) if at else nullcontext():
            found = follow(estate, one["link"], who)
        assert len(found) == one["tickets"], (name, one)
        if name in same:
            assert group[name] == len(found), name
        listed += len(found)
    return listed


@pytest.mark.parametrize("grouping", REPORTS["pauses"].groupings)
def test_jobs_that_waited_are_listed(estate: "Estate", grouping: str) -> None:
    a_day(estate)
    again = [(90, "crew", "resume"), (100, "crew", "pause", lambda: waiting(hours=1)), (110, "crew", "resume")]
    twice = waited(estate, "crew", "parts", 4, *again)
    report = reported(estate, "pauses", NOW, group_by=grouping, **{"from": (NOW - DAY).isoformat()})
    assert (report["total"]["pauses"], report["total"]["behind"]["pauses"]["tickets"]) == (8, 7)
    assert all(is_listed(estate, group, NOW) for group in groups_of(report))
    for group in groups_of(report):
        assert group["tickets_paused"] == group["behind"]["pauses"]["tickets"]
    with testing.at(NOW):
        objected = follow(estate, report["total"]["behind"]["objected"]["link"])
        disallowed = follow(estate, report["total"]["behind"]["disallowed"]["link"])
        paused = follow(estate, report["total"]["behind"]["pauses"]["link"])
    assert objected == disallowed != set()
    assert twice["id"] in paused - disallowed


def test_a_pause_in_the_period_of_a_job_filed_before_it_is_listed(estate: "Estate") -> None:
    a_day(estate)
    began = NOW - timedelta(minutes=540)
    report = reported(estate, "pauses", NOW, **{"from": began.isoformat()})
    assert report["total"]["pauses"] == 6
    assert sum(is_listed(estate, group, NOW) for group in report["groups"]) > 6


def test_a_manager_of_one_community_finds_its_jobs_alone(estate: "Estate") -> None:
    community = a_day(estate)
    estate.join("local", "manager", community_ids=(community,))
    report = reported(estate, "pauses", NOW, "local", group_by="community")
    assert by_key(report)[community]["behind"]["pauses"]["tickets"] == 2
    assert all(is_listed(estate, group, NOW, "local") for group in groups_of(report))
    elsewhere = reported(estate, "pauses", NOW, group_by="community")["total"]["behind"]["pauses"]["link"]
    with testing.at(NOW):
        assert len(follow(estate, elsewhere, "local")) == 2


@pytest.mark.parametrize("grouping", REPORTS["acts"].groupings)
def test_jobs_with_acts_told_later_are_listed(estate: "Estate", worker_engine: Engine, grouping: str) -> None:
    ticket, other, _ = claimed(estate), claimed(estate), claimed(estate)
    sweep(worker_engine)
    act(estate, ticket, "arrive", NOON + 20 * MINUTE, NOON + 3 * HOUR)
    act(estate, ticket, "start", NOON + 30 * MINUTE, NOON + 3 * HOUR + MINUTE)
    act(estate, other, "arrive", NOON - DAY - 2 * HOUR, NOON + HOUR)
    act(estate, other, "comments", NOON + 5 * MINUTE, NOON + 2 * HOUR, body="在路上")
    whole = reported(estate, "acts", NOON + 3 * DAY, group_by=grouping)
    assert (whole["total"]["acts"], whole["total"]["behind"]["acts"]["tickets"]) == (4, 2)
    # Filed before the period, and told of in it.
    late = reported(estate, "acts", NOON + 3 * DAY, group_by=grouping, **{"from": (NOON + 150 * MINUTE).isoformat()})
    assert (late["total"]["acts"], late["total"]["behind"]["acts"]["tickets"]) == (2, 1)
    for report in (whole, late):
        assert all(is_listed(estate, group, NOON + 3 * DAY) for group in groups_of(report))
    assert follow(estate, late["total"]["behind"]["counted_back"]["link"]) == {ticket["id"]}


def test_complaints_are_listed_however_they_are_grouped_and_narrowed(estate: "Estate", worker_engine: Engine) -> None:
    a_month_of_complaints(estate, worker_engine)
    same = ("identified", "unidentified", "closed", "escalated", "escalated_unjudged")
    for query in ({"group_by": "cause"}, {"group_by": "month", "community_id": estate.community_id},
                  {"group_by": "emotion", "cause": "staff_conduct", "emotion": "angry"}):  # fmt: skip
        report = reported(estate, "complaints", None, **query)
        for group in groups_of(report):
            assert is_listed(estate, group, None, same=same)
            figures = {**group, "approvals_decided": group["approvals_in_time"]}
            for name, of in (("settled_on_first_contact", "identified"), ("avoidable_escalations", "escalated_judged"),
                             ("justified", "judged"), ("approvals_in_time", "approvals_decided")):  # fmt: skip
                assert figures[name]["count"] == group["behind"][name]["tickets"]
                assert figures[name]["n"] == group["behind"][of]["tickets"]
            assert group["n"] == group["behind"]["complaints"]["tickets"]
            for step, took in group["steps"].items():
                assert took["n"] == group["behind"][step]["tickets"]
    assert reported(estate, "complaints", None, cause="policy")["total"]["behind"]["complaints"]["tickets"] == 0


@pytest.fixture
def desk(estate: "Estate", worker_engine: Engine) -> Desk:
    """Return a desk at which residents were told how long they would wait, some of them twice."""
    found = Desk(estate, worker_engine, seed=5)
    found.lives_through(range(6))
    columns = wait_estimates.c.keys()
    with worker_engine.begin() as db:
        for seq in (2, 3):
            told = [
                {name: one[name] for name in columns} | {"seq": seq, "moved": "later"} for one in found.given[:60:7]
            ]
            db.execute(insert(wait_estimates), told)
    return found


def test_requests_whose_waits_were_told_are_listed(desk: Desk) -> None:
    for at in (day(DAYS + 30), day(3) + timedelta(hours=3)):
        for grouping in ("horizon", "item", "month"):
            report = reported(desk.estate, "waits", at, group_by=grouping, **desk.period(0, 5))
            again = [one["updates"] for one in report["total"]]
            assert [one["behind"]["given"]["tickets"] * 2 for one in again] == [one["given"] for one in again] != [0, 0]
            for group in groups_of(report):
                same = tuple(name for name in group["behind"] if group is report["total"][0]["first"])
                is_listed(desk.estate, group, at, same=same)
            assert report["total"][0]["first"]["behind"]["without"]["tickets"] + report["total"][0]["first"]["given"]


def test_clocks_of_a_need_level_are_listed(estate: "Estate") -> None:
    jobs(estate, 1, 3)
    jobs(estate, 1, 2, late=True)
    since = EVENING - timedelta(days=1)
    for query in ({}, {"from": since.isoformat()}):
        for level in attained(estate, **query)[estate.community_id]["levels"]:
            for clock in level["clocks"].values():
                for name, count in clock["filed_in_period"].items():
                    assert clock["behind"][name]["tickets"] <= count
                with testing.at(EVENING):
                    is_listed(estate, clock, EVENING)
    resolve = attained(estate)[estate.community_id]["levels"][0]["clocks"]["resolve"]
    assert {name: one["tickets"] for name, one in resolve["behind"].items()} == {
        "met": 3, "breached": 2, "open_overdue": 0, "decided": 5,
    }  # fmt: skip
    assert (resolve["low"], resolve["high"]) == (pytest.approx(0.2307, abs=1e-3), pytest.approx(0.8824, abs=1e-3))


def announced(estate: "Estate", link: str) -> list[dict[str, Any]]:
    """Return all of a list of announcements, two a page."""
    path, found = link.removeprefix("/api/v1") + "&limit=2", []
    while path:
        answer = at_desk(estate, "manager", "GET", path)
        assert answer.status_code == 200, answer.json
        found += answer.json["items"]
        more = answer.headers.get("Link")
        path = more.split(">")[0].removeprefix("</api/v1") if more else ""
    return found


@pytest.mark.parametrize("grouping", ANNOUNCEMENT_GROUPINGS)
def test_announcements_and_what_was_joined_to_them_are_listed(estate: "Estate", grouping: str) -> None:
    with_periods(estate)
    with testing.at(MONDAY):
        work = estate.file("全楼停水", "resident", catalogue_code="water-outage")
        same = estate.file("家里没水", "neighbour", catalogue_code="water-outage")
        estate.post("dispatcher", f"/tickets/{same['id']}/join", {"to": work["id"]})
    published(estate, ticket_id=work["id"])
    published(estate, late_because="水务公司今早才通知", starts_at=(MONDAY + 5 * HOUR).isoformat())
    called_off = published(estate, kind="notice", unit_ids=[estate.home])
    answer = at_desk(estate, "dispatcher", "POST", f"{called_off}/withdraw", {"reason": "改期"})
    assert answer.status_code == 200, answer.json
    at_desk(estate, "resident", "POST", f"{called_off}/read")
    period = {"from": (MONDAY - DAY).isoformat(), "to": (MONDAY + DAY).isoformat()}
    report = reported(estate, "announcements", MONDAY, group_by=grouping, **period)
    for group in groups_of(report):
        is_listed(estate, group, MONDAY, same=("joined",))
        counts = {name: group[name] for name in ("published", "bound", "late")}
        for name, count in {**counts, "in_time": group["in_time"]["count"]}.items():
            assert len(announced(estate, group["announcements"][name])) == count, name
        homes = announced(estate, group["announcements"]["published"])
        assert sum(one["households_told"] for one in homes) == group["households_told"]
        assert sum(one["households_read"] for one in homes) == group["households_read"]["count"]
    total = report["total"]
    assert (total["published"], total["bound"], total["late"], total["joined"]) == (3, 2, 1, 1)
    nothing = reported(estate, "announcements", MONDAY, **{"from": (MONDAY + DAY).isoformat()})["total"]
    assert (nothing["in_time"]["share"], nothing["households_read"]["low"]) == (None, None)


def test_residents_do_not_sort_announcements_by_what_the_desk_answers_for(estate: "Estate") -> None:
    for name in ("bound", "in_time"):
        is_problem(estate.get("resident", f"/announcements?{name}=true"), 403)
        assert fields_of(estate.get("manager", f"/announcements?{name}=perhaps")) == {name}


def test_what_stands_behind_a_report_is_for_those_who_read_it(estate: "Estate") -> None:
    for name in ("resident", "crew", "dispatcher"):
        is_problem(estate.get(name, "/tickets?figure=complaints.justified"), 403)
    for name in ("manager", "admin"):
        assert estate.get(name, "/tickets?figure=complaints.justified").json == {"items": []}


WRONG = {
    "figure=pauses.late": "figure",
    "figure=pauses.": "figure",
    "group_by=member&group=x": "group_by",
    "group=x": "group",
    "figure=pauses.pauses&group_by=cause&group=x": "group_by",
    "figure=pauses.pauses&group_by=member": "group",
    "figure=pauses.pauses&group=x": "group",
    "figure=pauses.pauses&cause=policy": "cause",
    "cause=policy": "cause",
    "figure=complaints.justified&emotion=glad": "emotion",
}


@pytest.mark.parametrize("query", WRONG)
def test_a_figure_that_there_is_not_is_named(estate: "Estate", query: str) -> None:
    answer = estate.get("manager", f"/tickets?{query}")
    assert answer.status_code == 422
    assert fields_of(answer) == {WRONG[query]}


@pytest.mark.parametrize(
    "group", ["none", "x", "0", "2026-13", "' OR 1=1", "%", "0193b3f2-1111-7000-8000-00000000000c"]
)
def test_a_group_that_there_is_not_has_no_tickets(estate: "Estate", group: str) -> None:
    estate.file()
    for figure in FIGURES:
        for grouping in REPORTS[figure.partition(".")[0]].groupings if figure.endswith(("s", "judged")) else ():
            query = urlencode({"figure": figure, "group_by": grouping, "group": group})
            answer = estate.get("manager", f"/tickets?{query}")
            assert answer.status_code == 200, (figure, grouping, answer.json)


def names_of_items(estate: "Estate", language: str) -> dict[str, str]:
    """Return the names by code of the items that a report by item has, as its reader is told them."""
    found = estate.get("manager", "/reports/sla?group_by=item", Accept_Language=language).json or {}
    return {group["key"]: group["name"] for group in found["groups"]}


def test_figures_by_item_have_its_name_in_the_readers_language(estate: "Estate") -> None:
    _, before = lived_through(estate)
    chinese, english = (names_of_items(estate, language) for language in ("zh-CN", "en"))
    items = {one["code"]: one["name"] for one in (estate.get("manager", "/catalogue").json or {})["items"]}
    assert len(chinese) > 2
    assert chinese == {code: items[code]["zh-CN"] for code in chinese}
    assert english == {code: items[code]["en"] for code in english}
    for code in chinese:
        report = reported(estate, "sla", None, item=code, group_by="organisation", **{"from": before.isoformat()})
        (group,) = report["groups"]
        assert report["item"] == code
        assert parse_qs(urlsplit(group["tickets"]).query)["item"] == [code]
        listed = follow(estate, group["tickets"])
        assert len(listed) == group["filed"]
        for kind, figures in group["clocks"].items():
            for verdict, link in figures["tickets"].items():
                found = follow(estate, link)
                assert (len(found), found - listed) == (figures["tickets_counted"][verdict], set()), (code, kind)


def test_an_item_is_that_of_the_request_as_it_is_now(estate: "Estate") -> None:
    ticket = estate.file("楼道灯不亮了")
    before = reported(estate, "sla", None, group_by="item")["groups"]
    body = {"reason": "是水管", "catalogue_code": "water-leak-pipe"}
    estate.step("dispatcher", ticket, "override", body, If_Match="*")
    after = reported(estate, "sla", None, group_by="item")["groups"]
    assert ([one["key"] for one in after], len(before)) == (["water-leak-pipe"], 1)
    assert before[0]["key"] != "water-leak-pipe"
    assert after[0]["filed"] == 1
