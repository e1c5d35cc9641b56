"""The dispatchers' board: what nobody has first, then the nearest deadline, with counts of all of it."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from sqlalchemy import Engine, event

from services.kit import clock, testing
from services.kit.database import transaction
from services.tickets.queries.board import board_of
from tests.tickets.conftest import Estate
from tests.tickets.test_appointments import agreed, claimed, in_hours
from tests.tickets.walking import waiting


def numbers(estate: Estate, query: str = "") -> list[str]:
    return [one["number"] for one in estate.get("dispatcher", f"/board{query}").get_json()["items"]]


def test_what_nobody_has_comes_first_and_then_what_is_due_first(estate: Estate) -> None:
    now = clock.now()
    with testing.at(now):
        taken = estate.file("楼道灯不亮了")
        later = estate.file("厨房水管漏水")
        estate.step("crew", taken, "claim")
    with testing.at(now - timedelta(minutes=5)):
        sooner = estate.file("厨房水管漏水")
    told = estate.get("dispatcher", "/board").get_json()
    assert [one["number"] for one in told["items"]] == [sooner["number"], later["number"], taken["number"]]
    first = told["items"][0]
    assert (first["owner"]["kind"], first["next_due_clock"]) == ("desk", "acknowledge")
    assert sum(one["n"] for one in told["counts"]) == 3
    assert sum(one["unclaimed"] for one in told["counts"]) == 2
    with testing.at(now + timedelta(days=9)):
        assert sum(one["overdue"] for one in estate.get("dispatcher", "/board").get_json()["counts"]) == 3


def test_what_is_paused_is_there_and_what_is_done_is_gone(estate: Estate) -> None:
    ticket, done = estate.file(), estate.completed()
    for verb, body in (("claim", None), ("start", None), ("pause", waiting())):
        estate.step("crew", ticket, verb, body)
    told = estate.get("manager", "/board").get_json()
    assert [one["number"] for one in told["items"]] == [ticket["number"]]
    assert told["items"][0]["paused_until"] is not None
    assert done["number"] not in numbers(estate)


def test_the_board_is_read_to_its_end_and_of_ones_own_places(estate: Estate, new_estate: Callable[[], Estate]) -> None:
    new_estate().file()
    wanted = {estate.file("楼道灯不亮了")["number"] for _ in range(5)}
    seen: list[str] = []
    query = "?limit=2"
    while query:
        answer = estate.get("dispatcher", f"/board{query}")
        seen += [one["number"] for one in answer.get_json()["items"]]
        link = answer.headers.get("Link", "")
        query = "?" + link.partition("?")[2].partition(">")[0] if link else ""
    assert sorted(seen) == sorted(wanted)
    assert numbers(estate, f"?community_id={testing.fresh()}") == []
    estate.join("elsewhere", "dispatcher", community_ids=(testing.fresh(),))
    assert estate.get("elsewhere", "/board").get_json() == {"items": [], "counts": []}
    for name in ("resident", "crew", "admin"):
        assert estate.get(name, "/board").status_code == 403


def test_joined_reports_are_on_the_board_until_they_are_answered(estate: Estate) -> None:
    lead, other = estate.file("楼道水管漏水"), estate.file("楼道水管漏水")
    assert estate.post("dispatcher", f"/tickets/{other['id']}/join", {"to": lead["id"]}).status_code == 200
    cards = {one["number"]: one for one in estate.get("dispatcher", "/board").get_json()["items"]}
    assert cards[lead["number"]]["joined"] == 1
    assert cards[other["number"]]["joined_to"] == lead["id"]
    estate.step("dispatcher", other, "acknowledge")
    assert numbers(estate) == [lead["number"]]


def test_cards_say_when_somebody_comes_in_no_more_questions_to_the_database(estate: Estate, web_engine: Engine) -> None:
    asked: list[str] = []

    def board() -> dict[str, Any]:
        with transaction(web_engine, estate.people["dispatcher"]) as db:
            event.listen(db, "before_cursor_execute", lambda *told: asked.append(told[2]))
            cards, _more = board_of(db, (), community_id=None, need_level=None, limit=50, after=None)
        return {card["id"]: card["appointment"] for card in cards}

    quiet = estate.file()
    assert board() == {quiet["id"]: None}
    questions = len(asked)
    asked.clear()
    standing = agreed(estate)
    proposed = estate.step("resident", claimed(estate), "propose", in_hours(30))
    told = board()
    assert len(asked) == questions
    assert told == {
        quiet["id"]: None,
        standing["id"]: standing["appointment"],
        proposed["id"]: proposed["appointment"],
    }
    assert told[standing["id"]]["agreed"] is not None
    assert told[proposed["id"]]["proposed"]["by"] == "household"
    cards = {one["id"]: one for one in estate.get("dispatcher", "/board").get_json()["items"]}
    assert cards[standing["id"]]["appointment"] == standing["appointment"]


def test_homes_are_found_by_what_somebody_says(estate: Estate) -> None:
    unit = next(one for one in estate.get("dispatcher", "/units").get_json()["items"] if one["id"] == estate.home)
    said = f"{unit['building']} {unit['name']}"
    for words in (said, said.replace(" ", "-"), unit["name"], unit["code"].lower()):
        found = estate.client.get(
            "/api/v1/units", query_string={"q": words}, headers=testing.bearer(estate.people["dispatcher"])
        ).get_json()["items"]
        assert unit in found, words
    assert estate.get("dispatcher", "/units?q=nowhere").get_json()["items"] == []
    assert estate.get("dispatcher", f"/units?id={estate.home}&id={testing.fresh()}").get_json()["items"] == [unit]
    for place, found in ((unit["community"]["id"], [unit]), (testing.fresh(), [])):
        query = f"id={estate.home}&community_id={place}"
        assert estate.get("dispatcher", f"/units?{query}").get_json()["items"] == found


def test_the_board_is_narrowed_to_a_need_level_and_its_counts_are_of_all(estate: Estate) -> None:
    leak, question = estate.file("厨房水管漏水"), estate.file("请问物业费怎么交")
    level = leak["need_level"]
    assert numbers(estate, f"?need_level={level}") == [leak["number"]]
    assert numbers(estate, "?need_level=none") == ([question["number"]] if question["need_level"] is None else [])
    told = estate.get("dispatcher", f"/board?need_level={level}&limit=250").get_json()
    assert sum(one["n"] for one in told["counts"]) == 2
    for bad in ("need_level=6", "need_level=", "limit=251"):
        assert estate.get("dispatcher", f"/board?{bad}").status_code == 422
