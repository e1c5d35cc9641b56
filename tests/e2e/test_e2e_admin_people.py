"""Asking people in: from the admin's form to the first sign-in, and a table of residents with a row that is wrong."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from services.kit.testing import fresh
from tests.e2e.browsing import Visit, axe, fits, forgive, screenshot
from tests.story.story_people import Person

pytestmark = pytest.mark.timeout(400)
CHOSEN = "my own password 1"


def link_of(page: Page) -> str:
    """Return the address that a printed sheet names."""
    return page.locator(".sheet .address").first.inner_text().strip()


@pytest.mark.parametrize("scripts", [True, False], ids=["scripts", "no-scripts"])
def test_from_the_invitation_to_the_first_sign_in(visit: Visit, person: Callable[[str], Person], scripts: bool) -> None:
    home = person("admin1").get("/units?limit=1")["items"][0]
    login = f"newcomer-{fresh()[-12:]}"
    page = visit("admin1", "/admin/invite", lang="en", width=1280, java_script_enabled=scripts)
    page.fill("#login", login)
    page.fill("#codes", home["code"])
    page.click("main form button")
    expect(page.locator(".alert-success")).to_contain_text("The account is ready")
    page.click("text=Print the sheet")
    expect(page.locator(".sheet svg")).to_have_count(1)
    expect(page.locator(".sheet")).to_contain_text(login)
    expect(page.locator(".sheet")).to_contain_text(home["name"])
    link = link_of(page)

    phone = visit(path=link, lang="zh-CN", java_script_enabled=scripts)
    expect(phone.locator("h1")).to_contain_text("欢迎加入")
    fits(phone)
    if scripts:
        axe(phone)
        screenshot(phone, "join-zh-CN-360")
    phone.fill("#password", CHOSEN)
    phone.fill("#again", CHOSEN)
    phone.select_option("#locale", "en")
    phone.click("main form button")
    expect(phone).to_have_url(re.compile("/my$"))
    assert phone.locator("html").get_attribute("lang") == "en"

    phone.click("text=Sign out")
    phone.goto("/sign-in")
    phone.fill("#login", login)
    phone.fill("#password", CHOSEN)
    phone.press("#password", "Enter")
    expect(phone).to_have_url(re.compile("/my$"))
    forgive(phone, "status of 404")
    phone.goto(link)
    expect(phone.locator("main")).to_contain_text("opens nothing any more")


def test_two_passwords_that_differ_use_nothing_up(visit: Visit, person: Callable[[str], Person]) -> None:
    made = person("admin1").ask(
        "POST", "/invitations", {"login": f"crew-{fresh()[-12:]}", "role": "crew", "badge": "维修 9"}
    )
    link = person("admin1").get(f"/invitations/{made.ok()['invitation']['id']}/link")["link"]
    page = visit(path=link, lang="en")
    forgive(page, "status of 422")
    page.fill("#password", CHOSEN)
    page.fill("#again", CHOSEN + "?")
    page.click("main form button")
    expect(page.locator("#again-refused")).to_contain_text("not the same")
    axe(page)
    page.fill("#password", CHOSEN)
    page.fill("#again", CHOSEN)
    page.click("main form button")
    expect(page).to_have_url(re.compile("/jobs$"))


def test_an_invitation_is_taken_back(visit: Visit, person: Callable[[str], Person]) -> None:
    made = person("admin1").ask(
        "POST", "/invitations", {"login": f"gone-{fresh()[-12:]}", "role": "crew", "badge": "维修 8"}
    )
    invitation = made.ok()["invitation"]["id"]
    link = person("admin1").get(f"/invitations/{invitation}/link")["link"]
    page = visit("admin1", f"/admin/invitations/{invitation}", lang="en")
    page.click("text=Take it back")
    expect(page.locator("main")).to_contain_text("Taken back")
    stranger = visit(lang="en")
    forgive(stranger, "status of 404")
    stranger.goto(link)
    expect(stranger.locator("main")).to_contain_text("opens nothing any more")


@pytest.mark.parametrize("scripts", [True, False], ids=["scripts", "no-scripts"])
def test_a_bad_row_is_named_then_mended_and_written(
    visit: Visit, person: Callable[[str], Person], tmp_path: Path, scripts: bool
) -> None:
    code = person("admin1").get("/units?limit=1")["items"][0]["code"]
    mark = fresh()[-8:]
    table = tmp_path / "residents.csv"
    rows = [f"{code},a-{mark}@example.org", f"no-such-home,b-{mark}@example.org"]
    table.write_text("\n".join(["房屋编码,电子邮箱", *rows]), encoding="utf-8-sig")
    page = visit("admin1", "/admin/residents/import", lang="zh-CN", java_script_enabled=scripts)
    forgive(page, "status of 422")
    page.set_input_files("#file", table)
    page.click("text=检查表格")
    wrong = page.locator("table tbody tr")
    expect(wrong).to_have_count(1)
    expect(wrong).to_contain_text("3")
    expect(wrong).to_contain_text("no-such-home")
    expect(page.locator("button[name=write]")).to_have_count(0)
    fits(page)
    if scripts:
        axe(page)
        screenshot(page, "import-bad-row-zh-CN-360")

    table.write_text(
        "\n".join(["房屋编码,电子邮箱", rows[0], rows[1].replace("no-such-home", code)]), encoding="utf-8-sig"
    )
    page.set_input_files("#file", table)
    page.click("text=检查表格")
    expect(page.locator(".alert-info")).to_contain_text("尚未作任何更改")
    page.click("button[name=write]")
    expect(page.locator(".alert-success")).to_contain_text("已写入")
    found = person("admin1").get("/invitations?state=open&limit=100")["items"]
    assert {one["login"] for one in found} >= {f"a-{mark}@example.org", f"b-{mark}@example.org"}


def test_a_table_of_homes_is_looked_through_and_written(visit: Visit, tmp_path: Path) -> None:
    name = f"{fresh()[-6:]} 栋"
    table = tmp_path / "homes.csv"
    table.write_text(f"小区,楼栋,房屋\n华庭雅苑 Huating Gardens,{name},101\n", encoding="utf-8-sig")
    page = visit("admin1", "/admin/places/import", lang="en", width=1280)
    page.set_input_files("#file", table)
    page.click("text=Look it through")
    expect(page.locator(".counts")).to_contain_text("New buildings")
    page.click("button[name=write]")
    expect(page.locator(".alert-success")).to_contain_text("Written")
    page.goto("/admin/places")
    page.click("text=Huating Gardens")
    expect(page.locator("main")).to_contain_text(name)


def test_an_account_is_changed_closed_and_opened(visit: Visit, person: Callable[[str], Person]) -> None:
    made = person("admin1").ask(
        "POST", "/invitations", {"login": f"edit-{fresh()[-12:]}", "role": "crew", "badge": "维修 7"}
    )
    account = made.ok()["account"]["id"]
    page = visit("admin1", f"/admin/accounts/{account}", lang="en", width=1280)
    page.fill("#badge", "维修 77")
    page.check("input[name=skills][value=plumbing]")
    page.click("section.panel button")
    expect(page.locator(".alert-success")).to_contain_text("changed")
    now = person("admin1").get(f"/accounts/{account}")
    assert (now["badge"], now["skills"]) == ("维修 77", ["plumbing"])
    page.click("text=Close the account")
    expect(page.locator(".alert-success")).to_contain_text("closed")
    page.click("text=Open the account again")
    expect(page.locator(".alert-success")).to_contain_text("open again")


def test_what_cannot_be_changed_is_said_beside_its_field(visit: Visit) -> None:
    page = visit("admin1", "/admin/invite", lang="en")
    forgive(page, "status of 422")
    page.fill("#login", "somebody-new")
    page.select_option("#role", "crew")
    page.click("main form button")
    expect(page.locator("#badge-refused")).to_contain_text("badge")
    page.fill("#codes", "nowhere-1")
    page.click("main form button")
    expect(page.locator("#codes-refused")).to_contain_text("nowhere-1")
    axe(page)


def test_the_keyboard_is_enough_to_invite(visit: Visit) -> None:
    page = visit("admin1", "/admin", lang="en", width=1280)
    page.locator("a", has_text="Invite somebody").focus()
    page.keyboard.press("Enter")
    page.wait_for_url("**/admin/invite")
    page.locator("#login").focus()
    page.keyboard.type(f"keys-{fresh()[-12:]}")
    page.keyboard.press("Enter")
    expect(page.locator(".alert-success")).to_contain_text("The account is ready")


def test_ones_own_account(visit: Visit, person: Callable[[str], Person]) -> None:
    login = f"self-{fresh()[-12:]}"
    body = {"login": login, "password": "the first password", "role": "crew", "badge": "维修 6", "locale": "en"}
    person("admin1").ask("POST", "/accounts", body).ok()
    first, second = visit(lang="en"), visit(lang="en")
    for page in (first, second):
        page.goto("/sign-in")
        page.fill("#login", login)
        page.fill("#password", "the first password")
        page.press("#password", "Enter")
        page.wait_for_url("**/jobs")
        page.goto("/account")
    first.fill("#current", "the first password")
    first.fill("#password", CHOSEN)
    first.fill("#again", CHOSEN)
    first.click("text=Change the password")
    expect(first.locator(".alert-success")).to_contain_text("changed")
    second.reload()
    expect(second).to_have_url(re.compile("/sign-in"))
    first.check("input[name=locale][value=zh-CN]")
    first.click("text=Save the language")
    expect(first.locator("h1")).to_have_text("我的账号")
    fits(first)
    axe(first)
    first.click("button >> text=退出所有登录")
    expect(first.locator(".alert-info")).to_contain_text("退出登录")
