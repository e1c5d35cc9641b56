"""The figures of managers without a browser: what the desk says is on the page, and each count leads to its jobs."""

import re
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from flask import Flask

from tests.gateway.conftest import FakeService, Organisation, json_answer
from tests.gateway.web.pages import Browser, answers, browser, query_of, text_of

GARDEN = "0193b3f2-1111-7000-8000-00000000000c"
PLACES = {"items": [{"id": GARDEN, "name": "Garden", "timezone": "Asia/Shanghai"}]}
VERDICTS = ("met", "breached", "open_overdue", "open_in_time", "unknown", "void", "decided")
TIMED = ("timed_contract", "timed_lived")
BREACHED = f"/api/v1/tickets?community_id={GARDEN}&clock=resolve&verdict=breached"


def clock(**counts: int) -> dict[str, Any]:
    """One kind of clock as the report on deadlines has it."""
    numbers = dict.fromkeys(VERDICTS, 0) | counts
    links = {name: f"/api/v1/tickets?clock=resolve&verdict={name}" for name in (*VERDICTS, *TIMED)}
    spread = {"n": numbers["decided"], "p50": 5400.0, "p90": 9000.0, "p95": 9500.0}
    share = numbers["met"] / numbers["decided"] if numbers["decided"] else None
    jobs = numbers | dict.fromkeys(TIMED, numbers["decided"])
    return numbers | {
        "tickets_counted": jobs, "tickets": links, "met_share": share, "contract": spread, "lived": spread,
        "pause_share": 0.25, "carried_over": None, "overridden": 0, "low": 0.3, "high": 0.954,
    }  # fmt: skip


def sla(clocks: dict[str, Any], key: str | None = None, name: str | None = None) -> dict[str, Any]:
    """The report on deadlines with one group."""
    figures = {"filed": 9, "tickets": "/api/v1/tickets?", "clocks": clocks}
    whole = figures | {"resolution": None, "promises": None, "flawless": None}
    return {"groups": [whole | {"key": key, "name": name}], "total": whole}


def level(n: int, verdict: str, share: float | None) -> dict[str, Any]:
    """A need level without a clock of its own."""
    counts = {"met": 1, "breached": 1, "open_overdue": 0, "decided": 2}
    jobs = {"tickets": 1, "link": f"/api/v1/tickets?need_level={n}&verdict=decided"}
    late = {"tickets": 1, "link": f"/api/v1/tickets?need_level={n}&verdict=open_overdue"}
    return counts | {
        "decided_in_period": 1, "carried_over": 1, "behind": {"decided_in_period": jobs, "carried_over": late},
        "need_level": n, "need": "x", "verdict": verdict, "met_share": share, "needed_share": 0.95, "least_decided": 5,
        "clocks": {}, "low": None, "high": None,
    }  # fmt: skip


def attainment() -> dict[str, Any]:
    """A community that attained its second level, and is kept from the third."""
    verdicts = (("met", 0.98), ("met", 0.96), ("missed", 0.5), ("no_evidence", None), ("met", 1.0))
    blocked = {
        "need_level": 3, "clock": None, "sentence": {"en": "Level 3 is missed.", "zh-CN": "第3级未达标。"},
        "tickets": BREACHED, "carried_over_tickets": None,
    }  # fmt: skip
    return {
        "communities": [
            {
                "community_id": GARDEN,
                "name": "Garden",
                "policy_version": "own-1",
                "attained_level": 2,
                "without_gaps": 2,
                "levels": [level(n, *one) for n, one in enumerate(verdicts, 1)],
                "blocked_by": blocked,
            }
        ]
    }


@pytest.fixture
def manager(app: Flask, services: dict[str, FakeService], organisation: Organisation) -> Browser:
    """Return a manager's browser at a desk with one community."""
    reports = {
        "/communities": PLACES,
        "/complaints": {"items": []},
        "/reports/attainment": attainment(),
        "/reports/sla": sla({"resolve": clock(met=3, breached=1, decided=4)}, "2026-11", "2026-11"),
    }
    answers(services["tickets"], reports)
    answers(services["notify"], {"/incidents": {"items": []}})
    answers(services["surveys"], {"/reports/satisfaction": json_answer({"code": "unavailable", "detail": "away"}, 503)})
    found = browser(app)
    found.sign_in(organisation.open("manager")["login"])
    return found


def asked(fake: FakeService, path: str) -> list[dict[str, list[str]]]:
    """Return the queries by which a fake was asked for a path."""
    return [query_of(one) for one in fake.asked if urlsplit(one["path"]).path == f"/api/v1{path}"]


def test_the_pyramid_shows_what_the_desk_says(manager: Browser) -> None:
    shown = manager.open("/manage")
    said = text_of(shown)
    assert "Attained level 2 of 5" in said
    assert "Level 3 is missed." in said
    tiers = re.findall(r'class="tier-(\w+)"', shown.text)
    assert tiers == ["met", "no_evidence", "missed", "attained", "attained"]
    assert all(share in said for share in ("✓ 98 %", "✓ 96 %", "✕ 50 %"))
    assert f"/manage/tickets?{urlsplit(BREACHED).query}".replace("&", "&amp;") in shown.text
    for n in range(1, 6):
        for verdict in ("decided", "open_overdue"):
            assert f'href="/manage/tickets?need_level={n}&amp;verdict={verdict}">1</a>' in shown.text


def test_the_period_is_whole_days_in_the_zone_of_the_community(
    manager: Browser, services: dict[str, FakeService]
) -> None:
    manager.open(f"/manage/levels?period=days&from=2026-10-05&to=2026-10-07&community_id={GARDEN}")
    for query in asked(services["tickets"], "/reports/sla")[-2:]:
        assert query["from"] == ["2026-10-05T00:00:00+08:00"]
        assert query["to"] == ["2026-10-08T00:00:00+08:00"]
        assert query["community_id"] == [GARDEN]


@pytest.mark.parametrize("days", ["from=2026-13-01&to=2026-10-07", "from=2026-10-07&to=2026-10-05", "from=x", ""])
def test_days_that_there_are_not_are_said_and_this_month_is_shown(manager: Browser, days: str) -> None:
    shown = manager.open(f"/manage/levels?period=days&{days}")
    assert shown.status_code == 200
    assert "Give both days, the first not after the last." in text_of(shown)


def test_every_count_leads_to_its_jobs_and_nothing_leads_nowhere(manager: Browser) -> None:
    shown = manager.open("/manage/levels")
    links = re.findall(r'href="/manage/tickets\?([^"]*)"[^>]*>(\d+)', shown.text)
    counts = {(parse_qs(query.replace("&amp;", "&")).get("verdict", [""])[0], n) for query, n in links}
    assert counts == {("met", "3"), ("breached", "1"), ("", "9")} | {(n, "4") for n in ("decided", *TIMED)}


def test_the_trend_is_a_picture_without_styles_and_scripts_beside_its_table(manager: Browser) -> None:
    shown = manager.open("/manage/trend")
    pictures = re.findall(r"<svg[^>]*pygal.*?</svg>", shown.text, re.S)
    assert len(pictures) == 2
    for picture in pictures:
        assert len(re.findall("<circle", picture)) in (1, 2)
        assert not re.search(r"style|<script|<title|http(?!://www\.w3\.org/2000/svg)", picture)
        assert 'aria-hidden="true"' in picture
    assert "75 %" in text_of(shown)
    assert "1 h 30 min" in text_of(shown)


def test_a_service_that_is_not_answering_leaves_the_rest(manager: Browser, services: dict[str, FakeService]) -> None:
    answers(services["notify"], {"/incidents": json_answer({"code": "unavailable", "detail": "away"}, 503)})
    shown = manager.open("/manage")
    assert shown.status_code == 200
    assert "Attained level" in text_of(shown)


def test_a_table_is_handed_on_in_the_language_of_the_page(manager: Browser, services: dict[str, FakeService]) -> None:
    answers(services["tickets"], {"/reports/sla": json_answer({"a": 1}), "/communities": PLACES})
    kept = manager.open("/manage/export/sla.csv?from=2026-10-05T00:00:00%2B08:00&group_by=crew")
    assert kept.status_code == 200
    assert kept.headers["Content-Disposition"].startswith("attachment")
    assert kept.headers["Cache-Control"] == "private, no-store"
    last = services["tickets"].asked[-1]
    assert query_of(last) == {"from": ["2026-10-05T00:00:00+08:00"], "group_by": ["crew"], "format": ["csv"]}
    assert last["headers"]["accept-language"] == "en"


@pytest.mark.parametrize("name", ["sla.pdf", "views.csv", "nothing.xlsx"])
def test_there_is_no_table_of_what_cannot_be_one(manager: Browser, name: str) -> None:
    assert manager.open(f"/manage/export/{name}").status_code == 404


def test_what_a_link_says_is_for_the_desk_to_judge(manager: Browser, services: dict[str, FakeService]) -> None:
    answers(services["tickets"], {"/tickets": {"items": []}, "/communities": PLACES})
    assert manager.open("/manage/tickets?path=x&method=y&self=z").status_code == 200
    assert asked(services["tickets"], "/tickets")[-1]["path"] == ["x"]


def test_a_list_of_jobs_says_how_many_there_are(manager: Browser, services: dict[str, FakeService]) -> None:
    job = {
        "id": GARDEN, "title": "Leak", "number": "N-1", "status": "filed", "urgency": "urgent", "need_level": 1,
        "community_id": GARDEN, "community_name": "Garden", "unit_name": "1-101", "location": None,
        "filed_at": "2026-11-01T00:00:00+00:00", "owner": {"name": None},
    }  # fmt: skip
    answers(services["tickets"], {"/tickets": {"items": [job, job]}, "/communities": PLACES})
    said = text_of(manager.open("/manage/tickets?clock=resolve&verdict=breached&need_level=1"))
    assert "Jobs: 2" in said
    assert "Clock: Solving" in said
    assert "Stands: Too late" in said
    assert asked(services["tickets"], "/tickets")[-1] == {
        "clock": ["resolve"], "verdict": ["breached"], "need_level": ["1"], "limit": ["50"],
    }  # fmt: skip


@pytest.mark.parametrize(("over", "said"), [("false", "Still to be done"), ("true", "Over")])
def test_a_list_of_jobs_that_are_over_or_not_is_called_no_figure(
    manager: Browser, services: dict[str, FakeService], over: str, said: str
) -> None:
    answers(services["tickets"], {"/tickets": {"items": []}, "/communities": PLACES})
    shown = manager.open(f"/manage/tickets?over={over}")
    assert "<h1>Jobs</h1>" in shown.text
    assert f"Progress: {said}" in text_of(shown)


def test_a_list_behind_a_figure_says_which_and_of_which_group(
    manager: Browser, services: dict[str, FakeService]
) -> None:
    crew = "0193b3f2-1111-7000-8000-0000000000cc"
    items = [{"code": "pipe-burst", "name": {"en": "Burst pipe", "zh-CN": "水管爆裂"}}]
    staff = {"items": [{"id": crew, "badge": "Worker 7"}]}
    lists = {"/tickets": {"items": []}, "/staff": staff, "/catalogue": {"items": items}, "/communities": PLACES}
    answers(services["tickets"], lists)
    said = text_of(manager.open(f"/manage/tickets?figure=pauses.objected&group_by=member&group={crew}"))
    assert "Figure: Pauses · Objected to" in said
    assert "Member: Worker 7" in said
    said = text_of(manager.open("/manage/tickets?figure=waits.attend.first.late&group_by=item&group=pipe-burst"))
    assert "Figure: Waits · Coming · Told at filing · Late" in said
    assert "Item: Burst pipe" in said
    said = text_of(manager.open("/manage/tickets?figure=complaints.justified&group_by=cause&group=none&emotion=angry"))
    assert "Figure: Complaints · Justified" in said
    assert "Cause: none" in said
    assert "Feeling: ▲ Angry" in said or "Feeling: Angry" in said


def test_shares_of_announcements_and_requests_lead_to_what_they_count(
    manager: Browser, services: dict[str, FakeService]
) -> None:
    listed = f"/api/v1/announcements?published=true&community_id={GARDEN}"
    figures = {
        "published": 3, "bound": 2, "late": 1, "households_told": 40, "joined": 2,
        "in_time": {"n": 2, "count": 1, "share": 0.5, "low": 0.095, "high": 0.905},
        "households_read": {"n": 0, "count": 0, "share": None, "low": None, "high": None},
        "announcements": {name: f"{listed}&{name}=true" for name in ("published", "bound", "in_time", "late")},
        "behind": {"joined": {"tickets": 2, "link": "/api/v1/tickets?figure=announcements.joined"}},
    }  # fmt: skip
    report = {"groups": [figures | {"key": GARDEN, "name": "Garden"}], "total": figures, "late_list": []}
    lists = {"/announcements": {"items": []}, "/communities": PLACES}
    answers(services["tickets"], {"/reports/announcements": report, **lists})
    shown = manager.open("/manage/announcements")
    assert "50 % (9.5 % – 90.5 %) 1 / 2" in text_of(shown)
    links = re.findall(r'href="(/manage/[^"?]*)\?([^"]*)"[^>]*>(\d+)', shown.text)
    counts = {(path, query.rpartition("&amp;")[2], n) for path, query, n in links}
    assert ("/manage/announcements/list", "late=true", "1") in counts
    assert ("/manage/tickets", "figure=announcements.joined", "2") in counts
    assert "/manage/export/announcements.xlsx" in shown.text
    assert "No announcement is counted here." in text_of(manager.open("/manage/announcements/list?in_time=false"))
    assert asked(services["tickets"], "/announcements")[-1] == {"in_time": ["false"], "limit": ["20"]}


def test_agreed_windows_show_how_many_were_kept_and_lead_to_their_jobs(
    manager: Browser, services: dict[str, FakeService]
) -> None:
    became = ("appointments", "kept", "missed", "not_at_home", "replaced", "called_off", "ended", "agreed")
    link = "/api/v1/tickets?figure=appointments."
    some = dict.fromkeys(became, 0) | {
        "appointments": 3, "kept": 2, "missed": 1,
        "kept_share": {"n": 3, "count": 2, "share": 0.667, "low": 0.208, "high": 0.939},
        "behind": {name: {"tickets": 1 if name == "kept" else 0, "link": link + name} for name in became},
    }  # fmt: skip
    none = some | {"kept_share": {"n": 0, "count": 0, "share": None, "low": None, "high": None}}
    report = {"groups": [some | {"key": "repair", "name": None}], "total": none}
    answers(services["tickets"], {"/reports/appointments": report, "/communities": PLACES})
    shown = manager.open("/manage/appointments?group_by=work_type")
    assert "Repair 66.7 % (20.8 % – 93.9 %) 3 (0 jobs) 2 (1 jobs) 1 (0 jobs)" in text_of(shown)
    assert "All – 3" in text_of(shown)
    assert 'href="/manage/tickets?figure=appointments.kept"' in shown.text
    assert "/manage/export/appointments.xlsx?" in shown.text
    answers(services["tickets"], {"/tickets": {"items": []}, "/communities": PLACES})
    assert "Figure: Appointments · Nobody came" in text_of(manager.open("/manage/tickets?figure=appointments.missed"))


def test_a_job_is_shown_with_its_own_status(manager: Browser, services: dict[str, FakeService]) -> None:
    job = {
        "id": GARDEN, "title": "Leak", "number": "N-1", "status": "claimed", "urgency": "urgent", "need_level": 1,
        "work_type": "repair", "community_id": GARDEN, "community_name": "Garden", "unit_name": None,
        "location": "Gate", "description": "Leak", "filed_at": "2026-11-01T00:00:00+00:00",
        "catalogue_name": {"en": "Pipe", "zh-CN": "水管"}, "owner": {"name": "Li", "desk": None},
    }  # fmt: skip
    of_it = f"/tickets/{GARDEN}"
    nothing = {f"{of_it}/clocks": {"items": []}, f"{of_it}/history": {"items": []}}
    answers(services["tickets"], {of_it: job, **nothing, "/communities": PLACES})
    said = text_of(manager.open(f"/manage{of_it}"))
    assert "Taken" in said
    assert "Accountable: Li" in said


def test_words_of_complaints_are_in_the_language_of_each_page(
    manager: Browser, services: dict[str, FakeService]
) -> None:
    one = {
        "ticket_id": GARDEN, "title": "x", "number": "N-1", "community_id": GARDEN, "community_name": "Garden",
        "cause": "desk_error", "severity": "grave", "approval_late_at": None, "approval_due_at": None,
    }  # fmt: skip
    answers(services["tickets"], {"/complaints": {"items": [one]}, "/communities": PLACES})
    for language, said in (("zh-CN", "工作差错"), ("en", "An error of the desk"), ("zh-CN", "工作差错")):
        manager.send("/language", language=language)
        assert said in text_of(manager.open("/manage/approvals"))
