"""What the desk refuses of a crew member's steps: shown with both values, and a choice that the crew member makes."""

import re
from datetime import UTC, datetime
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.e2e.browsing import Visit, axe, fits, forgive, screenshot
from tests.e2e.phones import LINE, People, acted, card, kept, lose_signal, sign_in_as, sign_out, step, urgent
from tests.waiting import until

pytestmark = pytest.mark.timeout(400)

# What is sent goes one by one, over a busy machine.
expect.set_options(timeout=15_000)


@pytest.mark.parametrize("lang", ["zh-CN", "en"])
def test_what_a_dispatcher_changed_meanwhile_is_shown_with_both_and_a_choice(
    visit: Visit, person: People, lang: str
) -> None:
    ticket = urgent(person, f"被改派 {lang}")
    person("crew1").step(ticket, "claim").ok()
    page = visit("crew1", "/jobs", lang=lang)
    kept(page, f"/jobs/{ticket['id']}")
    lose_signal(page)
    page.goto(f"/jobs/{ticket['id']}")
    for act in ("depart", "arrive"):
        step(page, act)
    other = person("crew2").get("/me")
    person("dispatcher1").step(ticket, "assign", to=other["id"]).ok()
    forgive(page, "status of 40[39]")
    page.context.set_offline(False)
    refused = page.locator("#refusals .refused")
    expect(refused).to_have_count(1)
    expect(refused).to_contain_text(str(other["badge"]))
    expect(refused.locator(".both > div")).to_have_count(2)
    fits(page)
    axe(page)
    screenshot(page, f"crew-refused-{lang}")
    page.goto("/jobs/outbox")
    expect(page.locator("#outbox-waiting > li")).to_have_count(2)
    # Whoever it is now has it; what was done stays as a remark.
    page.click("[data-choice=as_remark]")
    expect(page.locator("#refusals .refused")).to_have_count(0)
    expect(page.locator("#outbox-waiting > li")).to_have_count(0)

    def remarks() -> list[dict[str, Any]]:
        items = person("dispatcher1").get(f"/tickets/{ticket['id']}/comments")["items"]
        return [one for one in items if one["kind"] == "comment"]

    remark = until(remarks, "the remark")[-1]
    assert not remark["visible"]
    assert len(re.findall(r"\d\d:\d\d", remark["body"])) == 2
    assert person("dispatcher1").get(f"/tickets/{ticket['id']}")["owner"]["id"] == other["id"]


def test_a_step_can_be_sent_again_as_the_job_is_now_or_be_discarded(visit: Visit, person: People) -> None:
    ticket = urgent(person, "退回又接")
    person("crew1").step(ticket, "claim").ok()
    page = visit("crew1", "/jobs")
    kept(page, f"/jobs/{ticket['id']}")
    lose_signal(page)
    page.goto(f"/jobs/{ticket['id']}")
    step(page, "depart")
    person("dispatcher1").step(ticket, "release", reason="看错了").ok()
    person("dispatcher1").step(ticket, "assign", to=person("crew1").get("/me")["id"]).ok()
    forgive(page, "status of 409")
    page.context.set_offline(False)
    page.click("[data-choice=send_again]")
    until(lambda: person("dispatcher1").get(f"/tickets/{ticket['id']}")["status"] == "on_the_way", "setting out")
    expect(page.locator("#job .status")).to_contain_text("前往")

    lose_signal(page)
    step(page, "arrive")
    person("dispatcher1").step(ticket, "cancel", reason="业主自己修好了").ok()
    page.context.set_offline(False)
    page.click("[data-choice=give_up]")
    expect(page.locator("#refusals .refused")).to_have_count(1)
    page.click("[data-choice=give_up]")
    expect(page.locator("#refusals .refused")).to_have_count(0)
    page.goto("/jobs/outbox")
    expect(page.locator("#outbox-lately [data-state=dropped]")).to_have_count(1)


@pytest.mark.parametrize("lang", ["zh-CN", "en"])
def test_what_was_refused_is_put_right_and_sent_again_with_its_own_time(
    visit: Visit, person: People, lang: str
) -> None:
    ticket = urgent(person, f"改了再发 {lang}")
    for verb in ("claim", "depart", "arrive"):
        person("crew1").step(ticket, verb).ok()
    page = visit("crew1", "/jobs", lang=lang)
    kept(page, f"/jobs/{ticket['id']}")
    lose_signal(page)
    page.goto(f"/jobs/{ticket['id']}")
    page.click("[data-offers=pause] summary")
    page.select_option("#pause-reason", "access")
    page.fill("#pause-note", "没人在家")
    page.select_option("#pause-until", "604800")
    page.click("[data-offers=pause] form button")
    ended = datetime.now(UTC)
    expect(page.locator("#job .status")).to_contain_text("已暂停" if lang == "zh-CN" else "Paused")

    # What is told within three seconds was told as it was done.
    page.wait_for_timeout(3000)
    forgive(page, "status of 422")
    page.context.set_offline(False)
    refused = page.locator("#refusals .refused")
    expect(refused.locator(".both > div")).to_have_count(2)
    refused.locator("[data-choice=edit]").click()
    fits(page)
    axe(page)
    expect(refused.locator("textarea[name=note]")).to_have_value("没人在家")
    refused.locator("select[name=in_seconds]").select_option("7200")
    refused.locator("textarea[name=note]").fill("没人在家，已电话约好两小时后")
    screenshot(page, f"crew-edited-{lang}")
    refused.locator("form button").click()
    until(lambda: person("dispatcher1").get(f"/tickets/{ticket['id']}")["status"] == "waiting", "the pause")
    expect(refused).to_have_count(0)
    told = acted(person, ticket)["pause"]
    assert told["note"] == "没人在家，已电话约好两小时后"
    assert datetime.fromisoformat(told["data"]["acted"]["moment"]) <= ended + LINE
    assert datetime.fromisoformat(told["at"]) > ended


def test_of_two_phones_one_gets_the_job_and_the_other_is_told_who_and_what_else(visit: Visit, person: People) -> None:
    ticket, another = urgent(person, "两人抢单"), urgent(person, "下一个")
    first, second = visit("crew1", "/jobs/pool"), visit("crew1", "/jobs/pool")
    sign_out(second)
    sign_in_as(second, "crew3")
    second.goto("/jobs/pool")
    card(first, ticket).locator("button").click()
    first.wait_for_url(f"**/jobs/{ticket['id']}")
    forgive(second, "status of 409")
    card(second, ticket).locator("button").click()
    lost = second.locator("#refusals .refused")
    expect(lost).to_contain_text(f"{person('crew1').get('/me')['badge']}先接了")
    fits(second)
    axe(second)
    screenshot(second, "crew-lost-race")
    lost.locator("[data-take]").first.click()
    second.wait_for_url(re.compile("/jobs/[0-9a-f-]{36}"))
    taken = second.url.rpartition("/")[2]
    assert person("dispatcher1").get(f"/tickets/{taken}")["owner"]["id"] == person("crew3").get("/me")["id"]
    assert another["id"]
