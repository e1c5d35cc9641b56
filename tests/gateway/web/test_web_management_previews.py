"""What a draft of terms would change, without a browser: what the desk says is shown, and what was typed is kept."""

from typing import Any

import pytest
from flask import Flask

from services.tickets.sla.comparing import settings_of
from services.tickets.sla.policy import read_policy, standard_document
from tests.gateway.conftest import FakeService, Organisation, json_answer
from tests.gateway.web.pages import Browser, answers, browser, text_of

GARDEN = "0193b3f2-1111-7000-8000-00000000000c"
PLACES = {"items": [{"id": GARDEN, "name": "Garden", "timezone": "Asia/Shanghai"}]}
AT = "2026-11-22T08:00:00+00:00"
PLACE = {"sla_class": "standard", "urgency": "urgent", "clock": "attend"}
TARGETS = {
    **PLACE, "change": "stricter", "before": {"seconds": 7200, "basis": "clock"},
    "after": {"seconds": 3600, "basis": "clock"}, "due_before": AT, "due_after": AT,
}  # fmt: skip
POLICY = {
    "community_id": GARDEN, "same": False, "targets": [TARGETS], "keeping": 3, "packs": [],
    "rules": [{"code": "own", "name": {"en": "Lifts first", "zh-CN": "电梯优先"}, "change": "new"}],
    "settings": [{"field": "switches.attend_pauses", "before": False, "after": True}],
    "beside": [{**PLACE, "rule": "r", "rule_name": {"en": "By law", "zh-CN": "法定"}, "target": TARGETS["after"],
                "table": None, "pack": None, "pack_name": None, "in_force": None, "source": None}],
}  # fmt: skip
CALENDAR = {
    "community_id": GARDEN, "same": False, "targets": [], "keeping": 0, "warnings": ["No hours on Monday."],
    "week_seconds": {"before": 144_000, "after": 180_000},
    "timezone": {"before": "Asia/Shanghai", "after": "Asia/Urumqi"},
}  # fmt: skip
HOURS = {"tz": "Asia/Shanghai", "hours": {"mon": [["08:30", "18:00"]]}}
NOTHING = "There is no change yet."


@pytest.fixture
def manager(app: Flask, services: dict[str, FakeService], organisation: Organisation) -> Browser:
    """Return a manager's browser at a desk that says what drafts would change."""
    says(services["tickets"], POLICY)
    found = browser(app)
    found.sign_in(organisation.open("manager")["login"])
    return found


def says(desk: FakeService, looked: dict[str, Any]) -> None:
    """Let the desk say this of every draft of a policy."""
    document, terms = standard_document(), f"/communities/{GARDEN}"
    policy = {"document": document, "settings": settings_of(read_policy(document)), "version": "7"}
    answers(
        desk,
        {
            "/communities": PLACES,
            f"{terms}/policy": json_answer(policy, ETag='"7"'),
            f"POST {terms}/policy/preview": looked,
            f"{terms}/calendar": json_answer({"document": HOURS, "version": "7"}, ETag='"7"'),
            f"POST {terms}/calendar/preview": CALENDAR,
        },
    )


def looked_at(manager: Browser, form: str, **typed: str) -> Any:
    shown = manager.send(f"/manage/terms/{GARDEN}/{form}", do="look", version='"7"', **typed)
    assert shown.status_code == 200
    assert f'href="/manage/terms/{GARDEN}"' in shown.text
    return shown


def test_a_table_that_changed_is_shown_with_both_sides_before_it_is_written(manager: Browser) -> None:
    path = "classes.standard.urgent.attend"
    shown = looked_at(manager, "targets", **{f"{path}:n": "1", f"{path}:unit": "hours"})
    said = text_of(shown)
    for one in ("What would change", "Nothing is written yet.", "stricter", "Lifts first", "By law",
                "3 open jobs keep the terms they run by", "Write a new version", "Back to the form"):  # fmt: skip
        assert one in said, one
    assert NOTHING not in said
    assert f'href="/manage/tickets?community_id={GARDEN}&amp;over=false"' in shown.text
    assert f'<input type="hidden" name="{path}:n" value="1">' in shown.text


def test_hours_that_changed_are_shown_with_the_week_and_the_zone(manager: Browser) -> None:
    typed = {"tz": "Asia/Urumqi", "hours.mon.0:from": "08:30", "hours.mon.0:to": "18:00"}
    shown = looked_at(manager, "calendar", **typed)
    assert "/manage/tickets?" not in shown.text
    said = text_of(shown)
    for one in ("Hours of an ordinary week: 40 → 50", "Time zone: Asia/Shanghai → Asia/Urumqi", "No hours on Monday.",
                "What begins now is due as before.", "0 open jobs keep the terms they run by"):  # fmt: skip
        assert one in said, one


def test_where_nothing_changed_there_is_nothing_to_write(manager: Browser, services: dict[str, FakeService]) -> None:
    says(services["tickets"], {**POLICY, "same": True})
    said = text_of(looked_at(manager, "targets"))
    assert NOTHING in said
    assert "Write a new version" not in said
    assert "Back to the form" in said
