"""The dispatcher's board without a browser: where a ticket stands on it, and how its time is said."""

from datetime import timedelta
from typing import Any

from flask import Flask

from services.kit import clock
from tests.gateway.conftest import FakeService, Organisation
from tests.gateway.web.pages import answers, browser, query_of, text_of

PLACES = {"items": [{"id": "c", "name": "Garden", "timezone": "Asia/Shanghai"}]}


def ticket(status: str = "filed", owner: str | None = None, minutes: float | None = 30, **more: Any) -> dict[str, Any]:
    due = None if minutes is None else (clock.now() + timedelta(minutes=minutes)).isoformat()
    return {
        "id": "01a20222-4c1f-77f6-9b03-4ddb22ffcdf2",
        "number": "261122-D8K7PC",
        "status": status,
        "title": "A leak",
        "community_id": "c",
        "community_name": "Garden",
        "unit_name": "1 302",
        "location": None,
        "work_type": "repair",
        "need_level": 1,
        "urgency": "urgent",
        "owner": {
            "kind": "person" if owner else "desk",
            "id": owner,
            "name": owner,
            "desk": None if owner else "dispatch",
        },
        "waiting_reason": "parts" if status == "waiting" else None,
        "paused_until": due if status == "waiting" else None,
        "objected_at": None,
        "promised_at": None,
        "filed_at": clock.now().isoformat(),
        "next_due_at": due,
        "next_due_clock": "attend" if due else None,
        "joined_to": None,
        "joined": 0,
        "version": 1,
    } | more


def shown(app: Flask, fake: FakeService, organisation: Organisation, *tickets: dict[str, Any], path: str = "") -> str:
    counts = [{"status": "filed", "need_level": 1, "n": len(tickets), "unclaimed": len(tickets), "overdue": 1}]
    crew = {"id": "b", "role": "crew", "badge": "Crew 2", "community_ids": ["c"], "on_duty": True}
    away = {**crew, "id": "a", "badge": "Crew 1", "on_duty": None}
    board = {"items": list(tickets), "counts": counts}
    answers(fake, {"/board": board, "/communities": PLACES, "/staff": {"items": [away, crew]}})
    visitor = browser(app)
    visitor.sign_in(organisation.open("dispatcher")["login"])
    answer = visitor.open(f"/board{path}")
    assert answer.status_code == 200
    return answer.text


def column(html: str, code: str) -> str:
    return html.partition(f'data-cards="{code}"')[2].partition("</ul>")[0]


def test_tickets_stand_where_somebody_looks_for_them(
    app: Flask, services: dict[str, FakeService], organisation: Organisation
) -> None:
    places = {
        "unclaimed": [ticket(), ticket("acknowledged"), ticket("assigned"), ticket("reopened")],
        "taken": [ticket("claimed", "p"), ticket("reopened", "p")],
        "under-way": [ticket("on_site", "p"), ticket("in_progress", "p")],
        "paused": [ticket("waiting", "p")],
    }
    html = shown(app, services["tickets"], organisation, *(one for some in places.values() for one in some))
    assert {code: column(html, code).count("<li") for code in places} == {
        code: len(some) for code, some in places.items()
    }


def test_the_time_left_is_said_in_words_and_by_a_sign(
    app: Flask, services: dict[str, FakeService], organisation: Organisation
) -> None:
    for minutes, sign, words in (
        (-61, "‼", "Coming: 1 h 1 min late"),
        (30.5, "!", "Coming: 30 min left"),
        (500.5, "◔", "Coming: 8 h 20 min left"),
        (None, "–", "No deadline runs"),
    ):
        html = column(shown(app, services["tickets"], organisation, ticket(minutes=minutes)), "unclaimed")
        assert f'<span aria-hidden="true">{sign}</span> {words}' in html, words


def test_the_board_is_narrowed_and_without_scripts_shows_itself_anew(
    app: Flask, services: dict[str, FakeService], organisation: Organisation
) -> None:
    html = shown(app, services["tickets"], organisation, ticket(), path="?community_id=c&level=2")
    asked = [one for one in services["tickets"].asked if one["path"].startswith("/api/v1/board")]
    assert query_of(asked[-1]) == {"limit": ["250"], "community_id": ["c"], "need_level": ["2"]}
    assert '<meta http-equiv="refresh" content="60">' in html
    assert html.index("Crew 2") < html.index("Crew 1"), "who is on duty comes first"


def test_in_chinese_a_number_has_one_form(
    app: Flask, services: dict[str, FakeService], organisation: Organisation
) -> None:
    answers(
        services["tickets"],
        {"/board": {"items": [], "counts": []}, "/communities": PLACES, "/staff": {"items": [
            {"id": "b", "role": "crew", "badge": "Crew 2", "community_ids": ["c"], "on_duty": None}]}},
    )  # fmt: skip
    visitor = browser(app, "zh-CN")
    visitor.sign_in(organisation.open("dispatcher")["login"])
    page = text_of(visitor.open("/board"))
    assert "0 件工单" in page
    assert "jobs" not in page


def test_a_column_counts_all_that_is_in_it_and_not_only_this_page(
    app: Flask, services: dict[str, FakeService], organisation: Organisation
) -> None:
    def count(status: str, level: int | None, n: int, unclaimed: int) -> dict[str, Any]:
        return {"status": status, "need_level": level, "n": n, "unclaimed": unclaimed, "overdue": 0}

    counts = [count("assigned", 1, 300, 40), count("filed", 2, 7, 7), count("waiting", None, 3, 2)]
    board = {"items": [ticket("claimed", "p")], "counts": counts}
    answers(services["tickets"], {"/board": board, "/communities": PLACES, "/staff": {"items": []}})
    visitor = browser(app)
    visitor.sign_in(organisation.open("dispatcher")["login"])
    for path, told in (("", ("47", "260", "0", "3")), ("?level=2", ("7", "0", "0", "0"))):
        html = visitor.open(f"/board{path}").text
        columns = ("unclaimed", "taken", "under-way", "paused")
        assert tuple(html.partition(f'data-live="count-{code}">')[2].partition("<")[0] for code in columns) == told
    assert "level=none" in html


def test_a_card_says_when_somebody_comes_and_whose_answer_is_waited_for(
    app: Flask, services: dict[str, FakeService], organisation: Organisation
) -> None:
    window = {"from": "2026-11-03T06:00:00+00:00", "to": "2026-11-03T08:00:00+00:00"}
    exact = '<time datetime="2026-11-03T14:00:00+08:00">'
    for appointment, words in (
        ({"proposed": None, "agreed": window}, "Visit agreed: "),
        ({"proposed": {**window, "by": "desk"}, "agreed": None}, "Visit proposed, not answered yet: "),
        ({"proposed": {**window, "by": "household"}, "agreed": None}, "proposes a visit, to be answered: "),
    ):
        card = ticket("claimed", "p", appointment={"version": 2, **appointment})
        assert words + exact in shown(app, services["tickets"], organisation, card), words
    assert "Visit" not in shown(app, services["tickets"], organisation, ticket("claimed", "p", appointment=None))


def test_a_number_leads_to_its_request(
    app: Flask, services: dict[str, FakeService], organisation: Organisation
) -> None:
    known: dict[str, Any] = {"items": [ticket()]}
    answers(services["tickets"], {
        "/tickets": lambda asked: known if query_of(asked)["number"] == ["261122-d8k7pc"] else {"items": []},
        "/board": {"items": [], "counts": []}, "/communities": PLACES, "/staff": {"items": []},
    })  # fmt: skip
    visitor = browser(app)
    visitor.sign_in(organisation.open("dispatcher")["login"])
    found = visitor.open("/board?number=+261122-d8k7pc")
    assert found.headers["Location"].endswith(f"/board/tickets/{ticket()['id']}")
    assert "There is no request of that number." in text_of(visitor.open("/board?number=1"))
