"""A manager follows figures of voices and notices to what they count: so many, each with its job, words on record."""

from collections.abc import Callable
from io import BytesIO
from pathlib import Path

import pytest
from openpyxl import load_workbook
from playwright.sync_api import Locator, Page, expect

from tests.e2e.browsing import Visit, axe, entries_listed, fits, screenshot
from tests.story.story_people import Person
from tests.waiting import until

pytestmark = pytest.mark.timeout(400)

People = Callable[[str], Person]
WORDS = "修好了又漏，请再来看看"


@pytest.fixture
def said(person: People) -> str:
    """Let a household be discontent with a job, and return what the job is about."""
    resident, crew = person("resident1"), person("crew1")
    about = "阳台水管漏水，楼下都湿了"
    ticket = resident.file(about)
    for verb in ("claim", "arrive", "start", "complete"):
        crew.step(ticket, verb).ok()

    def asked() -> list[str]:
        visits = resident.get("/return-visits?limit=100")["items"]
        return [visit["survey_id"] for visit in visits if visit["ticket_id"] == ticket["id"]]

    survey = until(asked, "a return visit")[0]
    answer = {"solved": True, "satisfaction": 2, "comment": WORDS}
    resident.ask("POST", f"/return-visits/{survey}/answer", answer).ok()
    return about


def followed(page: Page, links: Locator, most: int) -> int:
    """Follow so many counts; each leads to as many entries as it says."""
    counts = [(one.get_attribute("href"), int(one.text_content() or "")) for one in links.all()[:most]]
    for address, n in counts:
        page.goto(str(address))
        assert entries_listed(page) == n, address
    return len(counts)


@pytest.mark.parametrize("lang", ["zh-CN", "en"])
def test_satisfaction_leads_to_the_jobs_behind_it(visit: Visit, said: str, lang: str) -> None:
    page = visit("manager1", "/manage/satisfaction", lang=lang)
    expect(page.locator("figure.chart svg")).to_have_count(2)
    fits(page)
    axe(page)
    screenshot(page, f"management-voices-{lang}")
    assert followed(page, page.locator("main table").first.locator("a[href*='/behind?']"), 8) > 3
    page.goto("/manage/satisfaction/behind?figure=unhappy")
    mine = page.locator("article.ticket", has_text=said).first
    expect(mine).to_contain_text(WORDS)
    fits(page)
    axe(page)
    screenshot(page, f"management-voices-behind-{lang}")
    mine.locator("h2 a").click()
    expect(page.locator("h1")).to_contain_text(said)
    page.goto("/manage/views")
    expect(page.locator("article.panel").first).to_contain_text("质量检查" if lang == "zh-CN" else "look after quality")


def test_gaps_and_notices_lead_to_what_they_count(visit: Visit, said: str) -> None:
    page = visit("manager1", "/manage/told?group_by=kind", lang="en")
    expect(page.locator("main table")).to_contain_text("a request was filed")
    assert followed(page, page.locator("main table a[href*='/behind?']"), 6) == 6
    page.goto("/manage/gaps")
    assert followed(page, page.locator("main .panel a[href*='/behind?']"), 6) > 0


def test_each_report_is_a_table_too_with_the_names_of_places(visit: Visit, person: People, said: str) -> None:
    page = visit("manager1", "/manage", lang="en")
    places = {place["name"] for place in person("manager1").get("/communities")["items"]}
    for address in ("satisfaction", "gaps", "recovery", "told?group_by=community"):
        page.goto(f"/manage/{address}")
        with page.expect_download() as kept:
            page.locator(".export a[download]", has_text="XLSX").last.click()
        sheet = load_workbook(BytesIO(Path(kept.value.path()).read_bytes())).active
        assert sheet is not None
        assert places & {cell for row in sheet.iter_rows(values_only=True) for cell in row}, address
