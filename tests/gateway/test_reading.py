"""How a schema is said in words on the page that shows the API."""

import pytest

from gateway.reading import fields, sections


@pytest.mark.parametrize(
    ("schema", "words"),
    [
        ({"type": ["string", "null"], "enum": ["crew", "admin", None]}, "crew | admin or null"),
        ({"enum": [1, True, None]}, "1 | true or null"),
        ({"type": ["integer", "null"], "minimum": 1, "maximum": 5}, "integer, 1 to 5 or null"),
        ({"type": ["string", "null"], "format": "date-time"}, "string (date-time) or null"),
        ({"type": ["array", "null"], "items": {"type": "string"}}, "list of string or null"),
        ({"anyOf": [{"$ref": "#/components/schemas/Time"}, {"type": "null"}]}, "string, exactly 5 characters or null"),
        ({"type": "string", "minLength": 1, "maxLength": 120}, "string, 1 to 120 characters"),
        ({"type": "string", "minLength": 8}, "string, at least 8 characters"),
        ({"type": "string", "minLength": 0, "maxLength": 2000}, "string, at most 2000 characters"),
        ({"type": "string", "minLength": 0}, "string"),
        ({"type": "integer", "minimum": 0}, "integer, at least 0"),
        ({"type": "number", "maximum": 9}, "number, at most 9"),
        ({"type": "null"}, "null"),
        ({}, "any"),
    ],
)
def test_a_kind_is_said_in_words(schema: dict, words: str) -> None:
    document = {"components": {"schemas": {"Time": {"type": "string", "minLength": 5, "maxLength": 5}}}}
    (field,) = fields(document, {"type": "object", "properties": {"one": schema}})
    assert field["kind"] == words


def test_a_section_carries_its_tags_description() -> None:
    operation = {"tags": ["tickets"], "responses": {}}
    document = {
        "tags": [{"name": "tickets", "description": "Requests"}, {"name": "unused"}],
        "paths": {"/b": {"get": operation}, "/a": {"get": {**operation, "tags": ["new"]}}},
    }
    named = [(tag, words, [one["path"] for one in found]) for tag, words, found in sections(document, "")]
    assert named == [("new", "", ["/a"]), ("tickets", "Requests", ["/b"])]
