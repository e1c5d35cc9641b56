"""Conditions hold for whom they name and no one else, and those that nobody could ever meet are refused."""

from datetime import date, timedelta
from typing import Any

import pytest

from services.tickets import catalogue
from services.tickets.sla.conditions import CIRCUMSTANCES, Facts, Season, read_conditions

HERE, THERE = "0192f0c1-0000-7000-8000-000000000001", "0192f0c1-0000-7000-8000-000000000002"
FACTS = Facts(
    "heating-outage", "essential_supply", "repair", 1, "emergency", HERE, frozenset({"infant"}), date(2026, 12, 24)
)


@pytest.mark.parametrize(
    ("when", "meant"),
    [
        ({}, True),
        ({"catalogue_code": ["heating-outage", "water-outage"]}, True),
        ({"catalogue_code": ["water-outage"]}, False),
        ({"sla_class": ["essential_supply"]}, True),
        ({"sla_class": ["complaint"]}, False),
        ({"work_type": ["repair"]}, True),
        ({"work_type": ["care"]}, False),
        ({"urgency": ["emergency", "urgent"]}, True),
        ({"urgency": ["routine"]}, False),
        ({"need_level": [1, 2]}, True),
        ({"need_level": [3]}, False),
        ({"circumstances": ["infant", "illness"]}, True),
        ({"circumstances": ["illness"]}, False),
        ({"community_id": [HERE]}, True),
        ({"community_id": [THERE]}, False),
        ({"season": {"from": "11-15", "to": "03-15"}}, True),
        ({"season": {"from": "03-16", "to": "11-14"}}, False),
        ({"catalogue_code": ["heating-outage"], "circumstances": ["illness"]}, False),
        ({"catalogue_code": ["heating-outage"], "circumstances": ["infant"], "urgency": ["emergency"]}, True),
    ],
)
def test_a_request_is_meant_when_every_condition_holds(when: dict[str, Any], meant: bool) -> None:
    assert read_conditions("when", when).match(FACTS) is meant


@pytest.mark.parametrize(
    ("season", "days"),
    [
        (Season((11, 15), (3, 15)), 121),
        (Season((3, 16), (11, 14)), 244),
        (Season((1, 1), (12, 31)), 365),
        (Season((7, 1), (7, 1)), 1),
        (Season((2, 29), (2, 29)), 0),
    ],
)
def test_a_season_has_its_days_and_may_span_new_year(season: Season, days: int) -> None:
    year = [date(2026, 1, 1) + timedelta(n) for n in range(365)]
    assert sum(day in season for day in year) == days
    assert date(2028, 2, 29) in Season((2, 29), (2, 29))


@pytest.mark.parametrize("first", [(1, 1), (2, 28), (11, 15), (12, 31)])
def test_a_day_is_in_a_season_or_in_the_rest_of_the_year(first: tuple[int, int]) -> None:
    start = date(2026, *first)
    last, after = start + timedelta(99), start + timedelta(100)
    before = start - timedelta(1)
    season, rest = Season(first, (last.month, last.day)), Season((after.month, after.day), (before.month, before.day))
    for n in range(365):
        day = date(2027, 1, 1) + timedelta(n)
        assert (day in season) is (day not in rest)


@pytest.mark.parametrize(
    ("when", "sentence"),
    [
        (None, r"^when: expected an object"),
        ([], r"^when: expected an object"),
        ({"colour": ["red"]}, r"^when.colour: known are catalogue_code"),
        ({"catalogue_code": "gas-leak"}, r"^when.catalogue_code: expected a list"),
        ({"catalogue_code": []}, r"^when.catalogue_code: an empty list matches nothing"),
        ({"circumstances": []}, r"^when.circumstances: an empty list matches nothing"),
        ({"catalogue_code": ["gas-leek"]}, r"^when.catalogue_code: 'gas-leek' is not known, so this matches nothing"),
        ({"catalogue_code": ["gas-leak", "gas-leak"]}, r"^when.catalogue_code: a value stands there twice"),
        ({"catalogue_code": [["gas-leak"]]}, r"^when.catalogue_code: \['gas-leak'\] is not known"),
        ({"sla_class": ["safety"]}, r"^when.sla_class: 'safety' is not known"),
        ({"work_type": ["magic"]}, r"^when.work_type: 'magic' is not known"),
        ({"urgency": ["now"]}, r"^when.urgency: 'now' is not known"),
        ({"need_level": [6]}, r"^when.need_level: 6 is not known"),
        ({"need_level": [True]}, r"^when.need_level: True is not known"),
        ({"need_level": ["1"]}, r"^when.need_level: '1' is not known"),
        ({"circumstances": ["tall"]}, r"^when.circumstances: 'tall' is not known"),
        ({"community_id": ["the north"]}, r"^when.community_id: 'the north' is not known"),
        ({"community_id": [HERE.upper()]}, r"^when.community_id: '0192F0C1"),
        ({"season": "winter"}, r"^when.season: expected {from: MM-DD, to: MM-DD}"),
        ({"season": {"from": "11-15"}}, r"^when.season: expected {from: MM-DD, to: MM-DD}"),
        ({"season": {"from": "11-15", "to": "15 March"}}, r"^when.season.to: '15 March' is not a day of the year"),
        ({"season": {"from": "02-30", "to": "03-15"}}, r"^when.season.from: '2000-02-30' is not a day"),
        (
            {"catalogue_code": ["gas-leak"], "sla_class": ["complaint"]},
            r"^when: no catalogue item fits all of these conditions, so they match nothing",
        ),
        (
            {"sla_class": ["life_safety"], "work_type": ["consultation"]},
            r"^when: no catalogue item fits all of these conditions, so they match nothing",
        ),
        (
            {"catalogue_code": ["gas-leak", "noise-general"], "work_type": ["repair"]},
            r"^when.catalogue_code: 'noise-general' never fits the other conditions, so it matches nothing",
        ),
    ],
)
def test_conditions_that_could_match_nothing_are_refused(when: Any, sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        read_conditions("when", when)


def test_every_circumstance_has_its_names() -> None:
    for names in CIRCUMSTANCES.values():
        assert set(names) == {"zh-CN", "en"}
        assert all(names.values())


def test_what_one_policy_may_ask_is_what_a_request_can_say() -> None:
    for item in catalogue.load():
        when = {
            "catalogue_code": [item.code],
            "sla_class": [item.sla_class],
            "work_type": [item.work_type],
            "urgency": [item.urgency],
            "need_level": [item.need_level],
        }
        facts = Facts(
            item.code,
            item.sla_class,
            item.work_type,
            item.need_level,
            item.urgency,
            HERE,
            frozenset(),
            date(2026, 1, 1),
        )
        assert read_conditions("when", when).match(facts)
