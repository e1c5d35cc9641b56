"""The desk sees how each resident of a home wants to be told, and nobody else does; an erased person has nothing."""

from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import Engine, func, select

from services.contracts import to_event
from services.contracts.gateway import AccountChanged, PersonErased
from services.contracts.notify import PreferencesChanged
from services.kit import clock
from services.kit.database import transaction
from services.kit.testing import actor, fresh
from services.tickets import handlers
from services.tickets.models import resident_preferences

if TYPE_CHECKING:
    from tests.tickets.conftest import Estate


def account(estate: "Estate", revision: int = 2, name: str = "resident", **changes: Any) -> AccountChanged:
    who = estate.people[name]
    said = {
        "account_id": who.id, "revision": revision, "role": who.role, "active": True, "locale": "zh-CN",
        "community_ids": (), "unit_ids": who.unit_ids, "skills": (),
    }  # fmt: skip
    return AccountChanged(**said | changes)


def chosen(estate: "Estate", revision: int = 1, name: str = "resident", **changes: Any) -> PreferencesChanged:
    said = {
        "account_id": estate.people[name].id, "revision": revision, "locale": "en", "timezone": "Asia/Shanghai",
        "channels": ("email", "sms"), "quiet_from": "22:00", "quiet_until": "07:30", "digest_at": None,
    }  # fmt: skip
    return PreferencesChanged(**said | changes)


def hear(estate: "Estate", worker_engine: Engine, *facts: Any) -> None:
    with worker_engine.begin() as db:
        events = [
            to_event(fact, organisation_id=estate.organisation_id, subject=fact.account_id, at=clock.now())
            for fact in facts
        ]
        handlers.handle(db, events)


def residents(estate: "Estate", name: str = "dispatcher") -> Any:
    query = "?purpose=call" if name in ("dispatcher", "manager") else ""
    answer = estate.get(name, f"/households/{estate.home}{query}")
    assert answer.status_code == 200, answer.json
    return answer.json["residents"]


def test_the_desk_sees_language_channels_and_quiet_hours(estate: "Estate", worker_engine: Engine) -> None:
    (unknown,) = residents(estate)
    assert (unknown["language"], unknown["channels"], unknown["quiet_hours"]) == (None, ["in_app"], None)
    hear(estate, worker_engine, account(estate))
    assert residents(estate)[0]["language"] == "zh-CN"
    hear(estate, worker_engine, chosen(estate))
    assert residents(estate, "manager") == [
        {
            "person_id": estate.people["resident"].id,
            "language": "en",
            "channels": ["in_app", "email", "sms"],
            "quiet_hours": {"from": "22:00", "until": "07:30", "timezone": "Asia/Shanghai"},
            "digest_at": None,
        }
    ]
    assert residents(estate, "resident") is None


def test_the_newest_wins_in_any_order(estate: "Estate", worker_engine: Engine) -> None:
    late = chosen(estate, 3, locale=None, channels=(), quiet_from=None, quiet_until=None, digest_at="08:00")
    hear(estate, worker_engine, late, chosen(estate, 2), account(estate, 5, locale="en"), account(estate, 4), late)
    (told,) = residents(estate)
    assert (told["language"], told["channels"], told["quiet_hours"]) == ("en", ["in_app"], None)
    assert told["digest_at"] == "08:00"


def test_an_erased_resident_leaves_nothing(estate: "Estate", worker_engine: Engine) -> None:
    hear(estate, worker_engine, account(estate), chosen(estate))
    who = estate.people["resident"]
    hear(estate, worker_engine, PersonErased(account_id=who.id, erasure_id=fresh(), unit_ids=who.unit_ids))
    hear(estate, worker_engine, account(estate, 9, active=False, unit_ids=()))
    assert rows(worker_engine, who.id) == 0
    assert residents(estate) == []


@pytest.mark.parametrize(
    ("role", "communities", "seen"),
    [
        ("manager", "here", 1),
        ("dispatcher", "all", 1),
        ("manager", "elsewhere", 0),
        ("crew", "all", 0),
        ("resident", "all", 0),
    ],
)
def test_the_database_shows_it_to_the_desk_of_the_community(
    estate: "Estate", worker_engine: Engine, web_engine: Engine, role: str, communities: str, seen: int
) -> None:
    hear(estate, worker_engine, chosen(estate))
    within = {"here": (estate.community_id,), "elsewhere": (fresh(),), "all": ()}[communities]
    who = actor(role, organisation_id=estate.organisation_id, community_ids=within)
    with transaction(web_engine, who) as db:
        mine = resident_preferences.c.person_id == estate.people["resident"].id
        assert db.execute(select(func.count()).select_from(resident_preferences).where(mine)).scalar_one() == seen


def rows(worker_engine: Engine, person_id: str) -> int:
    with worker_engine.begin() as db:
        mine = select(func.count()).select_from(resident_preferences)
        return int(db.execute(mine.where(resident_preferences.c.person_id == person_id)).scalar_one())
