"""Filing: whose request it is, where, what triage makes of it, and what dispatchers teach it."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import Engine

from services.kit import testing
from services.tickets import commands
from services.tickets.queries import desk
from tests.tickets.conftest import CALENDAR

if TYPE_CHECKING:
    from tests.tickets.conftest import Estate


def second_community(estate: "Estate", engine: Engine) -> tuple[str, str]:
    """Add another community with one home; returns both ids."""
    community, home = testing.fresh(), testing.fresh()
    place = commands.Place(community, "银杏里", CALENDAR, {testing.fresh(): ("2栋", {home: "201"})})
    with engine.begin() as db:
        commands.add_places(db, estate.organisation_id, [place])
    return community, home


def refused(estate: "Estate", name: str, body: dict[str, Any]) -> set[str]:
    """Return the fields a refused filing names."""
    answer = estate.post(name, "/tickets", {"description": "走廊灯不亮", **body})
    assert answer.status_code == 422, answer.json
    return {error["field"] for error in answer.json["errors"]}


def test_a_residents_only_home_needs_no_name(estate: "Estate") -> None:
    ticket = estate.file()
    assert (ticket["unit_id"], ticket["unit_name"]) == (estate.home, "1栋 101")
    assert ticket["community_name"] == "桂花苑"
    assert ticket["requester_id"] == ticket["filed_by"] == estate.people["resident"].id


def test_a_place_outside_the_home_is_the_communitys(estate: "Estate") -> None:
    ticket = estate.file(location="地下车库 B2")
    assert (ticket["unit_id"], ticket["location"]) == (None, "地下车库 B2")
    assert ticket["community_id"] == estate.community_id


def test_with_homes_in_two_communities_the_place_is_asked_for(estate: "Estate", worker_engine: Engine) -> None:
    community, home = second_community(estate, worker_engine)
    estate.join("landlady", "resident", unit_ids=(estate.home, home))
    assert refused(estate, "landlady", {}) == {"unit_id"}
    assert estate.file(name="landlady", unit_id=home)["community_id"] == community
    assert estate.file(name="landlady", community_id=community)["unit_id"] is None


def test_nobody_files_for_a_home_or_a_community_that_is_not_theirs(
    estate: "Estate", new_estate: Callable[[], "Estate"], worker_engine: Engine
) -> None:
    community, home = second_community(estate, worker_engine)
    foreign = new_estate()
    for unit in (estate.other_home, home, foreign.home, testing.fresh()):
        assert refused(estate, "resident", {"unit_id": unit}) == {"unit_id"}
    for elsewhere in (community, foreign.community_id, testing.fresh()):
        assert refused(estate, "resident", {"community_id": elsewhere}) == {"community_id"}
    for unit in (foreign.home, testing.fresh()):
        assert refused(estate, "dispatcher", {"unit_id": unit}) == {"unit_id"}


def test_staff_of_one_community_file_only_there(estate: "Estate", worker_engine: Engine) -> None:
    community, home = second_community(estate, worker_engine)
    for role in ("crew", "dispatcher", "manager"):
        name = f"local {role}"
        estate.join(name, role, community_ids=(estate.community_id,))
        assert refused(estate, name, {"unit_id": home}) == {"unit_id"}
        assert refused(estate, name, {"community_id": community}) == {"community_id"}
        assert estate.file(name=name)["community_id"] == estate.community_id
    far = estate.join("far resident", "resident", unit_ids=(home,))
    assert refused(estate, "local dispatcher", {"on_behalf_of": far.id}) <= {"unit_id", "community_id"}


def test_staff_without_a_limit_say_where(estate: "Estate", worker_engine: Engine) -> None:
    second_community(estate, worker_engine)
    assert refused(estate, "dispatcher", {}) == {"community_id"}
    assert estate.file(name="dispatcher", community_id=estate.community_id)["unit_id"] is None


def test_the_desk_files_on_behalf_of_a_resident(estate: "Estate") -> None:
    neighbour = estate.people["neighbour"].id
    ticket = estate.file(name="dispatcher", on_behalf_of=neighbour, channel="phone")
    assert (ticket["requester_id"], ticket["filed_by"]) == (neighbour, estate.people["dispatcher"].id)
    assert (ticket["unit_id"], ticket["channel"]) == (estate.other_home, "phone")
    assert estate.get("neighbour", f"/tickets/{ticket['id']}").status_code == 200
    assert estate.get("resident", f"/tickets/{ticket['id']}").status_code == 404


def test_on_behalf_of_needs_a_resident_of_ours(estate: "Estate", new_estate: Callable[[], "Estate"]) -> None:
    strangers = (testing.fresh(), estate.people["crew"].id, new_estate().people["resident"].id)
    for stranger in strangers:
        assert refused(estate, "dispatcher", {"on_behalf_of": stranger}) == {"on_behalf_of"}
    answer = estate.post("resident", "/tickets", {"description": "漏水", "on_behalf_of": estate.people["neighbour"].id})
    assert answer.status_code == 403


@pytest.mark.parametrize(
    ("language", "chinese"), [("zh-CN", True), ("en", False), ("zh", True), ("en-GB,en;q=0.8", False)]
)
def test_because_speaks_the_callers_language(estate: "Estate", language: str, chinese: bool) -> None:
    body = {"description": "厨房水管漏水"}
    filed = estate.post("resident", "/tickets", body, Accept_Language=language).json
    judged = estate.post("resident", "/triage", {"text": body["description"]}, Accept_Language=language).json
    assert filed["because"] == judged["because"] != []
    for reason in filed["because"]:
        assert any("\u4e00" <= sign <= "\u9fff" for sign in reason["says"]) is chinese, reason


def test_an_item_that_was_chosen_is_kept_and_danger_in_the_words_still_counts(estate: "Estate") -> None:
    quiet = next(item for item in estate.get("resident", "/catalogue").json["items"] if item["urgency"] == "routine")
    ticket = estate.file("电梯困人了，有人被困在里面", catalogue_code=quiet["code"])
    assert ticket["catalogue_code"] == quiet["code"]
    assert ticket["urgency"] == "emergency"
    assert ticket["because"][0]["word"] == quiet["code"]


@pytest.mark.parametrize(
    ("name", "words", "stated", "urgency"),
    [
        ("resident", "水管爆了，水漫到客厅", "routine", "emergency"),
        ("resident", "楼道灯不亮了", "urgent", "urgent"),
        ("resident", "楼道灯不亮了", "emergency", "emergency"),
        ("dispatcher", "水管爆了，水漫到客厅", "routine", "routine"),
        ("crew", "楼道灯不亮了", "urgent", "urgent"),
    ],
    ids=["a resident lowers nothing", "raises", "raises far", "the desk decides", "the crew decides"],
)
def test_who_may_state_the_urgency(estate: "Estate", name: str, words: str, stated: str, urgency: str) -> None:
    assert estate.file(words, name=name, urgency=stated)["urgency"] == urgency


def test_the_first_line_is_the_title_unless_one_is_given(estate: "Estate") -> None:
    assert estate.file("灯坏了\n三楼")["title"] == "灯坏了"
    assert estate.file("灯坏了", title="三楼")["title"] == "三楼"
    long = estate.file("灯" * 200)["title"]
    assert (len(long), long[-1]) == (60, "…")


def test_what_dispatchers_refile_is_learnt_by_this_organisation_alone(
    estate: "Estate", new_estate: Callable[[], "Estate"]
) -> None:
    words = "小区门口那只石狮子的绣球又松了"
    ticket = estate.file(words)
    items = estate.get("dispatcher", "/catalogue").json["items"]
    wanted = next(
        item["code"] for item in items if item["topic"] == "greening" and item["code"] != ticket["catalogue_code"]
    )
    for _ in range(2):
        body = {"reason": "由绿化处理", "catalogue_code": wanted}
        estate.step("dispatcher", estate.file(words), "override", body, If_Match='"v1"')
    desk._RECENT.clear()  # Corrections are asked for once a second; this is the next second.
    again = estate.file("门口石狮子的绣球松了")
    assert again["catalogue_code"] == wanted
    judged = estate.post("resident", "/triage", {"text": "门口石狮子的绣球松了"}).json
    assert judged["catalogue_code"] == wanted
    assert new_estate().file("门口石狮子的绣球松了")["catalogue_code"] != wanted


def test_an_override_that_changes_nothing_is_said_so(estate: "Estate") -> None:
    ticket = estate.file()
    body = {"reason": "原样", "urgency": ticket["urgency"]}
    refusal = estate.post("dispatcher", f"/tickets/{ticket['id']}/override", body, If_Match='"v1"')
    assert refusal.status_code == 422
    assert estate.get("dispatcher", f"/tickets/{ticket['id']}").json["version"] == 1


def test_an_override_is_on_the_record_with_its_reason(estate: "Estate") -> None:
    ticket = estate.file()
    level = 5 if ticket["need_level"] != 5 else 4
    after = estate.step("manager", ticket, "override", {"reason": "老人独居", "need_level": level}, If_Match='"v1"')
    assert after["need_level"] == level
    entry = estate.get("manager", f"/tickets/{ticket['id']}/history").json["items"][-1]
    assert entry["data"]["changes"] == {"need_level": [ticket["need_level"], level]}
    assert entry["note"] == "老人独居"


def test_internal_work_is_filed_by_staff_only(estate: "Estate") -> None:
    answer = estate.post("resident", "/tickets", {"description": "配件", "catalogue_code": "internal-spare-part"})
    assert (answer.status_code, answer.json["errors"][0]["field"]) == (422, "catalogue_code")
    words = "外委施工 厂家上门"
    assert estate.file(words, "crew", unit_id=estate.home)["work_type"] == "internal"
    assert estate.file(words)["catalogue_code"] == "desk-needs-a-human"


@pytest.mark.parametrize("unseen", ["\u200b", "\u2060\ufeff", "\u200d\ufe0f", "\u202e"])
def test_words_nobody_can_see_are_no_words(estate: "Estate", unseen: str) -> None:
    for body in ({"description": unseen}, {"description": "漏水", "title": unseen}):
        assert estate.post("resident", "/tickets", body).status_code == 422
    assert estate.file(f"{unseen}👨‍👩‍👧 漏水")["description"].endswith("漏水")
