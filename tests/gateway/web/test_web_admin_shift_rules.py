"""How often a shift is: what the form says becomes a rule, and the rule is read back and told in words."""

import pytest
from flask import Flask

from gateway.web.admin.shift_rules import read, told, written


@pytest.mark.parametrize(
    ("often", "every", "days", "rule", "words"),
    [
        ("once", "1", ["MO"], None, "once"),
        ("week", "1", ["MO", "FR"], "FREQ=WEEKLY;BYDAY=MO,FR", "Monday, Friday"),
        ("week", "2", ["SA"], "FREQ=WEEKLY;INTERVAL=2;BYDAY=SA", "every 2 weeks: Saturday"),
        ("days", "1", [], "FREQ=DAILY", "every day"),
        ("days", "4", ["MO"], "FREQ=DAILY;INTERVAL=4", "every 4 days"),
    ],
)
def test_a_form_becomes_a_rule_and_back(
    app: Flask, often: str, every: str, days: list[str], rule: str | None, words: str
) -> None:
    assert written(often, every, days) == rule
    again = read(rule)
    assert written(again[0], str(again[1]), again[2]) == rule
    with app.test_request_context("/admin", headers={"Accept-Language": "en"}):
        assert told(rule) == words


@pytest.mark.parametrize(
    "rule", ["FREQ=MONTHLY;BYMONTHDAY=1", "FREQ=WEEKLY", "FREQ=WEEKLY;BYDAY=1MO", "FREQ=DAILY;COUNT=3"]
)
def test_a_rule_the_form_cannot_show_is_kept_and_said_as_it_is(app: Flask, rule: str) -> None:
    assert read(rule)[0] == "kept"
    with app.test_request_context("/admin"):
        assert told(rule) == rule
