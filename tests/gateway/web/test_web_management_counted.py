"""What a figure of voices and notices counts, on the page behind it; satisfaction month by month; and the tables."""

import csv
import io
import re
from typing import Any
from urllib.parse import urlsplit

import pytest
from flask import Flask
from openpyxl import load_workbook

from tests.gateway.conftest import Answer, FakeService, Organisation, json_answer
from tests.gateway.web.pages import Browser, answers, browser, query_of, text_of

GARDEN = "0193b3f2-1111-7000-8000-00000000000c"
JOB = "0193b3f2-1111-7000-8000-00000000000a"
HOME = "0193b3f2-1111-7000-8000-00000000000b"
PLACES = {"items": [{"id": GARDEN, "name": "Garden", "timezone": "Asia/Shanghai"}]}
WAYS = ("asked", "concluded", "answered", "proxy", "silent", "open", "withdrawn")
LINK = "/api/v1/reports/satisfaction/behind?community_id=" + GARDEN


def figure(value: float | None, n: int) -> dict[str, Any]:
    interval = None if value is None else {"low": value - 0.1, "high": value + 0.1, "method": "wilson", "level": 0.95}
    return {"value": value, "n": n, "interval": interval}


def voice(**which: str) -> dict[str, Any]:
    """One community's or month's voice: nine asked, six answered, two silent."""
    ratings = {str(mark): mark % 2 for mark in range(1, 6)}
    said = {"solved": figure(0.5, 6), "csat": figure(0.75, 4), "ratings": ratings}
    names = (*WAYS, "rated", "unhappy", *(f"{who}rated_{mark}" for who in ("", "proxies_") for mark in ratings))
    estimate = {
        "kind": "estimate", "code": "unhappy_tell", "says": {"en": "One tells ten", "zh-CN": "口口相传"},
        "source": {"en": "decks", "zh-CN": "课件"}, "counts": {"en": "heard of it", "zh-CN": "听说的人"},
        "computed_from": {"what": "unhappy", "n": 3}, "low": 30, "high": 36,
    }  # fmt: skip
    return {
        **which,
        "return_visits": {
            "asked": 9, "answered": 6, "proxy": 0, "silent": 2, "open": 1, "withdrawn": 0,
            "response_rate": figure(0.7, 8), "silence_rate": figure(0.25, 8),
        },
        "household": {**said, "nps": figure(None, 0), "ces": figure(None, 0), "servqual": {"empathy": figure(None, 0)}},
        "proxies": {"n": 0, **said},
        "estimates": [estimate],
        "behind": {name: f"{LINK}&figure={name}" for name in names},
    }  # fmt: skip


@pytest.fixture
def manager(app: Flask, services: dict[str, FakeService], organisation: Organisation) -> Browser:
    """Return a manager's browser at a desk where households said something."""
    report = {"communities": [voice(community_id=GARDEN)], "months": [voice(month="2026-10")], "total": voice()}
    job = {
        "id": JOB, "title": "Leak", "number": "N-1", "status": "completed", "unit_name": "1-101", "location": None,
        "community_id": GARDEN, "community_name": "Garden", "urgency": "urgent", "need_level": 1,
    }  # fmt: skip
    home = {"id": HOME, "name": "101", "building": "1栋"}
    answers(services["tickets"], {"/communities": PLACES, "/tickets": {"items": [job]}, "/units": {"items": [home]}})
    answers(services["surveys"], {"/reports/satisfaction": report})
    found = browser(app)
    found.sign_in(organisation.open("manager")["login"])
    return found


def counted(**changes: Any) -> dict[str, Any]:
    nothing = {"kind": None, "late_seconds": None, "said": None, "ticket_number": "N-1", "unit_id": HOME}
    row = {"ticket_id": JOB, "community_id": GARDEN, "at": "2026-11-01T00:00:00+00:00", "state": "answered"}
    return {**row, **nothing, **changes}


def test_satisfaction_is_shown_by_month_and_by_community_with_pictures_and_tables(
    manager: Browser, services: dict[str, FakeService]
) -> None:
    shown = manager.open(f"/manage/satisfaction?community_id={GARDEN}")
    said = text_of(shown)
    assert len(re.findall(r"<svg[^>]*pygal", shown.text)) == 2
    assert all(one in said for one in ("2026-10", "Garden", "75 %", "(65 % – 85 %)", "25 %"))
    asked = [query_of(one) for one in services["surveys"].asked]
    assert sorted(one.get("group_by", ["community"])[0] for one in asked) == ["community", "month"]
    assert {one["community_id"][0] for one in asked} == {GARDEN}
    monthly = next(one for one in asked if "group_by" in one)
    assert monthly["from"][0] < next(one for one in asked if "group_by" not in one)["from"][0]


def test_every_count_of_voices_leads_to_what_it_counts(manager: Browser) -> None:
    shown = manager.open("/manage/satisfaction")
    links = re.findall(r'href="/manage/satisfaction/behind\?([^"]*)"[^>]*>(\d+)<', shown.text)
    named = {(query.rpartition("figure=")[2], n) for query, n in links}
    assert {("asked", "9"), ("answered", "6"), ("silent", "2"), ("open", "1"), ("concluded", "8"), ("rated", "4"),
            ("unhappy", "3"), ("rated_5", "1")} <= named  # fmt: skip
    assert not {name for name, _ in named} & {"proxy", "withdrawn"}, "nothing leads nowhere"


def test_the_number_beside_a_gap_leads_to_the_deadlines_or_promises_it_is_a_share_of(
    manager: Browser, services: dict[str, FakeService]
) -> None:
    def gap(code: str, n: int, *names: str, **more: Any) -> dict[str, Any]:
        behind = {name: f"/api/v1/reports/gaps/behind?figure={name}" for name in names}
        told = {"gap": n, "code": code, "name": {"en": code}, "between": {"en": code}, "unit": "share", "data": {}}
        return {**told, "figure": figure(0.5, n), "details": [], "to_close": None, "behind": behind, **more}

    clocks = ("clocks_decided", "clocks_ended_late")
    attend = {
        "clock": "attend", "met": 0, "breached": 0, "running_late": 0, "missed": figure(0.5, 33),
        "hours_late": figure(2.0, 44), "behind": {one: f"/api/v1/reports/gaps/behind?figure={one}" for one in clocks},
    }  # fmt: skip
    gaps = [gap("dispensary", 11, *clocks, details=[attend]), gap("communication", 22, "promises_judged")]
    answers(
        services["surveys"],
        {"/reports/gaps": {"communities": [{"community_id": GARDEN, "gaps": gaps}], "rules_of_thumb": []}},
    )
    links = re.findall(r'href="/manage/gaps/behind\?figure=(\w+)">(\d+)<', manager.open("/manage/gaps").text)
    assert sorted(links) == [
        ("clocks_decided", "11"), ("clocks_decided", "33"), ("clocks_ended_late", "44"), ("promises_judged", "22"),
    ]  # fmt: skip


def test_the_overview_says_how_content_households_are(manager: Browser, services: dict[str, FakeService]) -> None:
    away = json_answer({"code": "unavailable", "detail": "away"}, 503)
    reports = dict.fromkeys(("/reports/attainment", "/reports/sla", "/complaints"), away)
    answers(services["tickets"], {"/communities": PLACES, **reports})
    answers(services["notify"], {"/incidents": away})
    shown = manager.open("/manage")
    assert "Content (4 or 5 of 5) 75 % (65 % – 85 %) n = 4" in text_of(shown)
    assert f"/manage/satisfaction/behind?community_id={GARDEN}&amp;figure=rated" in shown.text


def test_a_list_shows_each_with_its_job_and_says_that_words_are_on_record(
    manager: Browser, services: dict[str, FakeService]
) -> None:
    words = {"answered_by": "household", "solved": False, "satisfaction": 2, "comment": "Still leaking"}
    answers(services["surveys"], {"/reports/satisfaction/behind": {"items": [counted(said=words)]}})
    shown = manager.open(f"/manage/satisfaction/behind?figure=unhappy&community_id={GARDEN}")
    said = text_of(shown)
    assert "Satisfaction: not solved, or a mark of 1 or 2" in said
    assert "Counted here: 1" in said
    assert "Mark: 2 of 5 · it is not solved" in said
    assert "Still leaking" in said
    assert "shown on record" in said
    assert "Garden 1栋 101" in said
    assert f'href="/manage/tickets/{JOB}"' in shown.text
    asked = {urlsplit(one["path"]).path: query_of(one) for one in services["tickets"].asked[-3:]}
    assert asked["/api/v1/tickets"]["id"] == [JOB]
    assert asked["/api/v1/units"]["id"] == [HOME]


@pytest.mark.parametrize(
    ("report", "query", "row", "words"),
    [
        ("gaps", "figure=clocks_missed&clock=resolve", {"kind": "resolve", "state": "breached", "late_seconds": 5400.0},
         ("Five gaps: deadlines missed", "Solving: missed", "late by 1 h 30 min")),
        ("gaps", "figure=promises_kept", {"state": "kept"}, ("promises kept", "✓ kept")),
        ("recovery", f"figure=bad&unit_id={HOME}", {"state": "bad"}, ("Recovery: bad services",)),
        ("satisfaction", "figure=proxies_rated_5", {}, ("said in their place: gave a mark: 5",)),
    ],
)  # fmt: skip
def test_a_list_names_its_figure_and_what_came_of_each(
    manager: Browser, services: dict[str, FakeService], report: str, query: str, row: dict[str, Any],
    words: tuple[str, ...],
) -> None:  # fmt: skip
    answers(services["surveys"], {f"/reports/{report}/behind": {"items": [counted(**row)]}})
    said = text_of(manager.open(f"/manage/{report}/behind?{query}"))
    assert all(one in said for one in words), said


def test_a_notice_is_named_also_where_it_is_about_no_job(manager: Browser, services: dict[str, FakeService]) -> None:
    names = {"en": "an announcement", "zh-CN": "公告发布"}
    telling = {
        **counted(ticket_id=None, ticket_number=None, kind="announcement.published", state="late", late_seconds=60.0),
        "name": names, "audience": "owner", "target_at": "2026-11-01T01:00:00+00:00", "told_at": None,
        "urgency": "urgent", "need_level": 1,
    }  # fmt: skip
    del telling["unit_id"]
    answers(services["notify"], {"/reports/told/behind": {"items": [telling]}})
    said = text_of(manager.open("/manage/told/behind?figure=late&group_by=urgency&group=urgent"))
    assert "Told in time: told late" in said
    assert "an announcement · whoever has the job" in said


def test_kinds_of_notices_are_called_by_their_names(manager: Browser, services: dict[str, FakeService]) -> None:
    row = {
        "group": "ticket.arrived", "name": {"en": "somebody is there", "zh-CN": "已到场"},
        "n": 4, "in_time": 3, "late": 1,
        "waiting": 0, "overdue": 0, "undelivered": 0, "read": 2, "in_time_share": 0.75, "low": 0.3, "high": 0.95,
        "seconds": {"p50": 20.0, "p90": 60.0, "p99": 90.0},
        "behind": {name: f"/api/v1/reports/told/behind?figure={name}" for name in
                   ("n", "in_time", "late", "waiting", "overdue", "undelivered", "read")},
    }  # fmt: skip
    answers(services["notify"], {"/reports/told": {"items": [row], "group_by": "kind", "terms_version": 1}})
    shown = manager.open("/manage/told?group_by=kind")
    said = text_of(shown)
    assert "somebody is there" in said
    assert "ticket.arrived" not in said
    assert "(30 % – 95 %)" in said
    assert "/manage/told/behind?figure=late" in shown.text
    assert "/manage/export/told.xlsx" in shown.text


TABLE = (
    f'\ufeff"As of","Community id","Home id","Value","List"\r\n"2026-11","{GARDEN}","{HOME}","-0.5","/x?{GARDEN}"\r\n'
    f'"2026-11","{JOB}","","12","=1"\r\n'
)
FILE = {"Content-Type": "text/csv; charset=utf-8", "Content-Disposition": 'attachment; filename="gaps-2026-11-22.csv"'}
NAMED = [
    ("As of", "Community id", "Name", "Home id", "Name", "Value", "List"),
    ("2026-11", GARDEN, "Garden", HOME, "1栋 101", -0.5, f"/x?{GARDEN}"),
    ("2026-11", JOB, None, None, None, 12, "=1"),
]


@pytest.mark.parametrize("report", ["satisfaction", "gaps", "recovery", "told"])
def test_the_tables_of_voices_and_notices_say_names_beside_ids(
    manager: Browser, services: dict[str, FakeService], report: str
) -> None:
    service = services["notify" if report == "told" else "surveys"]
    answers(service, {f"/reports/{report}": Answer(200, TABLE.encode(), FILE)})
    kept = manager.open(f"/manage/export/{report}.xlsx?community_id={GARDEN}")
    assert kept.status_code == 200
    assert kept.headers["Content-Disposition"] == 'attachment; filename="gaps-2026-11-22.xlsx"'
    assert kept.headers["Cache-Control"] == "private, no-store"
    assert query_of(service.asked[-1]) == {"community_id": [GARDEN], "format": ["csv"]}
    page: Any = load_workbook(io.BytesIO(kept.data)).active
    assert list(page.iter_rows(values_only=True)) == NAMED
    assert page.cell(3, 7).data_type == "s", "text stays text"


def test_a_table_of_voices_as_csv_has_the_names_and_no_formula(
    manager: Browser, services: dict[str, FakeService]
) -> None:
    answers(services["surveys"], {f"/campaigns/{GARDEN}/report": Answer(200, TABLE.encode(), FILE)})
    kept = manager.open(f"/manage/campaigns/{GARDEN}/report.csv").data.decode("utf-8-sig")
    heading, first, second = csv.reader(io.StringIO(kept))
    assert (tuple(heading), first[2], first[4], first[5], second[-1]) == (NAMED[0], "Garden", "1栋 101", "-0.5", "'=1")
    assert manager.open(f"/manage/campaigns/{GARDEN}/report.pdf").status_code == 404


def test_a_table_that_is_refused_is_refused(manager: Browser, services: dict[str, FakeService]) -> None:
    answers(
        services["surveys"], {"/reports/gaps": json_answer({"code": "invalid", "detail": "no", "status": 422}, 422)}
    )
    assert manager.open("/manage/export/gaps.xlsx?from=x").status_code == 422


def test_there_is_no_list_of_what_is_no_report(manager: Browser) -> None:
    assert manager.open("/manage/sla/behind?figure=met").status_code == 404
