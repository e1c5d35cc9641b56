"""Earlier complaints are found by their words, home, building and item, and only by those who may see them."""

from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import Engine, func, select, text
from sqlalchemy.exc import ProgrammingError

from services.kit import testing
from services.kit.database import transaction
from services.tickets.earlier import TELLING
from services.tickets.models import complaint_words
from tests.tickets.complaining import brought_to, case, complaint, take

if TYPE_CHECKING:
    from tests.tickets.conftest import Estate

FEES = {"catalogue_code": "complaint-fees"}


def earlier(estate: "Estate", ticket_id: str, name: str = "dispatcher") -> list[dict]:
    """Return the earlier cases of one."""
    answer = estate.get(name, f"/tickets/{ticket_id}/complaint/earlier")
    assert answer.status_code == 200, answer.json
    return list(answer.json["items"])


def test_the_earlier_case_of_the_same_home_comes_first(estate: "Estate") -> None:
    same_home = complaint(estate, "物业费收得太高", **FEES)
    next_door = complaint(estate, "保安态度恶劣，在门口骂人", "neighbour")
    other = complaint(estate, "公共收益账目从不公示", "neighbour", catalogue_code="complaint-transparency")
    settled = brought_to(estate, "reviewed", "门口保安态度恶劣骂人")
    asked = complaint(estate, "保安态度恶劣，在门口大声骂人")
    found = earlier(estate, asked["id"])
    assert [one["ticket_id"] for one in found[:2]] == [settled["id"], next_door["id"]]
    first = found[0]
    assert (first["same_home"], first["same_item"], first["step"]) == (True, True, "reviewed")
    assert (first["justified"], first["outcome"]) == (True, "solved")
    assert (found[1]["same_home"], found[1]["same_building"]) == (False, True)
    assert same_home["id"] in {one["ticket_id"] for one in found}
    assert other["id"] not in {one["ticket_id"] for one in found}
    assert [one["score"] for one in found] == sorted((one["score"] for one in found), reverse=True)


def test_the_judgement_records_what_it_was_compared_with(estate: "Estate") -> None:
    before = complaint(estate, "电梯三天没人修，打电话没人回复")
    asked = complaint(estate, "电梯三天没人修，一直没人回复")
    take(estate, "dispatcher", asked["id"], "identify")
    take(estate, "dispatcher", asked["id"], "assess")
    assert case(estate, "dispatcher", asked["id"])["earlier"] == [before["id"]]
    assert earlier(estate, before["id"]) == [], "what came later is no earlier case"


def test_another_organisations_complaints_are_never_found(estate: "Estate", new_estate: Callable[[], "Estate"]) -> None:
    complaint(new_estate(), "保安态度恶劣，在门口骂人")
    assert earlier(estate, complaint(estate, "保安态度恶劣，在门口骂人")["id"]) == []


def test_a_word_that_all_have_in_common_tells_nothing_apart(estate: "Estate", worker_engine: Engine) -> None:
    rare, asked = complaint(estate, "楼道堆满纸箱", "neighbour", **FEES), complaint(estate, "投诉楼道堆满纸箱")
    with worker_engine.begin() as db:
        tickets = [complaint(estate, "投诉", "neighbour", **FEES)["id"] for _ in range(3)]
        db.execute(
            text(
                "INSERT INTO complaint_words SELECT :organisation, '投诉', t.id FROM tickets t"
                " WHERE t.organisation_id <> :organisation LIMIT :n ON CONFLICT DO NOTHING"
            ),
            {"organisation": estate.organisation_id, "n": TELLING},
        )
    found = {one["ticket_id"] for one in earlier(estate, asked["id"])}
    assert rare["id"] in found
    assert tickets


def test_a_ticket_made_a_complaint_later_is_found_too(estate: "Estate", worker_engine: Engine) -> None:
    ticket = estate.file("厨房水管漏水")
    body = {"reason": "是投诉", "catalogue_code": "complaint-conduct"}
    estate.step("dispatcher", ticket, "override", body, If_Match='"v1"')
    take(estate, "dispatcher", ticket["id"], "identify")
    with worker_engine.connect() as db:
        kept = select(func.count()).where(complaint_words.c.ticket_id == ticket["id"])
        assert db.execute(kept).scalar_one() > 0


@pytest.mark.parametrize("table", ["complaints", "complaint_words"])
def test_the_database_itself_shows_a_case_to_nobody_else(
    estate: "Estate", new_estate: Callable[[], "Estate"], web_engine: Engine, table: str
) -> None:
    brought_to(estate, "identified")
    far = estate.join("far", "manager", community_ids=(testing.fresh(),))
    count = text(f"SELECT count(*) FROM {table}")
    seen = {}
    for name, who in {
        "nobody": None,
        "stranger": new_estate().people["manager"],
        "neighbour": estate.people["neighbour"],
        "resident": estate.people["resident"],
        "far": far,
        "manager": estate.people["manager"],
    }.items():
        with transaction(web_engine, who) as db:
            seen[name] = bool(db.execute(count).scalar_one())
    words = table == "complaint_words"
    assert seen == {
        "nobody": False, "stranger": False, "neighbour": False, "resident": not words, "far": words, "manager": True,
    }  # fmt: skip
    with (
        pytest.raises(ProgrammingError, match="row-level security"),
        transaction(web_engine, estate.people["manager"]) as db,
    ):
        db.execute(
            text("INSERT INTO complaint_words SELECT :other, 'x', id FROM tickets LIMIT 1"), {"other": testing.fresh()}
        )


def test_a_manager_of_other_communities_finds_nothing_here(estate: "Estate") -> None:
    complaint(estate, "保安态度恶劣，在门口骂人")
    asked = complaint(estate, "保安态度恶劣，在门口骂人")
    estate.join("far", "manager", community_ids=(testing.fresh(),))
    assert estate.get("far", f"/tickets/{asked['id']}/complaint/earlier").status_code == 404
