"""The steps of a complaint on a phone without signal: kept, sent in order, and what the desk refuses with a choice."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from services.tickets.acts import AT_ONCE
from tests.e2e.browsing import Visit, axe, fits, forgive, screenshot
from tests.e2e.phones import LINE, People, acted, card, kept, lose_signal, sign_in_as, sign_out, urgent
from tests.waiting import until

pytestmark = pytest.mark.timeout(400)

# What is sent goes one by one, over a busy machine.
expect.set_options(timeout=15_000)

DESKS_WORDS = "您希望我们先道歉。"
PHONES_WORDS = "您希望我们把地面打扫干净。"


def mine(person: People, words: str) -> dict[str, Any]:
    """File a complaint and let a crew member be there about it."""
    ticket = person("resident2").file(f"投诉：维修师傅态度很差，地上也没有打扫（{words}）")
    person("dispatcher1").step(ticket, "assign", to=person("crew1").get("/me")["id"]).ok()
    for verb in ("arrive", "start"):
        person("crew1").step(ticket, verb).ok()
    return ticket


def case(person: People, ticket: dict[str, Any]) -> dict[str, Any]:
    return dict(person("dispatcher1").get(f"/tickets/{ticket['id']}/complaint"))


def opened_without_signal(visit: Visit, ticket: dict[str, Any], lang: str = "zh-CN") -> Page:
    """Open a complaint that the phone kept ahead, where there is no signal."""
    page = visit("crew1", "/jobs", lang=lang)
    path = f"/jobs/{ticket['id']}"
    kept(page, path)
    kept(page, f"{path}/complaint")
    lose_signal(page)
    page.goto(path)
    page.click("a[href$='/complaint']")
    return page


def say_back(page: Page) -> None:
    page.check("input[name=identify-emotion][value=calm]")
    page.select_option("#identify-cause", "repair_quality")
    page.fill("#identify-wanted", "打扫干净")
    page.fill("#identify-restated", PHONES_WORDS)
    page.click("#identify button")


def identify(page: Page) -> None:
    say_back(page)
    expect(page.locator("#case-kept")).to_be_visible()


@pytest.mark.parametrize("lang", ["zh-CN", "en"])
def test_a_complaint_is_heard_without_signal_and_on_record_with_both_moments(
    visit: Visit, person: People, lang: str
) -> None:
    ticket = mine(person, f"没有信号 {lang}")
    page = opened_without_signal(visit, ticket, lang)
    # What is missing is said by the phone: there is nobody else to say it.
    page.click("#identify button")
    expect(page.locator("#identify-wanted:invalid")).to_be_visible()
    expect(page.locator(".site-navigation .count")).to_have_count(0)
    began = datetime.now(UTC)
    identify(page)
    ended = datetime.now(UTC)
    expect(page.locator("#case-kept")).to_contain_text("next step opens" if lang == "en" else "发送后即可进行下一步")
    expect(page.locator("details.step:visible")).to_have_count(0)
    expect(page.locator(".site-navigation .count")).to_have_text("1")
    fits(page)
    axe(page)
    screenshot(page, f"crew-complaint-kept-{lang}")
    page.goto("/jobs/outbox")
    expect(page.locator("#outbox-waiting > li")).to_have_count(1)
    screenshot(page, f"crew-complaint-outbox-{lang}")
    assert case(person, ticket)["step"] == "new"

    page.goto(f"/jobs/{ticket['id']}/complaint")
    expect(page.locator("#case-kept")).to_be_visible()
    # What is told sooner was told as it was done.
    until(lambda: datetime.now(UTC) > ended + AT_ONCE, "an act of a while ago")
    page.context.set_offline(False)
    expect(page.locator("#assess")).to_be_visible()
    expect(page.locator("#case-kept")).to_be_hidden()
    assert (case(person, ticket)["step"], case(person, ticket)["restated"]) == ("identified", PHONES_WORDS)
    entry = acted(person, ticket)["identify"]
    told = entry["data"]["acted"]
    assert began - LINE <= datetime.fromisoformat(told["done_at"]) <= ended + LINE
    assert datetime.fromisoformat(entry["at"]) > ended
    # What is put on others counts from when they could know of it.
    assert (told["bound"], told["moment"]) == ("when_heard", entry["at"])

    # With signal the desk answers with the step that comes next.
    for name, value in (("severity", "minor"), ("justified", "yes"), ("settle_at_once", "no")):
        page.check(f"input[name=assess-{name}][value={value}]")
    page.fill("#assess-note", "现场看到地面未清理")
    page.click("#assess button")
    # Only the desk knows what a justified complaint needs: it says so beside the field.
    forgive(page, "status of 422")
    expect(page.locator("#assess-department-refused")).to_be_visible()
    page.fill("#assess-department", "维修")
    page.click("#assess button")
    expect(page.locator("#offer")).to_be_visible()
    assert case(person, ticket)["department"] == "维修"


def test_a_complaint_is_taken_on_without_scripts(visit: Visit, person: People) -> None:
    ticket = mine(person, "没有脚本")
    page = visit("crew1", f"/jobs/{ticket['id']}/complaint", java_script_enabled=False)
    page.check("input[name=identify-emotion][value=calm]")
    page.select_option("#identify-cause", "repair_quality")
    page.fill("#identify-wanted", "打扫干净")
    page.fill("#identify-restated", PHONES_WORDS)
    page.click("#identify button")
    expect(page.locator("#assess")).to_be_visible()
    assert case(person, ticket)["restated"] == PHONES_WORDS


def test_the_ways_to_settle_it_are_kept_with_their_times_by_the_community_s_clocks(
    visit: Visit, person: People
) -> None:
    ticket = mine(person, "方案")
    judged = {"severity": "minor", "justified": True, "settle_at_once": False, "department": "维修", "note": "看过"}
    heard = {"emotion": "calm", "cause": "repair_quality", "wanted": "打扫干净", "restated": PHONES_WORDS}
    person("crew1").step(ticket, "complaint/identify", **heard).ok()
    person("crew1").step(ticket, "complaint/assess", **judged).ok()
    page = opened_without_signal(visit, ticket)
    # What is past by the time it is sent is refused by the desk, and put right.
    for n, what, by in ((1, "重新打扫", "2025-06-01T18:00"), (2, "退还费用", "2025-06-02T09:30")):
        page.fill(f"#offer-what_{n}", what)
        page.fill(f"#offer-by_{n}", by)
    page.click("#offer button")
    expect(page.locator("#case-kept")).to_be_visible()
    forgive(page, "status of 422")
    page.context.set_offline(False)
    refused = page.locator("#refusals .refused")
    expect(refused.locator(".both > div")).to_have_count(2)
    expect(refused).to_contain_text("重新打扫")
    refused.locator("[data-choice=edit]").click()
    expect(refused.locator("input[name=by_1]")).to_have_value("2025-06-01T18:00")
    when = (datetime.now(UTC) + timedelta(days=30)).date()
    for n in (1, 2):
        refused.locator(f"input[name=by_{n}]").fill(f"{when}T18:00")
    fits(page)
    axe(page)
    screenshot(page, "crew-complaint-edited")
    refused.locator("form button").click()
    expect(page.locator("#choose")).to_be_visible()
    options = case(person, ticket)["options"]
    assert [one["what"] for one in options] == ["重新打扫", "退还费用"]
    assert {datetime.fromisoformat(one["by"]) for one in options} == {datetime.fromisoformat(f"{when}T18:00+08:00")}


@pytest.mark.parametrize("lang", ["zh-CN", "en"])
def test_a_step_that_the_desk_took_meanwhile_is_shown_with_both_and_a_choice(
    visit: Visit, person: People, lang: str
) -> None:
    ticket = mine(person, f"调度已确认 {lang}")
    page = opened_without_signal(visit, ticket, lang)
    identify(page)
    heard = {"emotion": "angry", "cause": "staff_conduct", "wanted": "道歉", "restated": DESKS_WORDS}
    person("dispatcher1").step(ticket, "complaint/identify", **heard).ok()
    forgive(page, "status of 409")
    page.context.set_offline(False)
    refused = page.locator("#refusals .refused")
    expect(refused).to_have_count(1)
    expect(refused.locator(".both > div").first).to_contain_text(PHONES_WORDS)
    expect(refused.locator(".both > div").last).to_contain_text(DESKS_WORDS)
    expect(page.locator("#case-kept")).to_be_hidden()
    expect(page.locator("details.step:visible")).to_have_count(0)
    fits(page)
    axe(page)
    screenshot(page, f"crew-complaint-refused-{lang}")
    assert case(person, ticket)["restated"] == DESKS_WORDS
    # Nobody judged it yet, so that what was said on the spot may still stand.
    refused.locator("[data-choice=send_again]").click()
    expect(page.locator("#assess")).to_be_visible()
    expect(refused).to_have_count(0)
    assert case(person, ticket)["restated"] == PHONES_WORDS


def test_what_cannot_be_said_any_more_is_left_as_a_remark_or_given_up(visit: Visit, person: People) -> None:
    ticket = mine(person, "调度已评估")
    page = opened_without_signal(visit, ticket)
    identify(page)
    heard = {"emotion": "angry", "cause": "staff_conduct", "wanted": "道歉", "restated": DESKS_WORDS}
    judged = {"severity": "minor", "justified": True, "settle_at_once": True, "department": "维修", "note": "看过监控"}
    person("dispatcher1").step(ticket, "complaint/identify", **heard).ok()
    person("dispatcher1").step(ticket, "complaint/assess", **judged).ok()
    forgive(page, "status of 409")
    page.context.set_offline(False)
    refused = page.locator("#refusals .refused")
    expect(refused.locator("[data-choice=as_remark]")).to_be_visible()
    expect(refused.locator("[data-choice=send_again]")).to_have_count(0)
    expect(refused.locator("[data-choice=edit]")).to_have_count(0)
    refused.locator("[data-choice=give_up]").click()
    refused.locator("[data-choice=give_up]").click()
    # The page is the desk's as it is now.
    expect(page.locator("#settle")).to_be_visible()
    expect(refused).to_have_count(0)
    assert case(person, ticket)["restated"] == DESKS_WORDS


def test_what_was_chosen_stays_while_another_job_is_told_of(visit: Visit, person: People) -> None:
    ticket, another = mine(person, "边选边发送"), urgent(person, "另一份工单")
    page = visit("crew1", "/jobs")
    kept(page, f"/jobs/{ticket['id']}/complaint")
    lose_signal(page)
    page.goto("/jobs/pool")
    card(page, another).locator("button").click()
    expect(page.locator(".site-navigation .count")).to_have_text("1")
    page.goto(f"/jobs/{ticket['id']}/complaint")
    page.check("input[name=identify-emotion][value=angry]")
    page.select_option("#identify-cause", "repair_quality")
    page.context.set_offline(False)
    expect(page.locator("#live")).to_contain_text(another["number"])
    expect(page.locator(".site-navigation .count")).to_have_count(0)
    # A page that were taken anew now would be here by then.
    page.wait_for_timeout(1000)
    expect(page.locator("input[name=identify-emotion][value=angry]")).to_be_checked()
    expect(page.locator("#identify-cause")).to_have_value("repair_quality")


def test_a_page_of_an_earlier_session_is_sent_with_the_token_of_now_and_by_nobody_else(
    visit: Visit, person: People
) -> None:
    ticket = mine(person, "重新登录")
    page = visit("crew1", f"/jobs/{ticket['id']}/complaint")
    # What it keeps ahead, or asks whose session it is, may come while nobody or somebody else is signed in.
    forgive(page, "status of 40[13]")
    other = page.context.new_page()
    other.goto("/jobs")
    sign_out(other)
    sign_in_as(other, "crew1")
    say_back(page)
    expect(page.locator("#assess")).to_be_visible()
    assert case(person, ticket)["restated"] == PHONES_WORDS

    # What a crew member wrote is not said by whoever signed in since: it waits for them.
    sign_out(other)
    sign_in_as(other, "crew2")
    for name, value in (("severity", "minor"), ("justified", "yes"), ("settle_at_once", "no")):
        page.check(f"input[name=assess-{name}][value={value}]")
    page.fill("#assess-department", "维修")
    page.fill("#assess-note", "现场看到地面未清理")
    page.click("#assess button")
    expect(page.locator("#case-kept")).to_be_visible()
    assert case(person, ticket)["step"] == "identified"
    sign_out(other)
    sign_in_as(other, "crew1")
    until(lambda: case(person, ticket)["step"] == "assessed", "what was kept")
    assert case(person, ticket)["department"] == "维修"


def test_what_was_approved_is_given_to_a_colleague(visit: Visit, person: People) -> None:
    ticket = mine(person, "转给同事")
    by = (datetime.now(UTC) + timedelta(days=2)).isoformat()
    steps: dict[str, dict[str, Any]] = {
        "identify": {"emotion": "calm", "cause": "staff_conduct", "wanted": "道歉", "restated": PHONES_WORDS},
        "assess": {
            "severity": "minor",
            "justified": True,
            "settle_at_once": False,
            "department": "维修",
            "note": "看过",
        },
        "offer": {"options": [{"what": "道歉", "by": by}, {"what": "退款", "by": by}]},
        "choose": {"option": 1},
    }
    for step, body in steps.items():
        person("crew1").ask("POST", f"/tickets/{ticket['id']}/complaint/{step}", body).ok()
    person("manager1").ask("POST", f"/tickets/{ticket['id']}/complaint/approve", {}).ok()
    page = visit("crew1", f"/jobs/{ticket['id']}/complaint")
    colleague = person("crew2").get("/me")["id"]
    page.select_option("#act-to", value=colleague)
    page.click("#act button")
    expect(page.locator(".alert-success")).to_be_visible()
    assert person("dispatcher1").get(f"/tickets/{ticket['id']}")["owner"]["id"] == colleague
