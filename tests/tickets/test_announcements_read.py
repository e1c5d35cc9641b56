"""Who has read an announcement, and who is reminded or rung because nobody at home did."""

from typing import TYPE_CHECKING

import pytest
from sqlalchemy import Engine, insert, select

from services.contracts import to_event
from services.contracts.notify import AnnouncementOpened
from services.kit import testing
from services.kit.erasures import Erasure
from services.tickets import announcing, handlers
from services.tickets.announced import see_to_announcements
from services.tickets.erasing_plans import erase_planned
from services.tickets.models import household_circumstances, outbox
from tests.tickets.publishing import HOUR, NOW, asked, end_all, published, told
from tests.tickets.refusals import is_problem

if TYPE_CHECKING:
    from tests.tickets.conftest import Estate


@pytest.fixture(autouse=True)
def nothing_due(worker_engine: Engine) -> None:
    end_all(worker_engine)


def test_reading_is_counted_by_home_and_building(estate: "Estate") -> None:
    estate.join("spouse", "resident", unit_ids=(estate.home,))
    path = published(estate)
    empty = {"households": 2, "told": 2, "read": 0, "unread": 2, "without_account": 0}
    assert {**asked(estate, "manager", "GET", f"{path}/readers").json} == {
        **empty,
        "buildings": [{"building_id": estate.building_id, "name": "1栋", **empty}],
        "unread_units": [
            {
                "unit_id": home,
                "unit_name": name,
                "building_id": estate.building_id,
                "without_account": False,
                "reminded_at": None,
            }
            for home, name in ((estate.home, "1栋 101"), (estate.other_home, "1栋 102"))
        ],
    }
    first = asked(estate, "spouse", "POST", f"{path}/read").json["read_at"]
    assert asked(estate, "spouse", "POST", f"{path}/read", at=NOW + HOUR).json["read_at"] == first
    counted = asked(estate, "dispatcher", "GET", f"{path}/readers").json
    assert (counted["read"], counted["unread"]) == (1, 1)
    assert [one["unit_id"] for one in counted["unread_units"]] == [estate.other_home]
    for name in ("resident", "crew"):
        is_problem(asked(estate, name, "GET", f"{path}/readers"), 403)


def test_whoever_moves_in_later_can_read_it(estate: "Estate") -> None:
    path = published(estate)
    estate.join("newcomer", "resident", unit_ids=(estate.home,))
    assert asked(estate, "newcomer", "POST", f"{path}/read").json["is_read"] is True
    assert asked(estate, "manager", "GET", f"{path}/readers").json["read"] == 1


def test_whoever_has_not_read_it_is_reminded_once_by_itself(estate: "Estate", worker_engine: Engine) -> None:
    """30 hours before: halfway is later than a day before."""
    path = published(estate)
    assert asked(estate, "manager", "GET", path).json["remind_at"] == (NOW + 15 * HOUR).isoformat()
    asked(estate, "resident", "POST", f"{path}/read")
    for hours, done in ((14, 0), (15, 1), (16, 0)):
        with testing.at(NOW + hours * HOUR):
            assert see_to_announcements(worker_engine, lambda: None) == done
    assert told(worker_engine, path)[2:] == [("reminded", estate.people["neighbour"].id)]
    is_problem(asked(estate, "dispatcher", "POST", f"{path}/remind", at=NOW + 15.5 * HOUR), 409)
    by_hand = asked(estate, "dispatcher", "POST", f"{path}/remind", at=NOW + 17 * HOUR).json
    assert by_hand["households"] == 1
    assert len(told(worker_engine, path)) == 4


def test_the_desk_rings_those_for_whom_it_is_worse(estate: "Estate", worker_engine: Engine) -> None:
    agreed = {
        "unit_id": estate.other_home,
        "kind": "elderly_alone",
        "organisation_id": estate.organisation_id,
        "community_id": estate.community_id,
        "consented_by": estate.people["neighbour"].id,
        "consented_at": NOW,
        "recorded_by": estate.people["dispatcher"].id,
        "until": NOW + 900 * HOUR,
    }
    with worker_engine.begin() as db:
        db.execute(insert(household_circumstances).values(agreed))
    path = published(estate)
    asked(estate, "dispatcher", "POST", f"{path}/remind")
    with worker_engine.connect() as db:
        mine = outbox.c.subject == path.removeprefix("/announcements/")
        rows = db.execute(select(outbox.c.data).where(mine, outbox.c.type == "announcement.reminded.v1")).scalars()
        calls = {row["requester_id"]: row["call"] for row in rows}
    assert calls == {estate.people["resident"].id: False, estate.people["neighbour"].id: True}


@pytest.mark.parametrize(
    ("lead_hours", "after_hours"), [(10, 5), (48, 24), (47, 23.5), (100, 76), (0, None), (-1, None)]
)
def test_the_reminder_comes_a_day_before_or_halfway(lead_hours: float, after_hours: float | None) -> None:
    expected = None if after_hours is None else NOW + after_hours * HOUR
    assert announcing.remind_at(NOW, NOW + lead_hours * HOUR) == expected


def test_reading_the_notice_is_reading_it(estate: "Estate", worker_engine: Engine) -> None:
    path = published(estate)
    who = estate.people["resident"]
    fact = AnnouncementOpened(announcement_id=path.removeprefix("/announcements/"), person_id=who.id, version=2)
    for _ in range(2):
        event = to_event(fact, organisation_id=estate.organisation_id, subject=fact.announcement_id, at=NOW)
        with worker_engine.begin() as db:
            handlers.handle(db, [event])
    assert asked(estate, "resident", "GET", path).json["is_read"] is True
    longer = {"ends_at": (NOW + 40 * HOUR).isoformat()}
    asked(estate, "dispatcher", "PATCH", path, longer, If_Match='"v2"')
    with worker_engine.begin() as db:
        handlers.handle(db, [event])
    assert asked(estate, "resident", "GET", path).json["is_read"] is False, "the old notice says nothing of the change"
    assert asked(estate, "manager", "GET", f"{path}/readers").json["read"] == 0


def test_who_read_what_is_erased_with_the_person(estate: "Estate", worker_engine: Engine) -> None:
    path = published(estate)
    asked(estate, "resident", "POST", f"{path}/read")
    erasure = Erasure(testing.fresh(), estate.organisation_id, estate.people["resident"].id, (estate.home,))
    with worker_engine.begin() as db:
        assert erase_planned(db, erasure, [], "x")["announcement_readers"] == 1
    assert asked(estate, "manager", "GET", f"{path}/readers").json["told"] == 1
