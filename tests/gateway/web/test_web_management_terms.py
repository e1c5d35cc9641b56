"""Forms of terms without a browser: what a document becomes in cells, and that it comes back as it was written."""

import copy
from typing import Any

import pytest
from flask import Flask

from gateway.web.desk import Told
from gateway.web.management import calendar_cells, lengths, policy_settings, targets
from gateway.web.management.cells import Cells, place_of
from gateway.web.management.term_words import CLASSES, FIELDS, SHARES, SWITCHES, answer, named, valued
from services.tickets.catalogue import NEED_LEVELS, SLA_CLASSES
from services.tickets.sla.allowances import DEFAULT_PAUSES
from services.tickets.sla.calendar_json import FIELDS as OF_CALENDAR
from services.tickets.sla.calendar_json import read_calendar
from services.tickets.sla.comparing import leaves_of, settings_of
from services.tickets.sla.policy import read_policy, standard_document
from services.tickets.sla.switches import CHOICES
from services.tickets.sla.targets import JUDGED

CALENDAR: dict[str, Any] = {
    "tz": "Asia/Shanghai",
    "name": "Garden",
    "hours": {"mon": [["08:30", "12:00"], ["13:00", "24:00"]], "sat": [["9:00", "12:00"]], "sun": []},
    "holidays": ["2027-02-05", "2027-02-06", "2027-02-07", "12-25", "2027-05-01"],
    "workdays": {"2027-02-20": [["09:00", "12:00"], ["13:00", "17:00"]]},
    "closures": [
        ["2026-12-31T06:00:00+00:00", "2026-12-31T10:00:00+00:00"],
        {"from": "2027-01-04T08:00:00+08:00", "to": "2027-01-04T12:00:00+08:00", "reason": "Move"},
    ],
    "country": "CN",
    "declared_years": [2027],
    "makeup_hours": [["09:00", "15:00"]],
}  # fmt: skip


def told() -> Told:
    """The standard policy as the desk tells it."""
    document = standard_document()
    return Told({"document": document, "settings": settings_of(read_policy(document)), "version": "x"})


@pytest.fixture(autouse=True)
def _language(app: Flask) -> Any:
    with app.test_request_context("/manage"):
        yield


def test_a_table_that_nobody_changed_comes_back_as_it_was_written() -> None:
    terms = told()
    assert targets.written(targets.shown(terms), terms) == standard_document()


def test_a_changed_target_keeps_its_warnings_and_loses_its_source() -> None:
    terms, path = told(), "classes.life_safety.emergency.attend"
    cells = targets.shown(terms)
    assert (cells.get(f"{path}:n"), cells.get(f"{path}:unit")) == ("30", "minutes")
    cells.values[f"{path}:n"] = "20"
    found = targets.written(cells, terms)["classes"]["life_safety"]["emergency"]["attend"]
    assert found == {"seconds": 1200, "basis": "clock", "warn": [0.5, 0.75]}


@pytest.mark.parametrize(
    ("number", "unit", "target"),
    [
        ("45", "minutes", {"seconds": 2700, "basis": "clock"}),
        ("2", "days", {"days": 2, "basis": "clock"}),
        ("40", "working_hours", {"seconds": 144_000, "basis": "working"}),
        ("5", "working_days", {"days": 5, "basis": "working"}),
        ("2", "evening_hours", {"seconds": 7200, "basis": "clock", "sundown": True}),
    ],
)
def test_a_length_is_a_number_and_a_unit(number: str, unit: str, target: dict[str, Any]) -> None:
    cells = Cells({"x:n": number, "x:unit": unit})
    assert lengths.read(cells, "x") == target
    assert lengths.said(target) == (int(number), unit)


@pytest.mark.parametrize(
    ("number", "unit"), [("half", "hours"), ("-1", "hours"), ("1.5", "hours"), ("٣", "hours"), ("3", "weeks")]
)
def test_what_is_no_length_is_said_beside_it(number: str, unit: str) -> None:
    cells = Cells({"x:n": number, "x:unit": unit})
    assert lengths.read(cells, "x") is None
    assert cells.refused["x"]


def test_every_length_of_the_shipped_policy_is_told_exactly() -> None:
    for urgencies in standard_document()["classes"].values():
        for row in urgencies.values():
            for target in row.values():
                number, unit = lengths.said(target)
                again = lengths.length(number, unit)
                assert again.get("seconds", again.get("days", 0) * 86_400) == target["seconds"]
                assert again["basis"] == target["basis"]


def test_settings_that_nobody_changed_come_back_as_they_were_written() -> None:
    terms = told()
    assert policy_settings.written(policy_settings.shown(terms), terms) == standard_document()


def test_only_what_changed_of_the_settings_is_written() -> None:
    terms = told()
    cells = policy_settings.shown(terms)
    cells.values |= {"attainment.safety": "97.5", "pauses.weather:n": "", "acts:n": "", "switches.attend_pauses": "yes"}
    for number in cells.rows("escalation.urgent"):
        cells.drop_row("escalation.urgent", str(number))
    document = policy_settings.written(cells, terms)
    assert document["attainment"]["safety"] == 0.975
    assert "weather" not in document["pauses"]
    assert document["acts"] == {"longest_back_seconds": 0}
    assert document["switches"]["attend_pauses"] is True
    assert document["escalation"]["urgent"] == []
    assert document["classes"] == standard_document()["classes"]


def test_a_calendar_that_nobody_changed_comes_back_as_it_was_written() -> None:
    assert calendar_cells.written(calendar_cells.shown(CALENDAR), CALENDAR) == CALENDAR
    simple = {"tz": "Asia/Shanghai", "hours": {"mon": [["08:30", "18:00"]]}}
    assert calendar_cells.written(calendar_cells.shown(simple), simple) == simple


def test_days_that_follow_one_another_are_one_row() -> None:
    cells = calendar_cells.shown(CALENDAR)
    assert cells.row("closed", 0) == {"first": "2027-02-05", "last": "2027-02-07"}
    cells.values["closed.0:last"] = "2027-02-06"
    assert calendar_cells.written(cells, CALENDAR)["holidays"] == ["2027-02-05", "2027-02-06", "2027-05-01", "12-25"]


def test_a_closure_is_typed_by_the_clocks_of_the_place() -> None:
    cells = calendar_cells.shown(CALENDAR)
    assert cells.get("closures.0:from") == "2026-12-31T14:00"
    cells.values["closures.0:to"] = "2026-12-31T19:30"
    written = calendar_cells.written(cells, CALENDAR)["closures"][0]
    assert written == {"from": "2026-12-31T14:00:00+08:00", "to": "2026-12-31T19:30:00+08:00"}


@pytest.mark.parametrize(
    "changes",
    [
        {"tz": "Mars/Here"}, {"tz": "../etc"}, {"tz": "Asia"}, {"closed.0:first": "soon"}, {"yearly.0:day": "ab"},
        {"hours.mon.0:from": ""}, {"hours.mon.0:from": "25:00"}, {"closures.0:from": ""}, {"workdays.0:day": ""},
        {"declared_years.0:year": "x"}, {"country": "XX"}, {"closed.0:last": "2026-01-01"},
    ],
)  # fmt: skip
def test_whatever_is_typed_into_a_calendar_is_refused_here_or_by_the_desk(changes: dict[str, str]) -> None:
    cells = calendar_cells.shown(copy.deepcopy(CALENDAR))
    cells.values |= changes
    document = calendar_cells.written(cells, CALENDAR)
    if not cells.refused:
        with pytest.raises(ValueError, match=":"):
            read_calendar(document)


def test_a_refusal_stands_beside_the_narrowest_cell() -> None:
    known = ["hours", "hours.mon", "escalation.urgent", "escalation.urgent.1", "targets"]
    assert place_of("document.hours.mon", known) == "hours.mon"
    assert place_of("document.escalation.urgent[1].seconds", known) == "escalation.urgent.1"
    assert place_of("document.targets.attend.seconds", known) == "targets"
    assert place_of("document.packs[0]", known) is None


def test_rows_are_numbered_as_the_document_has_them() -> None:
    cells = Cells()
    for _number in range(3):
        cells.add_row("escalation.urgent", policy_settings.STEP)
    cells.values |= {"escalation.urgent.0:unit": "hours", "escalation.urgent.2:n": "4"}
    cells.tidy("escalation.urgent")
    assert cells.rows("escalation.urgent") == [0]
    assert cells.row("escalation.urgent", 0)["n"] == "4"


def test_every_part_of_a_policy_has_its_words() -> None:
    assert tuple(CLASSES) == SLA_CLASSES
    assert {name: {answer(one) for one in answers} for name, answers in CHOICES.items()} == {
        name: set(answers) for name, (_label, answers) in SWITCHES.items()
    }
    assert list(SHARES) == list(NEED_LEVELS.values())
    assert set(targets.CLOCKS) == set(JUDGED)
    settings = settings_of(read_policy(standard_document()))
    assert set(settings["pauses"]) == set(DEFAULT_PAUSES)
    for field, value in leaves_of(settings):
        assert named(field) != field
        assert valued(field, value)
    assert set(FIELDS) <= {field for field, _value in leaves_of(settings)}


def test_every_field_of_a_calendar_is_on_its_form() -> None:
    shown = {"hours", "holidays", "accept_estimated_holidays", *calendar_cells.TEXTS, *calendar_cells.LISTS}
    assert set(OF_CALENDAR) - {"version"} <= shown
