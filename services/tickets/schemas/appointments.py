"""What is said and shown of appointments: when somebody comes, as one side proposes it and both agree to it."""

from typing import Any

import marshmallow as ma
from marshmallow import ValidationError, fields, validates_schema
from marshmallow.validate import OneOf, Range

from services.kit.http import Prose, TrueOrFalse
from services.tickets import appointments
from services.tickets.schemas.acts import Act

SEEN = "The version of the ticket's appointment that you saw; leave it out where you saw none."


class Answering(Act):
    """What an answer to an appointment says it saw, and words that both sides read."""

    seen = fields.Integer(
        load_default=None, allow_none=True, strict=True, validate=Range(1, 2**31 - 1), metadata={"description": SEEN}
    )
    note = Prose(most=1000, load_default=None)


class NewWindow(Answering):
    """A window that is proposed: to come, within 60 days, from 15 minutes to 8 hours long."""

    begins_at = fields.AwareDateTime(required=True, data_key="from")
    ends_at = fields.AwareDateTime(required=True, data_key="to")


class Agreement(Answering):
    """A yes to what is proposed; with `spoken` the household's by word of mouth, also to a window given here."""

    begins_at = fields.AwareDateTime(load_default=None, data_key="from")
    ends_at = fields.AwareDateTime(load_default=None, data_key="to")
    spoken = TrueOrFalse(load_default=False)

    @validates_schema
    def _both(self, data: dict[str, Any], **kwargs: Any) -> None:
        if (data.get("begins_at") is None) != (data.get("ends_at") is None):
            raise ValidationError("Give from and to together.", "to" if data.get("ends_at") is None else "from")


class AppointmentView(ma.Schema):
    """A window that was named for a ticket, and what became of it.

    `number` is that of its entry in the history. `became` is `proposed` or `agreed` while it stands; then `kept`, with
    somebody there in time by the act's own time; `missed`; `not_at_home`, when nobody let them in; or `replaced`,
    `called_off`, or `ended` with the job, each in time. `spoken` says that the desk recorded the household's yes.
    """

    number = fields.Integer(required=True)
    begins_at = fields.AwareDateTime(required=True, data_key="from")
    ends_at = fields.AwareDateTime(required=True, data_key="to")
    proposed_by = fields.String(required=True, validate=OneOf(appointments.SIDES))
    proposed_at = fields.AwareDateTime(required=True)
    agreed_at = fields.AwareDateTime(required=True, allow_none=True)
    spoken = fields.Boolean(required=True)
    became = fields.String(required=True, validate=OneOf(appointments.BECAME))
    became_at = fields.AwareDateTime(required=True, allow_none=True)


class Appointments(ma.Schema):
    """Every window that was named for a ticket, oldest first."""

    items = fields.List(fields.Nested(AppointmentView), required=True)
