"""“Why did this breach?” is answered in sentences, to everybody who may read the ticket, and at the terminal."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from click.testing import CliRunner
from flask import Flask
from jsonschema import Draft202012Validator, FormatChecker

from doorstep.cli import main
from services.kit import testing
from services.tickets.commands import filing
from services.tickets.settings import TicketsSettings
from tests.tickets.case_forger import opened, verdict
from tests.tickets.case_made import export

if TYPE_CHECKING:
    from tests.tickets.conftest import Estate

# A Monday, ten in the morning in Shanghai.
MONDAY = datetime(2026, 11, 2, 2, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
SHANGHAI = timedelta(hours=8)


def step(estate: "Estate", name: str, ticket: dict[str, Any], verb: str, hours: float, body: Any = None) -> Any:
    """Take a step so many hours after the filing."""
    headers = {"If_Match": f'"v{ticket["version"]}"'} if verb == "override" else {}
    with testing.at(MONDAY + hours * HOUR):
        return estate.step(name, ticket, verb, body, **headers)


def begun(estate: "Estate", urgency: str) -> dict[str, Any]:
    """Return a request about a fan, filed on Monday at ten and begun at eleven."""
    with testing.at(MONDAY):
        filed = estate.file("卫生间排风扇不转", catalogue_code="ventilation", urgency=urgency)
    for verb in ("claim", "start"):
        filed = step(estate, "crew", filed, verb, 1)
    return filed


@pytest.fixture
def ticket(estate: "Estate") -> dict[str, Any]:
    """An urgent request: half an hour to be answered, 24 hours to be done."""
    return begun(estate, "urgent")


def story(estate: "Estate", ticket: dict[str, Any], clock: str, hours: float, name: str = "resident") -> dict[str, Any]:
    """Ask why, so many hours after the filing."""
    with testing.at(MONDAY + hours * HOUR):
        answer = estate.get(name, f"/tickets/{ticket['id']}/clocks/{clock}")
        assert answer.status_code == 200, answer.json
        listed = estate.get(name, f"/tickets/{ticket['id']}/clocks").json["items"]
    told = dict(answer.json or {})
    assert told["clock"] in listed, "the clock is the one of the list"
    return told


def lines(told: dict[str, Any], language: str = "en") -> list[str]:
    """Return the lines with their times as a wall clock in Shanghai shows them."""
    return [
        f"{datetime.fromisoformat(line['at']) + SHANGHAI:%a %H:%M} {line['says'][language]}"
        for line in told["timeline"]
    ]


def test_a_breach_is_told_from_start_to_sum(estate: "Estate", ticket: dict[str, Any]) -> None:
    told = story(estate, ticket, "acknowledge/1", 400)
    assert lines(told) == [
        "Mon 10:00 The clock for first answer started (no. 1): 30 min of clock time by rule standard, "
        "in Asia/Shanghai time.",
        "Mon 10:22 Warning 1 of 1.",
        "Mon 10:30 Due.",
        "Mon 10:30 Breached: it was not done when it was due.",
        "Mon 11:00 Somebody took the job.",
        "Mon 11:00 In sum: contract time 1 h, lived time 1 h, of it paused 0 s, target 30 min. Late by 30 min.",
    ]
    assert lines(told, "zh-CN") == [
        "Mon 10:00 受理计时开始（第 1 次），时限 30 分（连续计时），规则 standard；时间为 Asia/Shanghai 当地时间。",
        "Mon 10:22 第 1 级预警（共 1 级）。",
        "Mon 10:30 截止时间。",
        "Mon 10:30 超时：到截止时间仍未完成。",
        "Mon 11:00 计时停止：已接单。",
        "Mon 11:00 合计：合同用时 1 小时，实际用时 1 小时，其中暂停 0 秒，时限 30 分。超时 30 分。",
    ]


def test_a_pause_that_ran_out_by_itself_is_told(estate: "Estate") -> None:
    """Counted in working hours: the desk is open from 08:30 to 18:00, from Monday to Saturday."""
    ticket = begun(estate, "routine")
    pause = {"reason": "parts", "note": "等滤网", "until": (MONDAY + 24 * HOUR).isoformat()}
    ticket = step(estate, "crew", ticket, "pause", 2, pause)
    assert lines(story(estate, ticket, "resolve/1", 150)) == [
        "Mon 10:00 The clock for resolution started (no. 1): 40 h of working time by rule standard, "
        "in Asia/Shanghai time.",
        "Mon 12:00 Paused because parts are awaited, until 2026-11-03 10:00 at the latest.",
        "Mon 18:00 Closed until 2026-11-03 08:30; no time counts.",
        "Tue 10:00 The pause ran out by itself after 22 h; the clock ran on.",
        "Tue 18:00 Closed until 2026-11-04 08:30; no time counts.",
        "Wed 18:00 Closed until 2026-11-05 08:30; no time counts.",
        "Thu 18:00 Closed until 2026-11-06 08:30; no time counts.",
        "Fri 09:30 Warning 1 of 1.",
        "Fri 18:00 Closed until 2026-11-07 08:30; no time counts.",
        "Sat 10:00 Due.",
        "Sat 10:00 Breached: it was not done when it was due.",
        "Sat 18:00 Closed until 2026-11-09 08:30; no time counts.",
        "Sun 16:00 In sum: contract time 48 h, lived time 150 h, of it paused 22 h, target 40 h. Late by 30 h.",
    ]


def test_a_reopened_job_has_two_stories_and_the_first_stays(estate: "Estate", ticket: dict[str, Any]) -> None:
    ticket = step(estate, "crew", ticket, "complete", 30, {"note": "换了电机"})
    ticket = step(estate, "resident", ticket, "reopen", 40, {"reason": "又不转了"})
    first, second = (story(estate, ticket, f"resolve/{number}", 41) for number in (1, 2))
    assert lines(first)[-2:] == [
        "Tue 16:00 The work was completed.",
        "Tue 16:00 In sum: contract time 30 h, lived time 30 h, of it paused 0 s, target 24 h. Late by 6 h.",
    ]
    assert lines(second) == [
        "Wed 02:00 The clock for resolution started (no. 2): 24 h of clock time by rule standard, "
        "in Asia/Shanghai time.",
        "Thu 02:00 Will be due.",
        "Wed 03:00 In sum: contract time 1 h, lived time 1 h, of it paused 0 s, target 24 h. Running.",
    ]


def test_a_correction_does_not_make_a_breach_disappear(estate: "Estate", ticket: dict[str, Any]) -> None:
    ticket = step(estate, "crew", ticket, "complete", 30)
    ticket = step(estate, "resident", ticket, "reopen", 31, {"reason": "又不转了"})
    stricter = {"reason": "家有老人", "urgency": "emergency"}
    ticket = step(estate, "dispatcher", ticket, "override", 32, stricter)
    milder = {"reason": "已有备用风扇", "urgency": "routine"}
    ticket = step(estate, "dispatcher", ticket, "override", 60, milder)
    told = story(estate, ticket, "resolve/2", 61)
    assert told["clock"]["state"] == "breached"
    said = lines(told)
    assert [line for line in said if "corrected" in line] == [
        "Tue 18:00 The desk corrected the job.",
        "Wed 22:00 The desk corrected the job: target before 24 h of clock time, after 40 h of working time.",
    ], "an emergency has as long to be done as what is urgent"
    assert sum("Breached" in line for line in said) == 1


def test_what_is_due_by_the_end_of_the_day_is_as_long_as_that_day_was(estate: "Estate") -> None:
    answer = estate.put("manager", f"/communities/{estate.community_id}/packs/cn_1998", {}, If_Match="*")
    assert answer.status_code == 200, answer.json
    with testing.at(MONDAY):
        filed = estate.file("家里漏水", catalogue_code="water-leak-pipe", urgency="urgent")
    clock = next(
        clock
        for clock in estate.get("manager", f"/tickets/{filed['id']}/clocks").json["items"]
        if clock["rule"] == "cn_1998/urgent-water-power"
    )
    assert (clock["sundown"], clock["target_seconds"]) == (True, 14 * 3600)
    told = story(estate, filed, f"{clock['clock']}/1", 1)
    assert "due by the end of the day (24:00), by rule cn_1998/" in lines(told)[0]
    assert "target by the end of the day (24:00)" in lines(told)[-1]
    assert verdict(export(estate, filed).data) == ""
    page = opened(export(estate, filed).data)["case.html"].decode()
    assert "<td>当日 24:00 前</td>" in page
    assert "<td>户内水电急修不过夜</td>" in page, "a rule goes by the name that the policy gives it"


def test_residents_read_their_own_and_find_no_staff_names_in_it(estate: "Estate", ticket: dict[str, Any]) -> None:
    assert "badge" not in str(story(estate, ticket, "resolve/1", 50))
    path = f"/tickets/{ticket['id']}/clocks/resolve/1"
    assert estate.get("neighbour", path).status_code == 404
    for name in ("crew", "dispatcher", "manager", "admin"):
        assert estate.get(name, path).status_code == 200


@pytest.mark.parametrize("clock", ["resolve/2", "total/1", "nonsense/1", "resolve/99999999999999999999"])
def test_a_clock_that_is_not_there_is_not_found(estate: "Estate", ticket: dict[str, Any], clock: str) -> None:
    answer = estate.get("manager", f"/tickets/{ticket['id']}/clocks/{clock}")
    assert answer.status_code == 404
    assert answer.json["code"] == "not_found"


def test_how_long_nobody_took_the_job_is_a_matter_among_staff(estate: "Estate", ticket: dict[str, Any]) -> None:
    assert story(estate, ticket, "claim/1", 1, "manager")["clock"]["state"] in ("met", "breached")
    assert estate.get("resident", f"/tickets/{ticket['id']}/clocks/claim/1").status_code == 404


def test_the_answer_is_what_the_document_says(app: Flask, estate: "Estate", ticket: dict[str, Any]) -> None:
    document = app.test_client().get("/openapi.json").json or {}
    path = "/api/v1/tickets/{ticket_id}/clocks/{kind}/{generation}"
    schema = document["paths"][path]["get"]["responses"]["200"]["content"]["application/json"]["schema"]
    checked = Draft202012Validator({**schema, "components": document["components"]}, format_checker=FormatChecker())
    checked.validate(story(estate, ticket, "resolve/1", 50))


@pytest.fixture
def why(settings: TicketsSettings) -> Callable[..., Any]:
    """Return a function that asks at the terminal."""
    env = {"TICKETS_WORKER_DATABASE_URL": settings.kit.worker_database_url, "COLUMNS": "140", "LC_ALL": "zh_CN.UTF-8"}
    return lambda *arguments: CliRunner().invoke(main, ["sla", "why", *arguments], env=env)


def test_the_story_is_told_at_the_terminal(ticket: dict[str, Any], why: Callable[..., Any]) -> None:
    ended = why(ticket["number"], "--clock", "acknowledge", "--lang", "en")
    assert ended.exit_code == 0, ended.output
    assert f"Ticket {ticket['number']} · first answer (no. 1)" in ended.stdout
    assert "Time (Asia/Shanghai)" in ended.stdout
    assert "2026-11-02 10:30" in ended.stdout
    assert "Late by 30 min." in ended.stdout
    assert "超时 30 分。" in why(ticket["number"], "--clock", "acknowledge").stdout


def test_what_cannot_be_told_is_said_at_the_terminal(ticket: dict[str, Any], why: Callable[..., Any]) -> None:
    absent = why(ticket["number"], "--clock", "total")
    assert absent.exit_code == 1
    assert f"工单 {ticket['number']} 没有此项计时" in absent.stderr
    assert "acknowledge 1、attend 1" in absent.stderr
    absent = why(ticket["number"], "--generation", "9", "--lang", "en")
    assert "has no such clock" in absent.stderr
    assert "attend 1, " in absent.stderr
    unknown = why("000000-XXXXXX")
    assert unknown.exit_code == 1
    assert "There is no ticket 000000-XXXXXX." in unknown.stderr


def test_a_number_that_two_organisations_use_is_asked_about(
    estate: "Estate",
    new_estate: Callable[[], "Estate"],
    monkeypatch: pytest.MonkeyPatch,
    ticket: dict[str, Any],
    why: Callable[..., Any],
) -> None:
    other = new_estate()
    monkeypatch.setattr(filing, "_number", lambda at: ticket["number"])
    with testing.at(MONDAY):
        other.file()
    asked = why(ticket["number"])
    assert asked.exit_code == 1
    assert estate.organisation_id in asked.stderr
    assert other.organisation_id in asked.stderr
    assert why(ticket["number"], "--organisation", estate.organisation_id).exit_code == 0
