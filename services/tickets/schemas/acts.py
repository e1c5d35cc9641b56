"""What a phone says beside an act it tells of: when it was done and sent by its own clock, and what it saw."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from marshmallow import ValidationError, fields, validates_schema
from marshmallow.validate import OneOf

from services.kit.errors import Invalid
from services.kit.http import StrictSchema
from services.tickets import lifecycle
from services.tickets.acts import Phone

# Clocks of phones are wrong by years; by centuries they are no clocks.
_EARLIEST, _LATEST = datetime(1970, 1, 1, tzinfo=UTC), datetime(2200, 1, 1, tzinfo=UTC)
_SAID = ("acted_at", "sent_at", "expected_status", "expected_step")


class ClockTime(fields.AwareDateTime):
    """A moment by a phone's own clock, which may be wrong by years."""

    def _deserialize(self, value: Any, *args: Any, **kwargs: Any) -> datetime:
        moment: datetime = super()._deserialize(value, *args, **kwargs)
        try:
            if _EARLIEST <= moment.astimezone(UTC) < _LATEST:
                return moment.astimezone(UTC)
        except OverflowError:
            pass  # Said below: a zone carried it out of the calendar.
        raise ValidationError("Must lie between the years 1970 and 2200.")


class Told(StrictSchema):
    """When an act was done and is being sent, both by the phone's own clock; the time between the two is believed."""

    acted_at = ClockTime(load_default=None)
    sent_at = ClockTime(load_default=None)

    @validates_schema
    def _both(self, data: dict[str, Any], **kwargs: Any) -> None:
        given = [name for name in ("acted_at", "sent_at") if data.get(name) is not None]
        if len(given) == 1:
            lacking = "sent_at" if given == ["acted_at"] else "acted_at"
            raise ValidationError("Give acted_at and sent_at together.", lacking)


class Act(Told):
    """A step that a phone may tell later; `expected_status` is the status that was seen when it was taken."""

    expected_status = fields.String(load_default=None, validate=OneOf(lifecycle.STATUSES))


def told_beside(form: Mapping[str, str]) -> Phone | None:
    """Return what the fields of a form beside a file say; raises Invalid naming them."""
    try:
        return phone_of(Told().load(dict(form)))
    except ValidationError as problem:
        named = {name: list(said) for name, said in problem.normalized_messages().items()}
        raise Invalid("The fields beside the file cannot be read.", "文件旁的字段填写有误。", fields=named) from None


def phone_of(body: dict[str, Any]) -> Phone | None:
    """Take what the phone says out of a body; None where it says nothing."""
    said = {name: body.pop(name, None) for name in _SAID}
    return Phone(**said) if any(said.values()) else None
