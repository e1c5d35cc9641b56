"""The sample organisation: complete, consistent, and the same every time."""

import json
from collections import Counter
from importlib.resources import files

from doorstep.sample import HUATING, LOGINS, OTHER
from services.tickets import service_levels
from services.tickets.catalogue import SKILLS
from services.tickets.triage import triage

PEOPLE = {person.login: person for organisation in (HUATING, OTHER) for person in organisation.people}
REQUESTS = [json.loads(line) for line in (files("doorstep.sample") / "requests.jsonl").read_text("utf-8").splitlines()]


def test_it_has_the_promised_size_and_logins() -> None:
    """Three communities with about 300 homes, and a second company."""
    assert len(HUATING.communities) == 3
    assert 280 <= sum(len(community.units()) for community in HUATING.communities) <= 320
    assert set(LOGINS) <= set(PEOPLE)
    assert set(HUATING.communities).isdisjoint(OTHER.communities)


def test_every_id_is_its_own() -> None:
    """No two things share an id, and the ids are those of yesterday: a second load changes nothing."""
    ids = [person.id for person in PEOPLE.values()]
    for organisation in (HUATING, OTHER):
        ids.append(organisation.id)
        for place in organisation.places():
            ids += [place.id, *place.homes, *(unit for _, homes in place.homes.values() for unit in homes)]
    assert max(Counter(ids).values()) == 1
    assert PEOPLE["resident1"].id == "027ae423-5571-5747-be2c-b57532ec101e"


def test_residents_live_in_homes_of_their_community_one_household_each() -> None:
    """The first two are neighbours: what one files the other must not see."""
    homes = {community.id: community.units() for community in (*HUATING.communities, *OTHER.communities)}
    residents = [person for person in PEOPLE.values() if person.role == "resident"]
    assert all(set(person.unit_ids) <= set(homes[person.community_ids[0]]) for person in residents)
    assert len({person.unit_ids for person in residents}) == len(residents) >= 42
    assert PEOPLE["resident1"].community_ids == PEOPLE["resident2"].community_ids


def test_crews_can_do_everything_between_them() -> None:
    """Every skill of the catalogue is there."""
    assert set(PEOPLE["crew1"].skills) == set(PEOPLE["crew2"].skills) == set(SKILLS)
    assert 0 < len(PEOPLE["crew3"].skills) < len(SKILLS)


def test_the_calendars_can_be_used() -> None:
    """They are refused when saved, not when a clock needs them."""
    for organisation in (HUATING, OTHER):
        assert service_levels.calendar_of(organisation.calendar)


def test_the_requests_speak_of_everything_in_both_languages() -> None:
    """At least 120, no two alike, over most topics, all levels and all urgencies."""
    assert len(REQUESTS) == len({request["text"] for request in REQUESTS}) >= 120
    assert Counter(request["locale"] for request in REQUESTS).keys() == {"zh-CN", "en"}
    verdicts = [triage(request["text"], locale=request["locale"]) for request in REQUESTS]
    assert len({verdict.topic for verdict in verdicts}) >= 11
    assert {verdict.urgency for verdict in verdicts} == {"emergency", "urgent", "routine"}
    assert {verdict.need_level for verdict in verdicts} >= {1, 2, 3, 4, 5}
