"""Whose tickets are measured: property companies of very different sizes, their communities and their people."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import Connection, Engine

from services.contracts.gateway import AccountChanged
from services.kit.events import new_id
from services.kit.identity import Actor
from services.tickets import commands
from services.tickets.catalogue import SKILLS

# Hours that are the same in every week of every year, in a zone that does not change its clocks (UTC+8 since 1991):
# only then is a story told in one week true of every other.
ZONE = "Asia/Shanghai"
FROM_UTC = timedelta(hours=8)
DAYS = ("mon", "tue", "wed", "thu", "fri")
CALENDARS: tuple[Mapping[str, Any], ...] = (
    {"tz": ZONE, "name": "Mon–Sat", "hours": dict.fromkeys((*DAYS, "sat"), [["08:30", "18:00"]])},
    {"tz": ZONE, "name": "Mon–Fri", "hours": dict.fromkeys(DAYS, [["08:00", "12:00"], ["13:30", "17:30"]])},
)
# Of a hundred tickets, how many are each company's.
SHARES = (30, 17, 13, 10, 8, 7, 6, 4, 3, 2)
COMMUNITIES = 4
BUILDINGS = 3
HOMES = 30
CREW = 8


@dataclass(frozen=True)
class Community:
    """One community: which of CALENDARS it keeps, and the ids of its homes, its crew and its dispatcher."""

    id: str
    calendar: int
    units: tuple[str, ...]
    crew: tuple[str, ...]
    desk_id: str


@dataclass(frozen=True)
class Organisation:
    """One company with its share of all tickets."""

    id: str
    share: int
    manager_id: str
    communities: tuple[Community, ...]

    @property
    def manager(self) -> Actor:
        """Who asks for its reports."""
        return Actor(self.manager_id, self.id, "manager")


def found(engine: Engine) -> tuple[Organisation, ...]:
    """Found the companies through the desk's own commands; the biggest comes first."""
    with engine.begin() as db:
        return tuple(_found(db, share) for share in SHARES)


def _found(db: Connection, share: int) -> Organisation:
    organisation_id = str(new_id())
    communities = []
    for number in range(COMMUNITIES):
        kept = number % len(CALENDARS)
        homes = {
            str(new_id()): (f"{building + 1}栋", {str(new_id()): f"{home + 1:03}" for home in range(HOMES)})
            for building in range(BUILDINGS)
        }
        place = commands.Place(str(new_id()), f"小区{number + 1}", CALENDARS[kept], homes)
        commands.add_places(db, organisation_id, [place])
        crew = tuple(_person(db, organisation_id, "crew", f"师傅{number + 1}-{one + 1}") for one in range(CREW))
        desk_id = _person(db, organisation_id, "dispatcher", f"调度{number + 1}")
        units = tuple(unit for _, names in homes.values() for unit in names)
        communities.append(Community(place.id, kept, units, crew, desk_id))
    manager_id = _person(db, organisation_id, "manager", "经理")
    return Organisation(organisation_id, share, manager_id, tuple(communities))


def _person(db: Connection, organisation_id: str, role: str, badge: str) -> str:
    person_id = str(new_id())
    account = AccountChanged(
        account_id=person_id,
        revision=1,
        role=role,
        active=True,
        locale="zh-CN",
        community_ids=(),
        unit_ids=(),
        skills=tuple(SKILLS) if role == "crew" else (),
        badge=badge,
    )
    commands.remember_person(db, organisation_id, account)
    return person_id
