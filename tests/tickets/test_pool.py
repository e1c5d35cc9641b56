"""The crew's pool: most pressing first, and why; every job once, whatever the page."""

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

import pytest

from services.kit import clock, testing
from services.tickets import pool
from services.tickets.catalogue import SKILLS

if TYPE_CHECKING:
    from tests.tickets.conftest import Estate

NOW = datetime(2026, 11, 21, 8, tzinfo=UTC)
RANK = {"emergency": 0, "urgent": 1, "routine": 2}


def pages(estate: "Estate", name: str, path: str) -> list[dict[str, Any]]:
    """Read a list to its end by its Link headers."""
    found: list[dict[str, Any]] = []
    where: str | None = f"/api/v1{path}"
    headers = testing.bearer(estate.people[name])
    while where:
        answer = estate.client.get(where, headers=headers)
        assert answer.status_code == 200, answer.json
        found += answer.json["items"]
        link = answer.headers.get("Link")
        where = link.partition(">")[0].lstrip("<") if link else None
        assert where is None or "after" in parse_qs(urlsplit(where).query)
    return found


def set_to(estate: "Estate", ticket: dict[str, Any], **wanted: Any) -> None:
    """Let the desk set urgency or need level."""
    changes = {name: value for name, value in wanted.items() if ticket[name] != value}
    if changes:
        estate.step("dispatcher", ticket, "override", {"reason": "核对", **changes}, If_Match='"v1"')


def test_urgency_then_need_level_then_time_left_decide(estate: "Estate") -> None:
    cases = [("routine", 1, 0), ("urgent", 5, 0), ("emergency", 2, 0), ("urgent", 1, 0), ("urgent", 1, 50)]
    for urgency, level, minutes_ago in cases:
        with testing.at(clock.now() - timedelta(minutes=minutes_ago)):
            set_to(estate, estate.file("楼道灯不亮了"), urgency=urgency, need_level=level)
    jobs = estate.get("crew", "/pool").json["items"]
    assert [(job["urgency"], job["need_level"]) for job in jobs] == [
        ("emergency", 2), ("urgent", 1), ("urgent", 1), ("urgent", 5), ("routine", 1),
    ]  # fmt: skip
    assert jobs[1]["next_due_at"] < jobs[2]["next_due_at"]


def test_paging_with_ties_yields_every_job_once(estate: "Estate") -> None:
    with testing.at(clock.now()):
        filed = {estate.file("楼道灯不亮了")["id"] for _ in range(11)}
    filed |= {estate.file("厨房水管漏水")["id"] for _ in range(4)}
    for size in (1, 3, 4, 100):
        seen = [job["id"] for job in pages(estate, "crew", f"/pool?limit={size}")]
        assert len(seen) == len(set(seen)) == 15
        assert set(seen) == filed
    whole = pages(estate, "crew", "/pool?limit=100")
    keys = [(RANK[job["urgency"]], job["need_level"], job["next_due_at"], job["id"]) for job in whole]
    assert keys == sorted(keys)


@pytest.mark.parametrize(("path", "rows"), [("/tickets", 7), ("/units", 2)])
def test_every_list_can_be_read_to_its_end(estate: "Estate", path: str, rows: int) -> None:
    with testing.at(clock.now()):
        for _ in range(7):
            estate.file("楼道灯不亮了")
    whole = [row["id"] for row in pages(estate, "manager", f"{path}?limit=100")]
    assert [row["id"] for row in pages(estate, "manager", f"{path}?limit=1")] == whole
    assert len(whole) == len(set(whole)) == rows


def test_a_filter_stays_on_through_the_pages(estate: "Estate") -> None:
    for number in range(5):
        ticket = estate.file()
        if number % 2:
            estate.step("crew", ticket, "claim")
    mine = pages(estate, "crew", "/tickets?owner=me&limit=1&status=claimed")
    assert [row["status"] for row in mine] == ["claimed", "claimed"]


def test_crews_see_what_they_have_a_skill_for(estate: "Estate") -> None:
    leak, lamp = estate.file("厨房水管漏水"), estate.file("楼道灯不亮了")
    estate.join("plumber", "crew", skills=("plumbing",))
    estate.join("novice", "crew")
    assert [job["id"] for job in estate.get("plumber", "/pool").json["items"]] == [leak["id"]]
    assert estate.get("novice", "/pool").json["items"] == []
    for name in ("crew", "dispatcher", "manager"):
        assert {job["id"] for job in estate.get(name, "/pool").json["items"]} == {leak["id"], lamp["id"]}


def test_what_somebody_has_is_not_in_the_pool(estate: "Estate") -> None:
    ticket = estate.step("crew", estate.file(), "claim")
    assert estate.get("colleague", "/pool").json["items"] == []
    estate.step("crew", ticket, "release", {"reason": "太忙"})
    assert [job["id"] for job in estate.get("colleague", "/pool").json["items"]] == [ticket["id"]]


def test_every_job_says_why_it_is_there_in_the_callers_language(estate: "Estate") -> None:
    estate.file("水管爆了，水漫到客厅")
    (job,) = estate.get("crew", "/pool", Accept_Language="en").json["items"]
    assert job["because"][0] == "Urgency: emergency"
    assert job["because"][1].startswith("Need level 1 (physiological)")
    assert job["because"][2].endswith("left to attend")
    (job,) = estate.get("crew", "/pool", Accept_Language="zh-CN").json["items"]
    assert job["because"][:2] == ["紧急程度：紧急", "需求层次 1（生理），同等紧急下层次低者优先"]
    assert job["because"][2].startswith("到场时限还剩")


@pytest.mark.parametrize(
    ("level", "minutes", "chinese", "english"),
    [
        (2, 90, "到场时限还剩1小时30分钟", "1 h 30 min left to attend"),
        (2, 0, "到场时限还剩0分钟", "0 min left to attend"),
        (2, -5, "到场时限已超5分钟", "5 min past the time to attend"),
        (2, 3 * 1440 + 61, "到场时限还剩3天1小时", "3 d 1 h left to attend"),
    ],
)
def test_the_time_left_in_words(level: int, minutes: int, chinese: str, english: str) -> None:
    job = {
        "urgency": "urgent",
        "need_level": level,
        "next_due_at": NOW + timedelta(minutes=minutes),
        "next_due_clock": "attend",
    }
    assert pool.reasons(job, NOW, "zh-CN")[2] == chinese
    assert pool.reasons(job, NOW, "en")[2] == english


def test_a_job_without_level_or_deadline_says_only_what_is_known() -> None:
    job = {"urgency": "routine", "need_level": None, "next_due_at": None, "next_due_clock": None}
    assert pool.reasons(job, NOW, "en") == ["Urgency: routine"]


def test_every_skill_of_the_catalogue_is_somebodys(estate: "Estate") -> None:
    needed = {skill for item in estate.get("crew", "/catalogue").json["items"] for skill in item["skills"]}
    assert needed <= set(SKILLS)
