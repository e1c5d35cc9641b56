"""An organisation's own catalogue: what may be changed of the shipped one, and what may be added to it."""

from typing import Any

import pytest

from services.tickets.catalogue import NEEDS_A_HUMAN, TOPICS, load
from services.tickets.own_catalogue import MOST_OWN, NotPossible, laid_over, merged
from services.tickets.triage import triage

NEW = {
    "code": "own-swap-cabinet", "zh": "换电柜故障", "en": "Battery swap cabinet fault", "work_type": "repair",
    "topic": "parking", "need_level": 1, "standard": "basic", "value_tier": "expected", "urgency": "urgent",
    "skills": ["electrical"],
    "sla_class": "standard", "words": ["换电柜", "swap cabinet"],
}  # fmt: skip


def overlay(*changes: dict[str, Any], before: dict[str, Any] | None = None, revert: tuple[str, ...] = ()) -> Any:
    return merged(load(), before or {}, changes, revert)


def test_only_what_differs_from_the_shipped_item_is_kept() -> None:
    item = next(item for item in load() if item.urgency == "routine" and not item.default)
    kept = overlay({"code": item.code, "zh": item.zh, "urgency": "urgent", "skills": list(item.skills)})
    assert kept == {item.code: {"urgency": "urgent"}}
    assert laid_over(load(), kept).get(item.code).urgency == "urgent"
    assert overlay({"code": item.code, "urgency": "routine"}, before=kept) == {}
    assert overlay(before=kept, revert=(item.code,)) == {}


def test_a_new_item_is_found_by_its_words() -> None:
    items = laid_over(load(), overlay(NEW))
    assert triage("换电柜坏了", items=items).catalogue_code == "own-swap-cabinet"
    assert triage("换电柜坏了").catalogue_code != "own-swap-cabinet"


def test_what_is_not_active_is_never_found() -> None:
    text = "厨房水管漏水"
    found = triage(text).catalogue_code
    items = laid_over(load(), overlay({"code": found, "active": False}))
    moved = triage(text, items=items).catalogue_code
    assert moved != found
    assert items.get(moved).active


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"code": "gas-leak", "urgency": "routine"}, "urgency"),
        ({"code": "gas-leak", "active": False}, "active"),
        ({"code": "gas-leak", "sla_class": "standard"}, "sla_class"),
        ({"code": NEEDS_A_HUMAN, "active": False}, "active"),
        ({"code": "water-leak-pipe", "work_type": "cleaning"}, "work_type"),
        ({"code": "ev-charger"}, "code"),
        ({"code": "own-"}, "code"),
        ({"code": "own-a", "zh": "甲"}, "en"),
    ],
)
def test_what_cannot_be_changed_is_named(change: dict[str, Any], field: str) -> None:
    with pytest.raises(NotPossible) as refused:
        overlay(change)
    assert (refused.value.code, refused.value.field) == (change["code"], field)


def test_every_item_of_danger_keeps_what_its_clocks_run_by() -> None:
    dangers = [item for item in load() if item.sla_class == "life_safety"]
    assert dangers
    for item in dangers:
        for change in ({"active": False}, {"sla_class": "engagement"}, {"need_level": 5}):
            with pytest.raises(NotPossible):
                overlay({"code": item.code, **change})
        assert overlay({"code": item.code, "zh": "改名"}) == {item.code: {"zh": "改名"}}


def test_every_topic_keeps_an_item_for_what_fits_no_other() -> None:
    for topic in TOPICS:
        with pytest.raises(NotPossible):
            overlay({"code": load().default_of(topic).code, "active": False})


def test_an_item_of_ones_own_is_closed_and_not_taken_away() -> None:
    before = overlay(NEW)
    with pytest.raises(NotPossible):
        overlay(before=before, revert=(NEW["code"],))
    with pytest.raises(NotPossible):
        overlay(before=before, revert=("water-leak-pipe",))
    assert overlay({"code": NEW["code"], "active": False}, before=before)[NEW["code"]]["active"] is False


def test_there_is_an_end_to_ones_own_items() -> None:
    many = [{**NEW, "code": f"own-{number}"} for number in range(MOST_OWN + 1)]
    assert len(overlay(*many[:-1])) == MOST_OWN
    with pytest.raises(NotPossible):
        overlay(*many)
