"""Announcements: told in time or with the reason why not, to the homes concerned and to nobody else, once each."""

import threading
from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.exc import ProgrammingError

from services.kit import testing
from services.kit.database import transaction
from services.tickets.announced import see_to_announcements
from services.tickets.complaints.figures import share
from tests.tickets.publishing import HOUR, NOW, asked, body, drafted, end_all, published, told, with_periods
from tests.tickets.refusals import fields_of, is_problem

if TYPE_CHECKING:
    from tests.tickets.conftest import Estate


@pytest.fixture(autouse=True)
def nothing_due(worker_engine: Engine) -> None:
    end_all(worker_engine)


def test_a_draft_is_the_desks_alone(estate: "Estate") -> None:
    path = drafted(estate)
    assert asked(estate, "manager", "GET", path).json["state"] == "drafted"
    for name in ("resident", "crew", "admin"):
        is_problem(asked(estate, name, "GET", path), 404)
        assert asked(estate, name, "GET", "/announcements").json["items"] == []
    is_problem(asked(estate, "resident", "POST", f"{path}/read"), 404)


def test_whoever_lives_there_is_told_once(estate: "Estate", worker_engine: Engine) -> None:
    estate.join("spouse", "resident", unit_ids=(estate.home,))
    path = published(estate, unit_ids=[estate.home])
    people = sorted(estate.people[name].id for name in ("resident", "spouse"))
    assert told(worker_engine, path) == [("published", one) for one in people]
    is_problem(asked(estate, "dispatcher", "POST", f"{path}/publish"), 409)
    is_problem(asked(estate, "neighbour", "GET", path), 404)
    seen = asked(estate, "resident", "GET", path).json
    assert (seen["state"], seen["title_zh"], seen["is_read"]) == ("published", "3月4日停水", False)
    assert (seen["late_because"], seen["wording"], seen["publish_at"]) == (None, None, None)
    assert [one["id"] for one in seen["units"]] == [estate.home]


def test_a_neighbours_home_is_not_named(estate: "Estate") -> None:
    path = published(estate, unit_ids=[estate.home, estate.other_home])
    assert [one["id"] for one in asked(estate, "resident", "GET", path).json["units"]] == [estate.home]
    assert len(asked(estate, "crew", "GET", path).json["units"]) == 2


def test_a_planned_outage_is_told_as_long_before_as_the_law_asks(estate: "Estate") -> None:
    with_periods(estate)
    soon = drafted(estate, starts_at=(NOW + 23 * HOUR).isoformat())
    refused = asked(estate, "dispatcher", "POST", f"{soon}/publish")
    assert fields_of(refused) == {"starts_at"}
    assert refused.json["earliest_start"] == (NOW + 24 * HOUR).isoformat()
    assert (refused.json["required_seconds"], refused.json["rule"]) == (86400, "planned-stoppage")
    assert "第二十二条" in refused.json["detail"]
    exactly = published(estate, starts_at=(NOW + 24 * HOUR).isoformat())
    assert asked(estate, "manager", "GET", exactly).json["in_time"] is True
    gas = drafted(estate, kind="gas_outage", starts_at=(NOW + 47 * HOUR).isoformat(), ends_at=None)
    assert fields_of(asked(estate, "dispatcher", "POST", f"{gas}/publish")) == {"starts_at"}
    # Nothing is asked of power, nor of what nobody planned.
    published(estate, kind="power_outage", starts_at=(NOW + HOUR).isoformat())
    burst = published(estate, planned=False, starts_at=NOW.isoformat())
    assert asked(estate, "manager", "GET", burst).json["in_time"] is None


def test_too_late_goes_with_the_reason_on_record_and_in_the_figures(estate: "Estate") -> None:
    with_periods(estate)
    published(estate)
    late = published(estate, late_because="水务公司今早才通知", starts_at=(NOW + 5 * HOUR).isoformat())
    view = asked(estate, "manager", "GET", late).json
    assert (view["in_time"], view["late_because"]) == (False, "水务公司今早才通知")
    report = asked(estate, "manager", "GET", "/reports/announcements").json
    total = report["total"]
    assert (total["published"], total["bound"], total["late"]) == (2, 2, 1)
    assert total["in_time"] == pytest.approx(share(1, 2))
    assert [one["late_because"] for one in report["late_list"]] == ["水务公司今早才通知"]
    assert (total["households_told"], total["households_read"]["count"]) == (4, 0)
    is_problem(asked(estate, "dispatcher", "GET", "/reports/announcements"), 403)


def test_a_start_moved_earlier_needs_its_period_again(estate: "Estate", worker_engine: Engine) -> None:
    with_periods(estate)
    path = published(estate, starts_at=(NOW + 50 * HOUR).isoformat(), ends_at=(NOW + 60 * HOUR).isoformat())
    earlier = {"starts_at": (NOW + 30 * HOUR).isoformat()}
    later = NOW + 10 * HOUR
    is_problem(asked(estate, "dispatcher", "PATCH", path, earlier, later), 428)
    refused = asked(estate, "dispatcher", "PATCH", path, earlier, later, If_Match='"v2"')
    assert fields_of(refused) == {"starts_at"}
    assert refused.json["earliest_start"] == (later + 24 * HOUR).isoformat()
    said = {**earlier, "late_because": "施工队只有这天有空"}
    changed = asked(estate, "dispatcher", "PATCH", path, said, later, If_Match='"v2"').json
    assert (changed["in_time"], changed["version"]) == (False, 3)
    assert [what for what, _ in told(worker_engine, path)] == ["published"] * 2 + ["changed"] * 2
    back = asked(estate, "dispatcher", "PATCH", path, {"starts_at": body(estate)["ends_at"]}, later, If_Match='"v3"')
    assert back.json["in_time"] is False, "what was too late once stays on record"
    steps = asked(estate, "manager", "GET", f"{path}/steps").json["items"]
    assert [one["action"] for one in steps] == ["draft", "publish", "change", "change"]
    assert steps[2]["data"]["late_because"] == "施工队只有这天有空"


def test_another_end_is_told_anew_and_other_words_are_not(estate: "Estate", worker_engine: Engine) -> None:
    path = published(estate, unit_ids=[estate.home])
    asked(estate, "resident", "POST", f"{path}/read")
    words = asked(estate, "dispatcher", "PATCH", path, {"title_zh": "三月四日停水"}, If_Match='"v2"')
    assert words.json["title_zh"] == "三月四日停水"
    assert asked(estate, "resident", "GET", path).json["is_read"] is True
    longer = {"ends_at": (NOW + 40 * HOUR).isoformat()}
    assert asked(estate, "dispatcher", "PATCH", path, longer, If_Match='"v3"').status_code == 200
    assert [what for what, _ in told(worker_engine, path)] == ["published", "changed"]
    seen = asked(estate, "resident", "GET", path).json
    assert (seen["is_read"], seen["read_at"]) == (False, NOW.isoformat())
    for fixed in ({"kind": "notice"}, {"unit_ids": []}, {"planned": False}):
        answer = asked(estate, "dispatcher", "PATCH", path, fixed, If_Match='"v4"')
        assert fields_of(answer) == set(fixed)


def test_what_was_scheduled_is_published_once_by_any_number_of_workers(estate: "Estate", worker_engine: Engine) -> None:
    path = drafted(estate)
    at = NOW + HOUR
    planned = asked(estate, "dispatcher", "POST", f"{path}/publish", {"publish_at": at.isoformat()}).json
    assert (planned["state"], planned["publish_at"]) == ("scheduled", at.isoformat())
    is_problem(asked(estate, "resident", "GET", path), 404)
    done: list[int] = []

    def work() -> None:
        done.append(see_to_announcements(worker_engine, lambda: None))

    with testing.at(NOW):
        work()
    with testing.at(at):
        workers = [threading.Thread(target=work) for _ in range(3)]
        for one in workers:
            one.start()
        for one in workers:
            one.join()
    assert sum(done) == 1
    assert len(told(worker_engine, path)) == 2
    assert asked(estate, "resident", "GET", path).json["published_at"] == at.isoformat()


def test_publishing_late_after_downtime_is_judged_by_when_it_happened(estate: "Estate", worker_engine: Engine) -> None:
    with_periods(estate)
    path = drafted(estate)
    asked(estate, "dispatcher", "POST", f"{path}/publish", {"publish_at": (NOW + HOUR).isoformat()})
    with testing.at(NOW + 10 * HOUR):
        assert see_to_announcements(worker_engine, lambda: None) == 1
    assert asked(estate, "manager", "GET", path).json["in_time"] is False


def test_an_outage_becomes_work_when_it_begins_and_is_over_when_somebody_says_so(
    estate: "Estate", worker_engine: Engine
) -> None:
    path = published(estate, building_ids=[estate.building_id])
    assert asked(estate, "manager", "GET", path).json["ticket_id"] is None
    is_problem(asked(estate, "dispatcher", "POST", f"{path}/restore"), 409)
    with testing.at(NOW + 31 * HOUR):
        see_to_announcements(worker_engine, lambda: None)
    view = asked(estate, "manager", "GET", path, at=NOW + 37 * HOUR).json
    assert (view["state"], view["overdue"]) == ("published", True), "the water is still off"
    work = estate.get("dispatcher", f"/tickets/{view['ticket_id']}").json
    assert (work["catalogue_code"], work["unit_id"], work["location"]) == ("water-outage", None, "1栋")
    current = asked(estate, "resident", "GET", "/announcements?current=true", at=NOW + 37 * HOUR).json["items"]
    assert [one["id"] for one in current] == [view["id"]]
    over = asked(estate, "dispatcher", "POST", f"{path}/restore", at=NOW + 38 * HOUR).json
    assert (over["state"], over["over_at"]) == ("over", (NOW + 38 * HOUR).isoformat())
    assert [what for what, _ in told(worker_engine, path)][-2:] == ["restored"] * 2
    assert asked(estate, "resident", "GET", "/announcements?current=true", at=NOW + 38 * HOUR).json["items"] == []
    assert len(asked(estate, "resident", "GET", "/announcements?state=over").json["items"]) == 1


def test_a_notice_is_over_by_its_end(estate: "Estate") -> None:
    path = published(estate, kind="notice")
    after = NOW + 36 * HOUR
    assert asked(estate, "resident", "GET", path, at=after).json["state"] == "over"
    is_problem(asked(estate, "dispatcher", "POST", f"{path}/withdraw", {"reason": "误发"}, after), 409)
    assert asked(estate, "resident", "GET", "/announcements?state=published", at=after).json["items"] == []


def test_what_is_withdrawn_is_told_to_whoever_was_told(estate: "Estate", worker_engine: Engine) -> None:
    unseen = drafted(estate)
    asked(estate, "dispatcher", "POST", f"{unseen}/withdraw", {"reason": "重复"})
    assert told(worker_engine, unseen) == []
    path = published(estate)
    view = asked(estate, "dispatcher", "POST", f"{path}/withdraw", {"reason": "改期"}).json
    assert (view["state"], view["withdrawn_because"]) == ("withdrawn", "改期")
    assert [what for what, _ in told(worker_engine, path)] == ["published"] * 2 + ["withdrawn"] * 2
    seen = asked(estate, "resident", "GET", path).json
    assert (seen["state"], seen["withdrawn_because"]) == ("withdrawn", None)


def test_others_neither_see_nor_change_it(estate: "Estate", new_estate: Callable[[], "Estate"]) -> None:
    path = published(estate)
    other = new_estate()
    for name in ("resident", "crew", "dispatcher", "manager", "admin"):
        is_problem(asked(other, name, "GET", path), 404)
    for act, sent in (("withdraw", {"reason": "a"}), ("restore", {}), ("remind", {}), ("publish", {})):
        is_problem(asked(other, "dispatcher", "POST", f"{path}/{act}", sent), 404)
        is_problem(asked(estate, "resident", "POST", f"{path}/{act}", sent), 403)
    elsewhere = estate.join("elsewhere", "dispatcher", community_ids=(other.community_id,))
    assert elsewhere.community_ids
    is_problem(asked(estate, "elsewhere", "GET", path), 404)
    assert fields_of(asked(estate, "elsewhere", "POST", "/announcements", body(estate))) == {"community_id"}
    strange = body(estate, building_ids=[other.building_id])
    assert fields_of(asked(estate, "dispatcher", "POST", "/announcements", strange)) == {"building_ids"}


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"kind": "earthquake"}, "kind"),
        ({"ends_at": NOW.isoformat()}, "ends_at"),
        ({"title_zh": None}, "body_zh"),
        ({"unit_ids": ["a"]}, "unit_ids.0"),
        ({"ticket_id": "00000000-0000-7000-8000-000000000001"}, "ticket_id"),
        ({"community_id": "00000000-0000-7000-8000-000000000001"}, "community_id"),
    ],
)
def test_bad_announcements_name_the_field(estate: "Estate", changes: dict[str, Any], field: str) -> None:
    assert fields_of(asked(estate, "dispatcher", "POST", "/announcements", body(estate, **changes))) == {field}


def test_the_wording_check_advises(estate: "Estate") -> None:
    path = drafted(estate, title_en="Water off", body_en="You must store water. It is not our problem.")
    found = asked(estate, "dispatcher", "GET", path).json["wording"]
    assert {one["field"] for one in found} == {"body_en"}
    assert all(one["better"]["en"] and one["reason"]["zh-CN"] for one in found)


def test_lists_are_paged_and_narrowed(estate: "Estate") -> None:
    paths = [published(estate, starts_at=(NOW + (30 + n) * HOUR).isoformat(), ends_at=None) for n in range(3)]
    first = asked(estate, "resident", "GET", "/announcements?limit=2")
    rest = asked(estate, "resident", "GET", first.headers["Link"].split(">")[0].removeprefix("</api/v1"))
    ids = [one["id"] for one in (*first.json["items"], *rest.json["items"])]
    assert [f"/announcements/{one}" for one in ids] == paths[::-1]
    assert "Link" not in rest.headers
    assert asked(estate, "manager", "GET", "/announcements?kind=gas_outage").json["items"] == []


def test_its_steps_cannot_be_rewritten(estate: "Estate", web_engine: Engine, worker_engine: Engine) -> None:
    published(estate)
    for engine, who in ((web_engine, estate.people["manager"]), (worker_engine, None)):
        for statement in ("UPDATE announcement_steps SET action = 'a'", "DELETE FROM announcement_steps"):
            with (
                pytest.raises(ProgrammingError, match=r"permission denied|append-only"),
                transaction(engine, who) as db,
            ):
                db.execute(text(statement))


def test_the_notice_period_is_looked_up_while_an_announcement_is_written(estate: "Estate") -> None:
    def verdict(begins: datetime, **query: str) -> Any:
        wanted = {"community_id": estate.community_id, "kind": "water_outage", "starts_at": begins.isoformat()} | query
        return asked(estate, "dispatcher", "GET", f"/announcements/notice?{urlencode(wanted)}")

    assert set(verdict(NOW + HOUR).json.values()) == {None}, "no pack asks for notice"
    with_periods(estate)
    late = verdict(NOW + HOUR).json
    assert (late["in_time"], late["required_seconds"]) == (False, 24 * 3600)
    assert datetime.fromisoformat(late["earliest_start"]) == NOW + 24 * HOUR
    assert late["source"]
    assert verdict(NOW + 24 * HOUR).json["in_time"] is True
    later = verdict(NOW + 30 * HOUR, publish_at=(NOW + 8 * HOUR).isoformat()).json
    assert later["in_time"] is False, "what counts is when it is published"
    assert verdict(NOW + HOUR, planned="false").json["in_time"] is None
    for field, bad in (("kind", "flood"), ("starts_at", "soon"), ("community_id", testing.fresh())):
        answer = verdict(NOW, **{field: bad})
        is_problem(answer, 422)
        assert fields_of(answer) == {field}
    assert estate.ask("GET", "resident", "/announcements/notice").status_code == 403
