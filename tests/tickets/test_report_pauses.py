"""The report on waiting adds up with history: who, what for, how long, and how it ended."""

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

import pytest

from services.kit import testing
from services.kit.identity import system_actor
from services.tickets import commands
from services.tickets.sla.resolution import resolution_of
from tests.tickets import recounting
from tests.tickets.month import BURST, minutes, second_community, told
from tests.tickets.walking import waiting

if TYPE_CHECKING:
    from tests.tickets.conftest import Estate

NOW = datetime(2026, 11, 18, 4, 0, tzinfo=UTC)


def pauses(estate: "Estate", name: str = "manager", **query: str) -> dict[str, Any]:
    """Read the report as it was at NOW."""
    with testing.at(NOW):
        answer = estate.get(name, f"/reports/pauses?{urlencode(query)}")
    assert answer.status_code == 200, answer.json
    return dict(answer.json or {})


def waited(estate: "Estate", name: str, reason: str, hours: float, *then: tuple[Any, ...], **where: str) -> Any:
    """Let one of the crew start a job ten hours before NOW and pause it an hour later."""
    paused = (60, name, "pause", lambda: waiting(reason, hours=hours))
    with testing.at(NOW):
        return told(estate, BURST, minutes(600), (5, name, "claim"), (10, name, "start"), paused, *then, **where)


def a_day(estate: "Estate") -> str:
    """Let six jobs wait, each in its way; returns the second community's id."""
    community, home = second_community(estate)
    resumed, completed = (180, "crew", "resume"), (240, "crew", "complete")
    waited(estate, "crew", "parts", 4, resumed, completed)
    waited(estate, "crew", "parts", 4, (90, "resident", "object", {"reason": "店就在楼下"}),
           (120, "dispatcher", "disallow", {"reason": "有库存"}))  # fmt: skip
    waited(estate, "colleague", "weather", 24)
    waited(estate, "colleague", "access", 2)  # Over, and nobody has noticed yet.
    late = waited(estate, "crew", "access", 2, home=home)
    with testing.at(NOW - minutes(60)), estate.engine.begin() as db:  # Over at 180 minutes, noticed at 540.
        assert commands.expire_pause(db, system_actor(estate.organisation_id), late["id"])
    waited(estate, "crew", "parts", 1, (80, "crew", "release", {"reason": "下班"}), home=home)
    return community


def by_key(found: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Return the groups by their key."""
    return {group["key"]: group for group in found["groups"]}


def test_waiting_by_reason_by_person_and_by_place(estate: "Estate") -> None:
    community = a_day(estate)
    reasons = by_key(pauses(estate, group_by="reason"))
    assert {name: group["pauses"] for name, group in reasons.items()} == {"parts": 3, "weather": 1, "access": 2}
    assert reasons["parts"]["paused_seconds"] == (120 + 60 + 20) * 60
    assert reasons["parts"]["disallowed_seconds"] == 60 * 60
    assert [reasons["parts"][name] for name in ("objected", "disallowed", "expired", "still_open")] == [1, 1, 0, 0]
    assert reasons["access"]["paused_seconds"] == 2 * 120 * 60
    assert [reasons["access"][name] for name in ("objected", "disallowed", "expired", "still_open")] == [0, 0, 2, 0]
    assert reasons["weather"]["paused_seconds"] == 540 * 60
    assert (reasons["weather"]["still_open"], reasons["weather"]["expired"]) == (1, 0)
    crew = estate.people["crew"].id
    members = by_key(pauses(estate))
    assert (members[crew]["pauses"], members[crew]["name"], members[crew]["tickets_paused"]) == (4, "crew badge", 4)
    places = by_key(pauses(estate, group_by="community"))
    assert {key: group["pauses"] for key, group in places.items()} == {estate.community_id: 4, community: 2}
    assert by_key(pauses(estate, group_by="work_type"))["repair"]["pauses"] == 6


def test_the_share_is_of_the_lived_time_of_the_jobs_that_waited(estate: "Estate") -> None:
    a_day(estate)
    with testing.at(NOW):
        estate.file(BURST)  # Which waited for nobody, and has no part in it.
    with estate.engine.connect() as db:
        jobs = recounting.told(db, estate.organisation_id, NOW)
    waiting_jobs = [job for job in jobs if any(entry["action"] == "pause" for entry in job.entries)]
    resolutions = [resolution_of(job.clocks) for job in waiting_jobs]
    lived = sum(resolution.total_lived_seconds for resolution in resolutions if resolution)
    total = pauses(estate)["total"]
    assert total["lived_seconds"] == pytest.approx(lived)
    assert total["paused_seconds"] == (120 + 60 + 540 + 120 + 120 + 20) * 60
    assert total["pause_share"] == pytest.approx(total["paused_seconds"] / lived)
    assert sum(group["paused_seconds"] for group in pauses(estate)["groups"]) == total["paused_seconds"]
    # What the clocks were credited is what was paused, less what the desk took back.
    credited = sum(clock.pause_seconds for job in waiting_jobs for clock in job.clocks if clock.kind == "resolve")
    assert credited == total["paused_seconds"] - total["disallowed_seconds"]


def test_a_pause_belongs_to_the_period_in_which_it_began(estate: "Estate") -> None:
    a_day(estate)
    began = NOW - minutes(540)
    assert pauses(estate, **{"from": began.isoformat()})["total"]["pauses"] == 6
    assert pauses(estate, **{"from": (began + timedelta(seconds=1)).isoformat()})["total"]["pauses"] == 0
    assert pauses(estate, to=began.isoformat())["total"]["pauses"] == 0
    assert pauses(estate, community_id=estate.community_id)["total"]["pauses"] == 4
    assert pauses(estate, community_id=testing.fresh())["groups"] == []


def test_without_pauses_there_is_no_share(estate: "Estate") -> None:
    found = pauses(estate)
    assert (found["groups"], found["total"]["pauses"], found["total"]["pause_share"]) == ([], 0, None)


def test_other_organisations_and_communities_wait_unseen(estate: "Estate", new_estate: Any) -> None:
    community = a_day(estate)
    assert pauses(new_estate())["total"]["pauses"] == 0
    estate.join("local", "manager", community_ids=(community,))
    assert by_key(pauses(estate, "local", group_by="community")).keys() == {community}
