"""An organisation is founded on a running desk: its admin signs in, opens an account, and a request goes through."""

from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner
from story_people import Desk, Person

from doorstep import founding
from doorstep.cli import main
from tests.waiting import until

PASSWORD = "a first password"


def run(plan: Path, desk: Desk) -> tuple[int, str]:
    """Run `doorstep found` as somebody at a terminal would; returns exit status and words."""
    done = CliRunner().invoke(
        main, ["found", str(plan)], env={"DOORSTEP_HOME": str(desk.stack.home), "DOORSTEP_ADMIN_PASSWORD": PASSWORD}
    )
    return done.exit_code, done.output


def test_a_founded_organisation_works_and_sees_nothing_of_the_others(
    desk: Desk, person: Callable[[str], Person], tmp_path: Path
) -> None:
    plan = tmp_path / "plan.yaml"
    plan.write_text(founding.EXAMPLE, encoding="utf-8")
    assert run(plan, desk)[0] == 0
    admin = desk.person("admin@example.org", PASSWORD)
    homes = admin.ask("GET", "/units").ok()["items"]
    assert {home["name"] for home in homes} == {"101", "102"}
    account = {
        "login": "household@example.org",
        "password": PASSWORD,
        "role": "resident",
        "units": [homes[0]["id"]],
        "communities": [homes[0]["community"]["id"]],
    }
    admin.ask("POST", "/accounts", account).ok()
    resident = desk.person("household@example.org", PASSWORD)
    ticket = resident.ask("POST", "/tickets", {"description": "厨房水管漏水"}).ok()
    until(lambda: resident.ask("GET", "/notices").ok()["items"], "the receipt")
    assert person("manager1").ask("GET", f"/tickets/{ticket['id']}").status == 404


HEAD = "organisation: x\nadmin: {admin}\ncommunities:\n- name: a\n"
HOURS = "  calendar: {tz: UTC, hours: {mon: [['08:00', '09:00']]}}"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("organisation: x", "lacks admin, communities"),
        ("[", "cannot be read"),
        (HEAD.format(admin="somebody"), "'calendar'"),
        (HEAD.format(admin="somebody") + "  calendar: {tz: Mars/Olympus, hours: {mon: [['08:00', '09:00']]}}", "Mars"),
        (HEAD.format(admin="resident1") + HOURS, "taken"),
    ],
)
def test_a_plan_that_cannot_be_carried_out_is_refused_with_what_is_wrong(
    desk: Desk, tmp_path: Path, words: str, said: str
) -> None:
    plan = tmp_path / "plan.yaml"
    plan.write_text(words, encoding="utf-8")
    status, output = run(plan, desk)
    assert status == 1
    assert said in output
