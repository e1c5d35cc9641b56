"""Whatever is said of a field that is wrong has a Chinese form: proved for every schema and every sentence of ours."""

import ast
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import marshmallow as ma
import pytest
from marshmallow import class_registry, validate

import gateway.app
import services.notify.app
import services.surveys.app
import services.tickets.app
from services.kit.http.sentences import MOMENT, field_sentence

APPS = (gateway.app, services.notify.app, services.surveys.app, services.tickets.app)
ROOT = Path(__file__).parents[2]
SOURCES = [p for top in ("gateway", "services") for p in (ROOT / top).rglob("*.py") if "schemas" in str(p)]
SOURCES += [ROOT / "services/kit/http/fields.py", ROOT / "services/surveys/question_sets.py"]
# What is said when something is written out, never of what a caller sent.
OUTWARD = ("format",)


def schemas() -> Iterator[type[ma.Schema]]:
    """Every schema that the applications bring along."""
    for found in class_registry._registry.values():
        for schema in found:
            if isinstance(schema, type) and schema.__module__.startswith(("services.", "gateway.")):
                yield schema


def fields_in(field: ma.fields.Field) -> Iterator[ma.fields.Field]:
    yield field
    inside = (getattr(field, name, None) for name in ("inner", "key_field", "value_field"))
    for inner in inside:
        if isinstance(inner, ma.fields.Field):
            yield from fields_in(inner)


def said_of(field: ma.fields.Field) -> Iterator[str]:
    """Every sentence that a field and its validators can say."""
    blanks = {"obj_type": getattr(field, "OBJ_TYPE", ""), "awareness": getattr(field, "AWARENESS", "")}
    for key, sentence in field.error_messages.items():
        if key not in OUTWARD and (key != "invalid_awareness" or blanks["awareness"]):
            yield str(sentence).format(**blanks)
    for validator in field.validators:
        if isinstance(validator, validate.Length):
            yield from broken(validator, ["x" * 9_000_000 if validator.max or validator.equal else "", ""])
        elif isinstance(validator, validate.Range):
            beyond = [date.min, date.max] if isinstance(validator.min, date) else [-(10**30), 10**30]
            yield from broken(validator, beyond)
        elif isinstance(validator, validate.OneOf | validate.Regexp | validate.Email | validate.Equal):
            yield from broken(validator, ["\x00 none of these"])
        else:
            assert not isinstance(validator, validate.Validator), f"teach this test what {validator!r} says"


def broken(validator: validate.Validator, values: list[object]) -> Iterator[str]:
    for value in values:
        try:
            validator(value)
        except ma.ValidationError as refusal:
            yield str(refusal.messages[0])


def written(source: Path) -> Iterator[str]:
    """Every sentence that a source itself raises or lists as what is wrong; a number stands for what it fills in."""
    for node in ast.walk(ast.parse(source.read_text("utf-8"))):
        if isinstance(node, ast.Call) and getattr(node.func, "attr", getattr(node.func, "id", "")) == "ValidationError":
            yield from filter(None, map(text_of, node.args[:1]))
        elif isinstance(node, ast.List | ast.Return | ast.IfExp):
            inner = node.elts if isinstance(node, ast.List) else [getattr(node, "orelse", node)]
            yield from (said for said in map(text_of, inner) if said and said.endswith("."))


def text_of(node: ast.AST) -> str | None:
    if isinstance(node, ast.JoinedStr):
        return "".join(str(part.value) if isinstance(part, ast.Constant) else "1" for part in node.values)
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else None


def is_chinese(sentence: str) -> bool:
    return sentence.endswith("。") and any("\u4e00" <= character <= "\u9fff" for character in sentence)


def test_whatever_a_schema_says_has_a_chinese_form() -> None:
    wheres: dict[str, str] = {str(said): "any schema" for said in ma.Schema._default_error_messages.values()}
    for schema in schemas():
        for name, declared in schema._declared_fields.items():
            for field in fields_in(declared):
                wheres.update((said, f"{schema.__name__}.{name}") for said in said_of(field))
    assert len(wheres) > 40
    assert {said: at for said, at in wheres.items() if not is_chinese(field_sentence(said, chinese=True))} == {}


def test_whatever_we_say_ourselves_has_a_chinese_form() -> None:
    found = {said: source.name for source in SOURCES for said in written(source)}
    assert "Begins after it ends." in found
    assert "Does not belong to this outcome." in found
    assert "Must be a whole number from 1 to 1." in found
    assert {said: at for said, at in found.items() if not is_chinese(field_sentence(said, chinese=True))} == {}


@pytest.mark.parametrize(
    ("english", "chinese"),
    [
        ("Must be one of: json, csv, xlsx.", "应为以下之一：json、csv、xlsx。"),
        ("Must be greater than or equal to 1 and less than or equal to 100.", "应不小于 1 且不大于 100。"),
        ("Must be greater than or equal to 0.5.", "应不小于 0.5。"),
        ("Must be less than 5.", "应小于 5。"),
        ("Length must be between 1 and 200.", "长度应在 1 至 200 之间。"),
        ("Length must be 5.", "长度应为 5。"),
        ("Begins after it ends.", "开始时间晚于结束时间。"),
    ],
)
def test_what_a_sentence_names_is_named_in_chinese_too(english: str, chinese: str) -> None:
    assert field_sentence(english, chinese=True) == chinese
    assert field_sentence(english, chinese=False) == english


@pytest.mark.parametrize("chinese", [True, False])
def test_a_moment_is_asked_for_by_an_example_that_can_be_copied(chinese: bool) -> None:
    with pytest.raises(ma.ValidationError) as refused:
        ma.fields.AwareDateTime().deserialize("2026-11-22")
    said = field_sentence(refused.value.messages[0], chinese=chinese)
    assert MOMENT in said
    assert "%2B" in said
    assert ma.fields.AwareDateTime().deserialize(MOMENT).isoformat() == MOMENT
