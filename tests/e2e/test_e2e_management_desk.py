"""A manager in a browser: figures are those of the desk, counts lead to so many jobs, and terms change on purpose."""

import re
from collections.abc import Callable
from datetime import timedelta
from io import BytesIO
from pathlib import Path
from zipfile import ZipFile

import pytest
from openpyxl import load_workbook
from playwright.sync_api import expect

from services.kit import clock
from tests.e2e.browsing import Visit, axe, entries_listed, fits, forgive, screenshot
from tests.story.story_people import Person

pytestmark = pytest.mark.timeout(400)

People = Callable[[str], Person]
LOOKED_AT = (
    "/manage", "/manage/levels?period=year", "/manage/trend", "/manage/comparison", "/manage/satisfaction",
    "/manage/terms", "/manage/approvals",
)  # fmt: skip


@pytest.fixture(autouse=True)
def _filed(person: People) -> None:
    """File a request, so that there is something to count."""
    person("resident1").file("卫生间水管漏水，请尽快来修")


@pytest.mark.parametrize("width", [360, 1280])
@pytest.mark.parametrize("lang", ["zh-CN", "en"])
def test_everybody_can_use_these_pages(visit: Visit, lang: str, width: int) -> None:
    page = visit("manager1", width=width, lang=lang)
    for path in LOOKED_AT:
        page.goto(path)
        expect(page.locator("h1")).to_have_count(1)
        fits(page)
        axe(page)
    screenshot(page, f"management-{lang}-{width}")


def test_the_pyramid_says_what_the_report_says(visit: Visit, person: People) -> None:
    page = visit("manager1", "/manage", lang="en")
    since = page.locator("#from").input_value()
    until = page.locator("#to").input_value()
    told = person("manager1").get(f"/reports/attainment?from={since}T00:00:00%2B08:00&to={until}T23:59:59%2B08:00")
    assert told["communities"]
    for one in told["communities"]:
        section = page.locator(f"#c-{one['community_id']}")
        expect(section.locator(".attained")).to_contain_text(f"Attained level {one['attained_level']} of 5")
        expect(section.locator("svg polygon")).to_have_count(5)
        if one["blocked_by"]:
            expect(section.locator(".blocked")).to_contain_text(one["blocked_by"]["sentence"]["en"])
        for level in one["levels"]:
            expect(section.locator("details", has_text=f"n = {level['decided']}").first).to_be_visible()


@pytest.mark.parametrize("scripts", [True, False])
def test_a_count_leads_to_so_many_jobs(visit: Visit, scripts: bool) -> None:
    page = visit("manager1", "/manage/levels?clock=acknowledge", lang="en", java_script_enabled=scripts)
    links = page.locator("main table a[href*='/manage/tickets?']")
    followed = 0
    for place in [links.nth(n) for n in range(min(links.count(), 8))]:
        said = place.inner_text()
        of_jobs = re.search(r"\((\d+) jobs\)", said)
        counted = int(of_jobs[1] if of_jobs else said)
        with page.expect_navigation():
            place.click()
        assert entries_listed(page) == counted, page.url
        page.goto("/manage/levels?clock=acknowledge")
        followed += 1
    assert followed


def test_from_a_figure_to_why_its_clock_came_out_so(visit: Visit) -> None:
    page = visit("manager1", "/manage/tickets?clock=resolve&verdict=open_in_time", lang="en")
    page.locator("article.ticket a").first.click()
    expect(page.locator("h2#clocks")).to_be_visible()
    page.locator("table a", has_text="Solving").first.click()
    expect(page.locator("h1")).to_contain_text("Why this clock came out so")
    expect(page.locator(".timeline li").first).to_contain_text("started")
    fits(page)
    axe(page)


def test_a_report_and_a_case_file_are_kept_as_files(visit: Visit) -> None:
    page = visit("manager1", "/manage/levels", lang="zh-CN", accept_downloads=True)
    with page.expect_download() as kept:
        page.click("text=XLSX")
    assert kept.value.suggested_filename.endswith(".xlsx")
    rows = list(load_workbook(BytesIO(Path(kept.value.path()).read_bytes())).active.iter_rows(values_only=True))
    assert any("达标" in str(cell) for row in rows for cell in row)
    page.goto("/manage/tickets")
    page.locator("article.ticket a").first.click()
    with page.expect_download() as kept:
        page.click("text=案卷")
    with ZipFile(BytesIO(Path(kept.value.path()).read_bytes())) as bundle:
        assert len(bundle.namelist()) > 1


def test_a_remedy_is_approved_beside_what_was_offered(visit: Visit, person: People) -> None:
    desk, home = person("dispatcher1"), person("resident1")
    ticket = home.file("投诉：保安态度很差，对老人大声呵斥")
    desk.step(ticket, "acknowledge")
    by = (clock.now() + timedelta(days=2)).isoformat()
    steps = (
        ("identify", {"emotion": "angry", "cause": "staff_conduct", "wanted": "道歉", "restated": "您希望保安道歉"}),
        ("assess", {"severity": "serious", "justified": True, "settle_at_once": False, "note": "录像属实",
                    "department": "秩序部", "investigate_until": by}),
        ("offer", {"options": [{"what": "当面道歉", "by": by}, {"what": "书面道歉并培训", "by": by}]}),
        ("choose", {"option": 2}),
    )  # fmt: skip
    for verb, body in steps:
        desk.ask("POST", f"/tickets/{ticket['id']}/complaint/{verb}", body).ok()
    page = visit("manager1", "/manage/approvals", lang="en")
    page.locator(f"a[href$='{ticket['id']}']").click()
    expect(page.locator("main ol")).to_contain_text("✓ 书面道歉并培训")
    forgive(page, "status of 422")
    page.click("button[value=refuse]")
    expect(page.locator(".invalid-feedback")).to_be_visible()
    page.click("button[value=approve]")
    expect(page.locator(".alert-success")).to_contain_text("Approved")
    assert desk.get(f"/tickets/{ticket['id']}/complaint")["step"] == "approved"


def test_a_campaign_is_planned_and_estimated_before_it_is_read(visit: Visit) -> None:
    page = visit("manager1", "/manage/campaigns/new", lang="en")
    page.fill("#name", "What matters to you")
    page.fill("#closes_at", (clock.now() + timedelta(days=9)).strftime("%Y-%m-%dT%H:%M"))
    page.click("text=Plan it")
    expect(page.locator("h1")).to_have_text("What matters to you")
    for field in page.locator("input[type=number]").all():
        field.fill("5")
    page.click("text=Keep my estimate")
    expect(page.locator(".alert-success")).to_contain_text("Kept.")
    expect(page.locator("tbody tr").first).to_contain_text("no answers yet")
    expect(page.locator("tbody tr").first).to_contain_text("5")
    fits(page)
    axe(page)


def test_who_took_a_table_out_is_on_record(visit: Visit) -> None:
    page = visit("manager1", "/manage/pauses?period=year", lang="en", accept_downloads=True)
    page.goto("/manage/levels")
    with page.expect_download():
        page.click("text=CSV")
    page.goto("/manage/views")
    expect(page.locator("article.panel").first).to_contain_text("Manager")
