"""The service catalogue covers the domain and refuses words outside its vocabulary."""

from typing import Any

import pytest

from services.tickets.catalogue import (
    NEED_LEVELS,
    NEEDS_A_HUMAN,
    NOT_OURS,
    SLA_CLASSES,
    STANDARDS,
    TOPICS,
    VALUE_TIERS,
    WORK_TYPES,
    CatalogueError,
    build,
    load,
)  # fmt: skip

ITEM: dict[str, Any] = {
    "code": "lamp-out", "zh": "灯不亮", "en": "Lamp out", "work_type": "repair", "need_level": 1, "standard": "basic",
    "value_tier": "basic", "urgency": "routine", "skills": ["electrical"], "sla_class": "standard", "topic": "repair",
}  # fmt: skip


def test_it_is_large_enough_and_covers_the_domain() -> None:
    catalogue = load()
    assert len(catalogue) >= 80
    assert {item.work_type for item in catalogue} == set(WORK_TYPES)
    assert {item.need_level for item in catalogue} == set(NEED_LEVELS)
    assert {item.topic for item in catalogue} == set(TOPICS)
    assert {item.standard for item in catalogue} == set(STANDARDS)
    assert {item.value_tier for item in catalogue} == set(VALUE_TIERS)
    assert {item.sla_class for item in catalogue} == set(SLA_CLASSES)


def test_every_item_has_a_chinese_and_an_english_name() -> None:
    for item in load():
        assert any("\u4e00" <= letter <= "\u9fff" for letter in item.zh), item.code
        assert item.en.isascii(), item.code
        assert item.name("zh-CN") == item.zh
        assert item.name("en") == item.en


def test_names_are_unique_so_that_a_resident_can_tell_items_apart() -> None:
    items = list(load())
    assert len({item.zh for item in items}) == len(items)
    assert len({item.en for item in items}) == len(items)


def test_danger_to_life_is_level_two_and_an_emergency_only_for_the_life_safety_class() -> None:
    for item in load():
        if item.urgency == "emergency":
            assert item.sla_class in ("life_safety", "essential_supply"), item.code
            assert item.need_level <= 2, item.code


def test_every_topic_has_its_default_and_the_desk_has_its_two_items() -> None:
    catalogue = load()
    for topic in TOPICS:
        assert catalogue.default_of(topic).topic == topic
    assert catalogue.get(NEEDS_A_HUMAN).work_type == "consultation"
    assert catalogue.get(NOT_OURS).topic == "other_not_property"


def test_realm_follows_from_the_value_tier() -> None:
    realms = {item.value_tier: item.realm for item in load()}
    assert realms == {"basic": "duty", "expected": "duty", "desired": "extra", "unexpected": "beyond"}


def test_an_unknown_code_is_named() -> None:
    with pytest.raises(KeyError, match="no-such-item"):
        load().get("no-such-item")
    assert "no-such-item" not in load()


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"work_type": "magic"}, "work_type 'magic'"),
        ({"need_level": 6}, "need_level 6"),
        ({"standard": "royal"}, "standard 'royal'"),
        ({"value_tier": "free"}, "value_tier 'free'"),
        ({"urgency": "soon"}, "urgency 'soon'"),
        ({"sla_class": "fast"}, "sla_class 'fast'"),
        ({"topic": "weather"}, "topic 'weather'"),
        ({"skills": ["juggling"]}, "skills"),
        ({"skills": []}, "skills"),
        ({"code": "Lamp Out"}, "lower-case"),
        ({"zh": " "}, "zh name is empty"),
        ({"colour": "red"}, "unknown field colour"),
    ],
)
def test_a_slip_in_an_item_is_refused_by_name(change: dict[str, Any], complaint: str) -> None:
    with pytest.raises(CatalogueError, match=complaint):
        build([{"items": [{**ITEM, **change}]}])


def test_a_missing_field_and_a_repeated_code_are_refused() -> None:
    with pytest.raises(CatalogueError, match="urgency is missing"):
        build([{"items": [{name: value for name, value in ITEM.items() if name != "urgency"}]}])
    with pytest.raises(CatalogueError, match="used twice"):
        build([{"items": [ITEM, ITEM]}])


def test_a_catalogue_that_leaves_a_topic_without_a_default_is_refused() -> None:
    with pytest.raises(CatalogueError, match="exactly one item must be its default"):
        build([{"items": [ITEM]}])
