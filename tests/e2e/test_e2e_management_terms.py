"""A manager changes what a community is served on: by forms, after a look at what changes, and clocks follow."""

import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.browsing import Visit, axe, fits, forgive, screenshot
from tests.story.story_people import Person

pytestmark = pytest.mark.timeout(400)

People = Callable[[str], Person]
LEAK = "卫生间水管漏水，请尽快来修"


@pytest.fixture
def home(person: People) -> Iterator[str]:
    """Return the community of the first resident, which gets back the terms it had."""
    manager = person("manager1")
    community: str = person("resident1").file(LEAK)["community_id"]
    kinds = ("policy", "calendar")
    before = {kind: manager.get(f"/communities/{community}/{kind}")["document"] for kind in kinds}
    yield community
    for kind, document in before.items():
        body = {"document": document, "note": "as before"}
        manager.ask("PUT", f"/communities/{community}/{kind}", body, **{"If-Match": "*"}).ok()


def due(person: Person, ticket: dict[str, Any], kind: str) -> dict[str, Any]:
    """Return one of a ticket's clocks."""
    items = person.get(f"/tickets/{ticket['id']}/clocks")["items"]
    found: dict[str, Any] = next(one for one in items if one["clock"] == kind)
    return found


def look(page: Page) -> None:
    """Press the button that shows what would change."""
    page.locator("main button[value=look]").last.click()
    expect(page.locator("button[value=back]")).to_be_visible()


@pytest.mark.parametrize("scripts", [True, False])
def test_a_target_is_changed_after_a_look_and_new_jobs_run_by_it(
    visit: Visit, person: People, home: str, scripts: bool
) -> None:
    page = visit("manager1", f"/manage/terms/{home}/targets", lang="en", java_script_enabled=scripts)
    older = person("resident1").file(LEAK)
    path = f"classes.standard.{older['urgency']}.attend"
    page.locator("summary", has_text="Repairs as usual").click()
    page.locator(f"[id='{path}:n']").fill("45")
    page.locator(f"[name='{path}:unit']").select_option("minutes")
    look(page)
    expect(page.locator("main")).to_contain_text("stricter")
    expect(page.locator("main")).to_contain_text("45 min")
    fits(page)
    if scripts:
        axe(page)
        screenshot(page, "management-terms-preview")
    page.locator("#note").fill("Be there sooner")
    page.locator("button[value=save]").click()
    expect(page.locator(".alert-success")).to_contain_text("Written")
    page.get_by_role("link", name="Versions of the terms").click()
    expect(page.locator(".changes li").first).to_contain_text("Be there sooner")
    fits(page)
    assert due(person("manager1"), older, "attend")["target_seconds"] != 2700
    newer = person("resident1").file(LEAK)
    assert due(person("manager1"), newer, "attend")["target_seconds"] == 2700


def test_who_wrote_meanwhile_loses_nothing_and_what_was_typed_is_kept(visit: Visit, person: People, home: str) -> None:
    path = f"/manage/terms/{home}/targets"
    field = "classes.complaint.routine.resolve:n"
    earlier, page = (visit("manager1", path, lang="en") for _ in range(2))
    for one, days in ((page, "6"), (earlier, "5")):
        one.locator("summary", has_text="Complaints").click()
        one.locator(f"[id='{field}']").fill(days)
    look(page)
    page.locator("#note").fill("A day sooner")
    page.locator("button[value=save]").click()
    expect(page.locator(".alert-success")).to_be_visible()
    version = person("manager1").get(f"/communities/{home}/policy")["version"]
    forgive(earlier, "status of 412")
    earlier.locator("main button[value=look]").last.click()
    expect(earlier.locator("#refused")).to_contain_text(version)
    expect(earlier.locator(f"[id='{field}']")).to_have_value("5")
    assert person("manager1").get(f"/communities/{home}/policy")["version"] == version
    look(earlier)
    expect(earlier.locator(".changes .before").first).to_contain_text("6 days")


def test_what_cannot_be_is_said_beside_its_field(visit: Visit, home: str) -> None:
    page = visit("manager1", f"/manage/terms/{home}/targets", lang="en")
    forgive(page, "status of 422")
    page.locator("[id='classes.life_safety.urgent.attend:n']").fill("half an hour")
    page.locator("main button[value=look]").last.click()
    expect(page.locator("[id='classes.life_safety.urgent.attend-refused']")).to_contain_text("whole number")
    page.locator("[id='classes.life_safety.urgent.attend:n']").fill("")
    page.locator("main button[value=look]").last.click()
    expect(page.locator("[id='classes.life_safety.urgent.attend-refused']")).to_contain_text("does not say")
    expect(page.locator("[id='classes.life_safety.urgent.attend:n']")).to_have_value("")
    axe(page)


def test_hours_are_changed_row_by_row_without_scripts(visit: Visit, person: People, home: str) -> None:
    page = visit("manager1", f"/manage/terms/{home}/calendar", lang="en", java_script_enabled=False)
    page.locator("button[value='add hours.sun']").click()
    page.locator("[id='hours.sun.0:from']").fill("09:00")
    page.locator("[id='hours.sun.0:to']").fill("00:00")
    page.locator("button[value='add closures']").click()
    page.locator("[id='closures.0:from']").fill("2026-12-31T14:00")
    page.locator("[id='closures.0:to']").fill("2026-12-31T18:00")
    page.locator("button[value='drop hours.mon 0']").click()
    fits(page)
    look(page)
    expect(page.locator("main")).to_contain_text("Hours of an ordinary week")
    fits(page)
    page.locator("#note").fill("Sundays instead")
    page.locator("button[value=save]").click()
    expect(page.locator(".alert-success")).to_be_visible()
    written = person("manager1").get(f"/communities/{home}/calendar")["document"]
    assert written["hours"]["sun"] == [["09:00", "24:00"]]
    assert not written["hours"].get("mon")
    assert written["closures"] == [{"from": "2026-12-31T14:00:00+08:00", "to": "2026-12-31T18:00:00+08:00"}]
    newer = person("resident1").file("楼道灯不亮了")
    assert newer["calendar_version"] == person("manager1").get(f"/communities/{home}/calendar")["version"]


@pytest.mark.parametrize("lang", ["zh-CN", "en"])
def test_everybody_can_use_the_forms_of_terms(visit: Visit, home: str, lang: str) -> None:
    page = visit("manager1", lang=lang)
    for part in ("", "/targets", "/settings", "/rules", "/rules?code=only-toilet-unusable", "/calendar"):
        page.goto(f"/manage/terms/{home}{part}")
        expect(page.locator("h1")).to_have_count(1)
        page.evaluate("document.querySelectorAll('main details').forEach(one => one.open = true)")
        fits(page)
        axe(page)
        screenshot(page, f"management-terms{part.partition('?')[0].replace('/', '-')}-{lang}")


def test_a_rule_of_ones_own_is_added_and_taken_away(visit: Visit, person: People, home: str) -> None:
    page = visit("manager1", f"/manage/terms/{home}/rules", lang="en")
    page.locator("#code").fill("infant-and-repair")
    page.locator("[id='name.zh-CN']").fill("有婴幼儿的家庭维修半小时到场")
    page.locator("[id='name.en']").fill("Repairs where an infant lives")
    page.locator("[id='when.work_type:repair']").check()
    page.locator("[id='when.circumstances:infant']").check()
    page.locator("[id='targets.attend:n']").fill("30")
    look(page)
    expect(page.locator("main")).to_contain_text("Repairs where an infant lives")
    page.locator("#note").fill("The committee asked for it")
    page.locator("button[value=save]").click()
    expect(page.locator(".alert-success")).to_be_visible()
    rules = person("manager1").get(f"/communities/{home}/policy")["document"]["rules"]
    assert rules[-1]["when"] == {"work_type": ["repair"], "circumstances": ["infant"]}
    assert rules[-1]["targets"] == {"attend": {"seconds": 1800, "basis": "clock"}}
    page.goto(f"/manage/terms/{home}/rules?code=infant-and-repair")
    page.locator("#gone").check()
    look(page)
    page.locator("#note").fill("Not any more")
    page.locator("button[value=save]").click()
    expect(page.locator(".alert-success")).to_be_visible()
    codes = [one["code"] for one in person("manager1").get(f"/communities/{home}/policy")["document"]["rules"]]
    assert "infant-and-repair" not in codes


def test_settings_say_what_they_were_before(visit: Visit, person: People, home: str) -> None:
    page = visit("manager1", f"/manage/terms/{home}/settings", lang="en")
    page.locator("[id='switches.at_due']").select_option("breached")
    page.locator("[id='pauses.parts:n']").fill("10")
    page.locator("button[value='add escalation.urgent']").click()
    page.locator("button[value='drop escalation.urgent 2']").click()
    look(page)
    expect(page.locator(".changes li")).to_have_count(2)
    expect(page.locator("main")).to_contain_text(re.compile("is in time.*is too late", re.DOTALL))
    page.locator("#note").fill("Stricter")
    page.locator("button[value=save]").click()
    expect(page.locator(".alert-success")).to_be_visible()
    settings = person("manager1").get(f"/communities/{home}/policy")["settings"]
    assert (settings["switches"]["at_due"], settings["pauses"]["parts"]) == ("breached", 864_000)


def test_a_pack_is_switched_on_from_the_terms_that_were_shown(visit: Visit, person: People) -> None:
    place = person("manager1").get("/communities")["items"][-1]
    path, policy = f"/manage/terms/{place['id']}/packs/cn_1998", f"/communities/{place['id']}/policy"
    earlier, page = (visit("manager1", path, lang="en") for _ in range(2))
    expect(page.locator("main")).to_contain_text("What would change")
    axe(page)
    page.locator("input[name=note]").fill("The committee asked for it")
    page.locator("button[name=to]").click()
    expect(page.locator(".alert-success")).to_contain_text("Switched on")
    told = person("manager1").get(policy)
    assert "cn_1998" in told["packs"]
    assert told["note"] == "The committee asked for it"
    # Whoever still looks at the terms of before changes nothing.
    forgive(earlier, "status of 4(09|12)")
    earlier.locator("button[name=to]").click()
    expect(earlier.locator("#refused")).to_be_visible()
    assert person("manager1").get(policy)["version"] == told["version"]
    page.goto(path)
    page.locator("button[name=to]").click()
    expect(page.locator(".alert-success")).to_contain_text("Switched off")
    assert "cn_1998" not in person("manager1").get(policy)["packs"]
