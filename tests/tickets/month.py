"""A month at a desk: jobs that went well, late, wrong and not at all, in two communities, by two of the crew."""

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from services.kit import clock, testing
from services.tickets import commands
from tests.tickets.test_handlers import answered, tell
from tests.tickets.walking import waiting

if TYPE_CHECKING:
    from tests.tickets.conftest import Estate

BURST = "水管爆了，水漫到客厅"  # 10 minutes, 1 hour, 8 hours.
CALENDAR = {"tz": "Asia/Shanghai", "hours": {day: [["08:30", "18:00"]] for day in ("mon", "tue", "wed", "thu", "fri")}}


def minutes(number: float) -> timedelta:
    """Return so many minutes."""
    return timedelta(minutes=number)


def told(estate: "Estate", words: str, ago: timedelta, *steps: tuple[Any, ...], home: str | None = None) -> Any:
    """File a request a while ago and take (minutes later, who, verb[, body]) steps; a callable body is called then."""
    began = clock.now() - ago
    with testing.at(began):
        ticket = estate.file(words, **({"unit_id": home} if home else {}), name="resident" if home is None else "far")
    for later, name, verb, *body in steps:
        with testing.at(began + minutes(later)):
            sent = body[0]() if body and callable(body[0]) else (body[0] if body else None)
            if verb == "answer":
                tell(estate.engine, answered(estate, ticket, **sent))
            else:
                ticket = estate.step(name, ticket, verb, sent, **({"If_Match": "*"} if verb == "override" else {}))
    return ticket


def worked(name: str, start: float, end: float) -> list[tuple[Any, ...]]:
    """Return the steps of a job taken and done by one of the crew."""
    return [(start, name, "claim"), (start + 5, name, "start"), (end, name, "complete")]


def promising(later: float) -> Any:
    """Return a promise to be made, so many minutes from then."""
    return lambda: {"promised_at": (clock.now() + minutes(later)).isoformat()}


def corrected() -> dict[str, Any]:
    """Return a correction of the need level."""
    return {"reason": "是邻里间的事", "need_level": 3}


def second_community(estate: "Estate", name: str = "玉兰苑") -> tuple[str, str]:
    """Add a community with one home and a resident called far; returns the ids of the community and the home."""
    community, building, home = (testing.fresh() for _ in range(3))
    with estate.engine.begin() as db:
        place = commands.Place(community, name, CALENDAR, {building: ("2栋", {home: "201"})})
        commands.add_places(db, estate.organisation_id, [place])
    estate.join("far", "resident", unit_ids=(home,))
    return community, home


def lived_through(estate: "Estate") -> tuple[str, datetime]:
    """Let the month happen; returns the second community's id and a moment before which some tickets were filed."""
    community, home = second_community(estate)
    day = timedelta(days=1)
    told(estate, BURST, 40 * day)  # Nobody ever came.
    told(estate, "投诉保安态度差", 35 * day, *worked("colleague", 3, 300), home=home)
    told(estate, BURST, 20 * day, *worked("crew", 3, 100), (130, "resident", "confirm"))
    told(
        estate, BURST, 19 * day, *worked("crew", 3, 100), (120, "system", "answer", {"solved": True, "satisfaction": 2})
    )
    told(estate, BURST, 18 * day, *worked("colleague", 20, 90), home=home)
    told(estate, BURST, 17 * day, (4, "crew", "claim"), (6, "crew", "promise", promising(60)), (10, "crew", "start"),
         (50, "crew", "complete"))  # fmt: skip
    told(estate, BURST, 16 * day, (4, "crew", "claim"), (6, "crew", "promise", promising(30)), (10, "crew", "start"),
         (45, "crew", "promise", promising(60)), (70, "crew", "complete"))  # fmt: skip
    told(estate, BURST, 15 * day, *worked("crew", 3, 30), (60, "resident", "reopen", {"reason": "还在漏"}),
         (70, "crew", "claim"), (75, "crew", "start"), (200, "crew", "complete"))  # fmt: skip
    told(estate, BURST, 14 * day, *worked("crew", 3, 700), (720, "system", "answer", {"solved": False}),
         (730, "crew", "claim"), (740, "crew", "start"), (900, "crew", "complete"))  # fmt: skip
    told(estate, BURST, 13 * day, (2, "dispatcher", "cancel"))
    told(estate, BURST, 12 * day, (300, "dispatcher", "cancel"))
    told(estate, BURST, 11 * day, *worked("crew", 3, 30), (60, "resident", "reopen", {"reason": "还在漏"}),
         (65, "crew", "release", {"reason": "换人"}), (66, "dispatcher", "cancel"))  # fmt: skip
    # Late before it was corrected and given to a colleague; then promised three times.
    told(estate, BURST, 10 * day, (2, "crew", "claim"), (90, "dispatcher", "override", corrected),
         (95, "dispatcher", "assign", {"to": estate.people["colleague"].id}), (96, "colleague", "start"),
         (97, "colleague", "promise", promising(60)), (100, "colleague", "promise", promising(300)),
         (101, "colleague", "promise", promising(400)), (200, "colleague", "complete"))  # fmt: skip
    paused = (50, "crew", "pause", lambda: waiting("parts", hours=5))
    told(estate, "楼道灯不亮了", 3 * day, (30, "crew", "claim"), (40, "crew", "start"), paused, (390, "crew", "resume"),
         (400, "crew", "complete"))  # fmt: skip
    told(estate, "楼道灯不亮了", 2 * day, (30, "colleague", "claim"), (40, "colleague", "start"), home=home)
    told(estate, BURST, minutes(2), (1, "crew", "claim"), (1, "crew", "promise", promising(300)))
    told(estate, BURST, minutes(90), (4, "crew", "claim"), (8, "crew", "start"), (9, "crew", "promise", promising(20)))
    told(estate, BURST, minutes(200))
    return community, clock.now() - 30 * day
