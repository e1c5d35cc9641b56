"""All requests at the desk, those that are over too: what its form asks of the desk, and in how many questions."""

from typing import Any

import pytest
from flask import Flask

from tests.gateway.conftest import FakeService, Organisation, json_answer
from tests.gateway.web.pages import Browser, answers, browser, query_of, text_of
from tests.gateway.web.test_web_dispatcher_board import ticket

GARDEN = "0193b3f2-1111-7000-8000-0000000000aa"
HOMES = [
    {"id": f"0193b3f2-1111-7000-8000-00000000000{n}", "name": "101", "building": f"{n}栋", "code": f"H{n}",
     "closed_at": None, "community": {"id": GARDEN, "name": "Garden"}}
    for n in (1, 2)
]  # fmt: skip
DONE = "2026-11-20T01:00:00+00:00"


@pytest.fixture
def dispatcher(app: Flask, organisation: Organisation) -> Browser:
    """A dispatcher who is signed in."""
    found = browser(app)
    found.sign_in(organisation.open("dispatcher")["login"])
    return found


def serve(services: dict[str, FakeService], homes: Any = None) -> None:
    """Let the desk tell of one request that is over, and of homes (or what answers for them)."""
    over = ticket("closed", "Crew 1", completed_at=DONE)
    garden = {"id": GARDEN, "name": "Garden", "timezone": "Asia/Shanghai"}
    told = {
        "/tickets": {"items": [over]},
        "/communities": {"items": [garden]},
        "/units": homes if callable(homes) else {"items": homes or []},
    }
    answers(services["tickets"], told)


def asked(services: dict[str, FakeService], path: str) -> list[dict[str, list[str]]]:
    """Return the queries of everything that was asked of a path."""
    of_path = (one for one in services["tickets"].asked if one["path"].partition("?")[0] == f"/api/v1{path}")
    return [query_of(one) for one in of_path]


def test_everything_is_listed_with_what_became_of_it(dispatcher: Browser, services: dict[str, FakeService]) -> None:
    serve(services)
    answer = dispatcher.open("/board/requests")
    assert all(words in text_of(answer) for words in ("A leak", "Closed", "Crew 1"))
    assert 'done <time datetime="2026-11-20T09:00:00+08:00">' in answer.text
    assert asked(services, "/tickets") == [{"limit": ["25"]}]
    assert "All requests" in text_of(dispatcher.open("/board/more"))


@pytest.mark.parametrize(
    ("state", "query"),
    [("over", {"over": ["true"]}), ("open", {"over": ["false"]}), ("cancelled", {"status": ["cancelled"]})],
)
def test_a_state_is_asked_for(
    dispatcher: Browser, services: dict[str, FakeService], state: str, query: dict[str, list[str]]
) -> None:
    serve(services)
    dispatcher.open(f"/board/requests?state={state}&number=+261122-x+&community_id={GARDEN}")
    (sent,) = asked(services, "/tickets")
    assert sent == {"limit": ["25"], "number": ["261122-x"], "community_id": [GARDEN], **query}


def test_days_are_whole_ones_by_the_clocks_of_the_community(
    dispatcher: Browser, services: dict[str, FakeService]
) -> None:
    serve(services)
    dispatcher.open("/board/requests?from=2026-11-01&to=2026-11-02")
    (sent,) = asked(services, "/tickets")
    assert (sent["from"], sent["to"]) == (["2026-11-01T00:00:00+08:00"], ["2026-11-03T00:00:00+08:00"])


@pytest.mark.parametrize("days", ["from=2026-11-02&to=2026-11-01", "from=tomorrow", "to=9999-12-31"])
def test_days_there_are_not_are_said_and_nothing_is_listed(
    dispatcher: Browser, services: dict[str, FakeService], days: str
) -> None:
    serve(services)
    assert "Give days of the calendar" in text_of(dispatcher.open(f"/board/requests?{days}"))
    assert asked(services, "/tickets") == []


def test_a_home_is_found_by_its_words_or_code_in_two_questions_one_after_the_other(
    dispatcher: Browser, services: dict[str, FakeService]
) -> None:
    serve(services, HOMES[:1])
    dispatcher.open("/board/more")
    answer = dispatcher.open("/board/requests?home=h1&state=over")
    assert 'value="H1"' in answer.text
    assert "1栋 101" in text_of(answer)
    assert [query["q"] for query in asked(services, "/units")] == [["h1"]]
    assert [query["unit_id"] for query in asked(services, "/tickets")] == [[HOMES[0]["id"]]]


@pytest.mark.parametrize(("homes", "words"), [(HOMES, "Several homes are called that"), ([], "No home is called that")])
def test_a_home_that_is_not_one_lists_nothing(
    dispatcher: Browser, services: dict[str, FakeService], homes: list[dict[str, Any]], words: str
) -> None:
    serve(services, homes)
    answer = dispatcher.open("/board/requests?home=101&state=over")
    assert words in text_of(answer)
    assert asked(services, "/tickets") == []
    if homes:
        assert f"community_id=&amp;unit_id={HOMES[1]['id']}&amp;home=H2&amp;" in answer.text
        assert "These are the first" not in text_of(answer)


def test_a_home_is_looked_for_in_the_community_that_was_chosen(
    dispatcher: Browser, services: dict[str, FakeService]
) -> None:
    serve(services, HOMES[:1])
    dispatcher.open(f"/board/requests?home=101&community_id={GARDEN}")
    (sent,) = asked(services, "/units")
    assert sent == {"q": ["101"], "community_id": [GARDEN], "limit": ["20"]}


@pytest.mark.parametrize(("said", "chosen"), [("&home=H1", True), ("", True), ("&home=", False), ("&home=H2", False)])
def test_a_home_that_was_chosen_holds_until_its_field_says_another(
    dispatcher: Browser, services: dict[str, FakeService], said: str, chosen: bool
) -> None:
    # By its words or code there would be several.
    serve(services, lambda one: {"items": HOMES[:1] if "id" in query_of(one) else HOMES})
    answer = dispatcher.open(f"/board/requests?unit_id={HOMES[0]['id']}{said}")
    held = f'<input type="hidden" name="unit_id" value="{HOMES[0]["id"]}">'
    assert (held in answer.text) is chosen
    assert ("Which one?" in text_of(answer)) is (said == "&home=H2")
    listed = [query.get("unit_id") for query in asked(services, "/tickets")]
    assert listed == ([[HOMES[0]["id"]]] if chosen else [None] if said == "&home=" else [])


def test_that_there_are_more_homes_than_are_shown_is_said(
    dispatcher: Browser, services: dict[str, FakeService]
) -> None:
    link = '</api/v1/units?after=x>; rel="next"'
    serve(services, lambda _asked: json_answer({"items": HOMES}, Link=link))
    assert "These are the first 2." in text_of(dispatcher.open("/board/requests?home=1"))
