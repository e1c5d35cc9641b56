"""What households are asked is data: sets that are whole, in both languages, and refused by name where they are not."""

import copy
from pathlib import Path
from typing import Any

import pytest
import yaml

from services.surveys import question_sets, scripts
from services.surveys.question_sets import DIMENSIONS, SCALES, SIDES, QuestionSetError, read
from services.surveys.schemas import AnswerIn
from services.surveys.schemas.surveys import COMMENT_LENGTH


def of_data(name: str) -> dict[str, Any]:
    raw: dict[str, Any] = yaml.safe_load((question_sets.FOLDER / f"{name}.yaml").read_text(encoding="utf-8"))
    return raw


def test_the_sets_are_there_and_whole() -> None:
    sets = question_sets.load()
    assert {"return_visit", "nps", "ces", "servqual_short"} <= sets.keys()
    for found in sets.values():
        for locale in question_sets.LANGUAGES:
            assert all(question["text"] for question in found.asked(locale))
    measured = {item.measures for found in sets.values() for item in found.items} - {None}
    assert measured == SCALES.keys()


def test_servqual_asks_expectation_and_perception_on_each_of_its_five_dimensions() -> None:
    items = question_sets.get("servqual_short").items
    asked = {(item.dimension, item.measures) for item in items if item.dimension}
    assert asked == {(dimension, side) for dimension in DIMENSIONS for side in SIDES}
    assert all((item.least, item.most) == (1, 7) for item in items if item.dimension)


def test_the_return_visit_s_form_is_its_question_set() -> None:
    items = {item.name: item for item in question_sets.get("return_visit").items}
    fields = AnswerIn().fields
    assert items.keys() == fields.keys()
    assert {name for name, field in fields.items() if field.required} == {
        name for name, item in items.items() if item.required
    }
    assert items["comment"].most == COMMENT_LENGTH
    schema = AnswerIn()
    scale = items["satisfaction"]
    assert scale.least is not None
    assert scale.most is not None
    for value in (scale.least, scale.most):
        assert not schema.validate({"solved": True, "satisfaction": value})
    for value in (scale.least - 1, scale.most + 1):
        assert schema.validate({"solved": True, "satisfaction": value})


def test_every_question_of_the_script_is_one_of_the_set() -> None:
    asked = [step["asks"] for step in scripts.script("T-1", None) if step["asks"]]
    assert asked == [item.name for item in question_sets.get("return_visit").items]
    for step in scripts.script("T-1", "王敏"):
        assert set(step["text"]) == set(question_sets.LANGUAGES)


def changed(path: str, value: Any, name: str = "servqual_short") -> dict[str, Any]:
    """Return a set of ours with one thing changed; None takes it away."""
    raw = copy.deepcopy(of_data(name))
    place: Any = raw
    *way, last = [int(part) if part.isdigit() else part for part in path.split(".")]
    for part in way:
        place = place[part]
    if value is None:
        del place[last]
    else:
        place[last] = value
    return raw


MALFORMED = [
    ("name", "other", "servqual_short: name 'other' is not the file's"),
    ("version", 0, "version must be a whole number"),
    ("version", "1", "version must be a whole number"),
    ("version", True, "version must be a whole number"),
    ("items", [], "items must be a list"),
    ("title", None, "servqual_short: title is missing"),
    ("title.en", None, "servqual_short: title must be there in zh-CN and en"),
    ("colour", "red", "unknown field colour"),
    ("items.0", "a question", "an item is a mapping"),
    ("items.0.name", "Reliability!", "name is lower-case words"),
    ("items.0.kind", "stars", "servqual_short.reliability_expectation: kind 'stars'"),
    ("items.0.text.zh-CN", " ", "servqual_short.reliability_expectation: text is empty in zh-CN"),
    ("items.0.text.fr", "Bonjour", "must be there in zh-CN and en"),
    ("items.0.least", 7, "the lower one first"),
    ("items.0.least", "1", "must be whole numbers"),
    ("items.0.most", 5, "expectation is asked from 1 to 7"),
    ("items.0.measures", "mood", "measures 'mood'"),
    ("items.0.measures", "ces", "dimension must be one of"),
    ("items.0.dimension", "beauty", "dimension must be one of"),
    ("items.0.required", "yes", "required must be true or false"),
    ("items.0.weight", 2, "servqual_short.reliability_expectation: unknown field weight"),
    ("items.1", None, "reliability needs one item of perception"),
    ("items.1.name", "reliability_expectation", "item reliability_expectation is there twice"),
    ("items.10.measures", "csat", "only a scale measures something"),
    ("items.10.most", None, "most is the length of a text"),
]


@pytest.mark.parametrize(("path", "value", "sentence"), MALFORMED)
def test_a_malformed_set_is_refused_by_name(path: str, value: Any, sentence: str) -> None:
    with pytest.raises(QuestionSetError, match="servqual_short") as refused:
        read(changed(path, value), "servqual_short")
    assert sentence in str(refused.value)


@pytest.mark.parametrize("raw", [None, [], "text", 5])
def test_what_is_no_set_at_all_is_refused(raw: Any) -> None:
    with pytest.raises(QuestionSetError, match="nps: a question set is a mapping"):
        read(raw, "nps")


def test_one_malformed_file_stops_the_whole_folder(tmp_path: Path) -> None:
    (tmp_path / "nps.yaml").write_text(yaml.safe_dump(changed("items.0.most", 11, "nps")), encoding="utf-8")
    with pytest.raises(QuestionSetError, match="nps.recommend: nps is asked from 0 to 10"):
        question_sets.load(tmp_path)


@pytest.mark.parametrize(
    ("said", "faulty"),
    [
        ({"recommend": 0}, set()),
        ({"recommend": 10, "comment": "很好"}, set()),
        ({"recommend": 10, "comment": None}, set()),
        ({}, {"recommend"}),
        ({"recommend": 11}, {"recommend"}),
        ({"recommend": True}, {"recommend"}),
        ({"recommend": "9"}, {"recommend"}),
        ({"recommend": 9.0}, {"recommend"}),
        ({"recommend": 9, "comment": 5, "mood": 1}, {"comment", "mood"}),
        ({"recommend": 9, "comment": "x" * 2001}, {"comment"}),
    ],
)
def test_an_answer_is_held_against_its_set(said: dict[str, Any], faulty: set[str]) -> None:
    assert question_sets.get("nps").faults(said).keys() == faulty


def test_the_values_of_an_answer_are_numbers_and_silence_has_none() -> None:
    visit = question_sets.get("return_visit")
    assert visit.values({"solved": False, "satisfaction": None, "comment": "words"}) == {"solved": 0}
    assert visit.values({"solved": True, "satisfaction": 4}) == {"solved": 1, "satisfaction": 4}
    assert visit.faults({"solved": 1}) == {"solved": "Not a valid boolean."}
