"""Who and what is in the sample: two property companies, invented, with the same ids in every desk."""

import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from services.tickets.catalogue import SKILLS
from services.tickets.commands import Place

PASSWORD = "doorstep-demo"  # noqa: S105 - Known to everybody, which is why production refuses the sample.
_NAMESPACE = uuid.UUID("6f1f9d54-6f0c-5d7c-9a55-0d0a5a3c7b10")
_HANDY = ("cleaning", "pest_control", "security", "gardening", "plumbing", "electrical", "carpentry")
# Where each home of a floor and building is counted from.
_FIRST_RESIDENTS = 42

# 2027's make-up workdays are announced in autumn; the statutory days are known, and are entered by hand.
_CHINA: Mapping[str, Any] = {
    "name": "Mon–Sat 08:30–18:00",
    "tz": "Asia/Shanghai",
    "hours": {day: [["08:30", "18:00"]] for day in ("mon", "tue", "wed", "thu", "fri", "sat")},
    "country": "CN",
    "declared_years": [2027],
    "holidays": [
        "2027-01-01", "2027-02-05", "2027-02-06", "2027-02-07", "2027-02-08", "2027-04-05", "2027-05-01",
        "2027-05-02", "2027-06-09", "2027-09-15", "2027-10-01", "2027-10-02", "2027-10-03",
    ],
}  # fmt: skip
_BERLIN: Mapping[str, Any] = {
    "name": "Mon–Fri 08:00–17:00",
    "tz": "Europe/Berlin",
    "hours": {day: [["08:00", "17:00"]] for day in ("mon", "tue", "wed", "thu", "fri")},
    "country": "DE",
    "subdivision": "BE",
}


def sample_id(*path: object) -> str:
    """The id of a thing of the sample, always the same for the same path: loading twice changes nothing."""
    return str(uuid.uuid5(_NAMESPACE, "/".join(map(str, path))))


@dataclass(frozen=True)
class Community:
    """A community: its name, its buildings, and how many floors and homes per floor each has."""

    key: str
    name: str
    buildings: tuple[str, ...]
    floors: int
    homes: int

    @property
    def id(self) -> str:
        """The community's id."""
        return sample_id("community", self.key)

    def units(self) -> list[str]:
        """The ids of all homes, building by building."""
        return [unit_id for name in self.buildings for unit_id in self._homes(name)]

    def place(self, calendar: Mapping[str, Any]) -> Place:
        """The community as the tickets service takes it."""
        homes = {sample_id("building", self.key, name): (name, self._homes(name)) for name in self.buildings}
        return Place(self.id, self.name, calendar, homes)

    def _homes(self, building: str) -> dict[str, str]:
        names = [f"{floor}{home:02}" for floor in range(1, self.floors + 1) for home in range(1, self.homes + 1)]
        return {sample_id("unit", self.key, building, name): name for name in names}


@dataclass(frozen=True)
class Person:
    """An account of the sample; its login is also its e-mail's first half."""

    login: str
    role: str
    locale: str
    community_ids: tuple[str, ...] = ()
    unit_ids: tuple[str, ...] = ()
    skills: tuple[str, ...] = ()
    badge: str | None = None

    @property
    def id(self) -> str:
        """The person's id."""
        return sample_id("person", self.login)


@dataclass(frozen=True)
class Organisation:
    """A property company with its communities and people."""

    key: str
    name: str
    locale: str
    calendar: Mapping[str, Any]
    communities: tuple[Community, ...]
    people: tuple[Person, ...] = field(default=())

    @property
    def id(self) -> str:
        """The organisation's id."""
        return sample_id("organisation", self.key)

    def places(self) -> list[Place]:
        """Its communities as the tickets service takes them."""
        return [community.place(self.calendar) for community in self.communities]


_GARDENS = Community("gardens", "华庭雅苑 Huating Gardens", tuple(f"{n}号楼 Building {n}" for n in range(1, 5)), 5, 5)
_RIVERSIDE = Community("riverside", "滨河新城 Riverside Court", tuple(f"{n}座 Block {n}" for n in "ABCDE"), 10, 2)
_BAMBOO = Community("bamboo", "翠竹里 Bamboo Lane", tuple(f"翠竹里{n}号 No. {n}" for n in range(1, 11)), 5, 2)
_MILLBROOK = Community("millbrook", "Millbrook Yard", ("North House", "South House"), 3, 2)


def _residents() -> Iterator[Person]:
    """The first two are neighbours in one house; the rest live all over, one household each."""
    gardens = _GARDENS.units()
    elsewhere = [(place, unit) for place in (_RIVERSIDE, _BAMBOO) for unit in place.units()[::7]]
    homes = [(_GARDENS, unit) for unit in (*gardens[:2], *gardens[7::7])] + elsewhere
    for number, (place, unit) in enumerate(homes[:_FIRST_RESIDENTS], start=1):
        locale = "en" if number % 4 == 2 else "zh-CN"
        yield Person(f"resident{number}", "resident", locale, (place.id,), (unit,))


def _staff(
    prefix: str,
    locale: str,
    communities: tuple[Community, ...],
    crews: Mapping[str, tuple[str, ...]],
    desk: str,
    manager: str,
) -> Iterator[Person]:
    """Crews are work names with skills; names are what residents read, so they are in their organisation's words."""
    everywhere = tuple(community.id for community in communities)
    for number, (badge, skills) in enumerate(crews.items(), start=1):
        yield Person(f"{prefix}crew{number}", "crew", locale, everywhere, (), skills, badge)
    yield Person(f"{prefix}dispatcher1", "dispatcher", locale, everywhere, (), (), desk)
    yield Person(f"{prefix}manager1", "manager", locale, (), (), (), manager)


_OURS = (_GARDENS, _RIVERSIDE, _BAMBOO)
_OUR_CREWS = {"张师傅 (Crew 1)": SKILLS, "刘师傅 (Crew 2)": SKILLS, "陈师傅 (Crew 3)": _HANDY}
HUATING = Organisation(
    "huating",
    "华庭物业 Huating Property",
    "zh-CN",
    _CHINA,
    _OURS,
    (
        *_residents(),
        *_staff("", "zh-CN", _OURS, _OUR_CREWS, "客服小李 (Dispatcher 1)", "王经理 (Manager 1)"),
        Person("admin1", "admin", "zh-CN", badge="管理员小周 (Admin 1)"),
    ),
)
OTHER = Organisation(
    "other",
    "Other Estate Co.",
    "en",
    _BERLIN,
    (_MILLBROOK,),
    (
        Person("other-resident1", "resident", "en", (_MILLBROOK.id,), (_MILLBROOK.units()[0],)),
        *_staff("other-", "en", (_MILLBROOK,), {"Crew 1": SKILLS}, "Dispatcher 1", "Manager 1"),
    ),
)
LOGINS = (
    "resident1", "resident2", "crew1", "crew2", "crew3", "dispatcher1", "manager1", "admin1",
    "other-resident1", "other-manager1",
)  # fmt: skip
