"""The shapes of a community's terms: its calendar and policy by version, the packs, and moving tickets to them."""

import unicodedata
from typing import Any

import marshmallow as ma
from marshmallow import fields

from services.kit.http import Prose, StrictSchema

DEEPEST = 20
_LARGEST = 2**53


class Document(fields.Dict):
    """A JSON object that can be kept as it is: no control characters, no numbers a reader would round, not too deep.

    What it says is checked where it is read as a calendar or a policy.
    """

    def _deserialize(self, value: Any, *args: Any, **kwargs: Any) -> dict[str, Any]:
        document: dict[str, Any] = super()._deserialize(value, *args, **kwargs)
        found: list[tuple[int, Any]] = [(0, document)]
        while found:
            depth, part = found.pop()
            if depth > DEEPEST:
                raise ma.ValidationError("Is nested too deeply.")
            if isinstance(part, dict):
                found += [(depth + 1, inner) for pair in part.items() for inner in pair]
            elif isinstance(part, list):
                found += [(depth + 1, inner) for inner in part]
            elif isinstance(part, str):
                _check_text(part)
            # Compared first: an integer too long for a float cannot even be asked whether it is finite.
            elif isinstance(part, int | float) and not (-_LARGEST <= part <= _LARGEST):
                raise ma.ValidationError("Contains a number that is too large.")
        return document


def _check_text(text: str) -> None:
    for character in text:
        kind = unicodedata.category(character)
        if kind == "Cs":
            raise ma.ValidationError("Contains half a character (a lone surrogate).")
        if kind == "Cc" and character not in "\n\t":
            raise ma.ValidationError("Contains a control character.")


class NewTerms(StrictSchema):
    """A calendar or a policy, and why it changes."""

    document = Document(required=True)
    note = Prose(required=True, most=1000)


class MaybeNote(StrictSchema):
    """Why, if they care to say."""

    note = Prose(most=1000, load_default=None)


class Running(ma.Schema):
    """How many open tickets keep the terms they started with, and where to move them on purpose."""

    older = fields.Integer(required=True)
    reevaluate = fields.String(required=True)
    says = fields.String(required=True)


class CalendarView(ma.Schema):
    """The calendar in force, and in `warnings` what it cannot know yet."""

    community_id = fields.UUID(required=True)
    version = fields.Integer(required=True)
    document = fields.Dict(required=True)
    note = fields.String(required=True, allow_none=True)
    author_id = fields.UUID(required=True, allow_none=True)
    at = fields.AwareDateTime(required=True)
    warnings = fields.List(fields.String(), required=True)
    running = fields.Nested(Running, required=True)


class PolicyVersion(ma.Schema):
    """One version of a policy, shipped with the product or the organisation's own."""

    version = fields.String(required=True)
    shipped = fields.Boolean(required=True)
    document = fields.Dict(required=True)
    note = fields.String(required=True, allow_none=True)
    author_id = fields.UUID(required=True, allow_none=True)
    at = fields.AwareDateTime(required=True, allow_none=True)


class Step(ma.Schema):
    """Who is told of a job that nobody took on, and after how long."""

    seconds = fields.Integer(required=True)
    basis = fields.String(required=True)
    to = fields.String(required=True)


class Settings(ma.Schema):
    """What a policy says beside its targets, complete: with the defaults of what its document leaves out."""

    switches = fields.Dict(keys=fields.String(), required=True)
    pauses = fields.Dict(keys=fields.String(), values=fields.Integer(), required=True)
    escalation = fields.Dict(keys=fields.String(), values=fields.List(fields.Nested(Step)), required=True)
    attainment = fields.Dict(keys=fields.String(), values=fields.Float(), required=True)
    longest_back_seconds = fields.Integer(required=True)


class PolicyView(PolicyVersion):
    """The policy in force, with the codes of the packs that are switched on."""

    community_id = fields.UUID(required=True)
    packs = fields.List(fields.String(), required=True)
    settings = fields.Nested(Settings, required=True)
    running = fields.Nested(Running, required=True)


class PackRule(ma.Schema):
    """A rule of a pack; `confidence` is A where the text of the rule itself was read, B where a page about it was."""

    code = fields.String(required=True)
    name = fields.Dict(keys=fields.String(), values=fields.String(), required=True)
    when = fields.Dict(required=True)
    targets = fields.Dict(required=True)
    source = fields.String(required=True)
    confidence = fields.String(required=True)
    note = fields.Dict(keys=fields.String(), values=fields.String(), required=True, allow_none=True)


class NoticePeriodView(ma.Schema):
    """How long before a planned outage of these kinds residents are to be told."""

    code = fields.String(required=True)
    name = fields.Dict(keys=fields.String(), values=fields.String(), required=True)
    kinds = fields.List(fields.String(), required=True)
    seconds = fields.Integer(required=True)
    source = fields.String(required=True)
    confidence = fields.String(required=True)
    note = fields.Dict(keys=fields.String(), values=fields.String(), required=True, allow_none=True)


class PackView(ma.Schema):
    """A statutory pack. Of those that share a `choice` a community has one at the most."""

    code = fields.String(required=True)
    version = fields.String(required=True)
    name = fields.Dict(keys=fields.String(), values=fields.String(), required=True)
    country = fields.String(required=True)
    source = fields.String(required=True)
    in_force = fields.String(required=True, allow_none=True)
    choice = fields.String(required=True, allow_none=True)
    note = fields.Dict(keys=fields.String(), values=fields.String(), required=True, allow_none=True)
    rules = fields.List(fields.Nested(PackRule), required=True)
    announcing = fields.List(fields.Nested(NoticePeriodView), required=True)


class Packs(ma.Schema):
    """The packs that ship."""

    items = fields.List(fields.Nested(PackView), required=True)


class Reevaluated(ma.Schema):
    """How many tickets were moved to the terms in force, and how many are left for the next call."""

    moved = fields.Integer(required=True)
    left = fields.Integer(required=True)
