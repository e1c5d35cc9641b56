"""The forms of the desk: one for each thing that is done about a ticket."""

from typing import Any

from flask_babel import lazy_gettext as _l
from wtforms import (
    BooleanField,
    RadioField,
    SelectField,
    SelectMultipleField,
    StringField,
    TextAreaField,
)
from wtforms.widgets import CheckboxInput, ListWidget

from gateway.web.forms import number
from gateway.web.step_forms import Moment, StepForm, choices
from gateway.web.words import all_of


class Several(SelectMultipleField):
    """Boxes to tick."""

    widget = ListWidget(prefix_label=False)
    option_widget = CheckboxInput()

    def pre_validate(self, form: Any) -> None:
        """Leave it to the desk what it takes."""


class Assign(StepForm):
    """To whom a job goes."""

    NAME = "assign"
    to = SelectField(_l("Who gets it"), validate_choice=False)
    note = StringField(_l("What they should know"))


class Promise(StepForm):
    """When the resident is told it will be."""

    NAME = "promise"
    promised_at = Moment(_l("Promise the resident"), description=_l("Only what can be kept: it is measured."))
    note = StringField(_l("Why then"))


class Override(StepForm):
    """What triage got wrong."""

    NAME = "override"
    catalogue_code = SelectField(_l("Item"), validate_choice=False)
    need_level = SelectField(_l("Need level"), validate_choice=False)
    urgency = SelectField(_l("Urgency"), choices=choices("urgency", _l("as it is")), validate_choice=False)
    reason = StringField(_l("Why"))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        levels = [(code, word.name) for code, word in all_of("need_level").items() if code != "none"]
        self.need_level.choices = [("", _l("as it is")), *levels]

    def body(self) -> dict[str, Any]:
        """Return what was filled in; the level is a number."""
        said = super().body()
        if "need_level" in said:
            said["need_level"] = number(said["need_level"])
        return said


class Remark(StepForm):
    """What is written about a ticket, for the resident to read or among staff."""

    NAME = "remark"
    body_ = TextAreaField(_l("Write"), name="body")
    inside = BooleanField(_l("Among staff only"))

    def body(self) -> dict[str, Any]:
        """Return the words, and whether the resident sees them."""
        return {"body": (self.body_.data or "").strip(), "visible": not self.inside.data}


class Because(StepForm):
    """A reason; which step it is for is in the name of the form."""

    reason = TextAreaField(_l("Why"))


class Release(Because):
    """Why it goes back to the pool."""

    NAME = "release"


class Decline(Because):
    """Why it is not done; the resident reads it."""

    NAME = "decline"
    reason = TextAreaField(_l("Why, and what can be done instead"), description=_l("The resident reads this."))


class Cancel(Because):
    """Why it is withdrawn."""

    NAME = "cancel"


class Reopen(Because):
    """Why it is not solved after all."""

    NAME = "reopen"


class Disallow(StepForm):
    """Why a pause does not count."""

    NAME = "disallow"
    pause = SelectField(_l("Which pause"), validate_choice=False)
    reason = TextAreaField(_l("Why it does not count"), description=_l("Everybody on the ticket reads this."))

    def body(self) -> dict[str, Any]:
        """Return the reason and the number of the pause."""
        said = super().body()
        if "pause" in said:
            said["pause"] = number(said["pause"])
        return said


class Escalate(Because):
    """Why management is needed."""

    NAME = "escalate"
    reason = TextAreaField(_l("Why it needs more authority"))


class MakeSafe(StepForm):
    """How it is known that nobody is in danger."""

    NAME = "make-safe"
    note = StringField(_l("How it is known that nobody is in danger any more"))


class CallBack(StepForm):
    """A call about a job that is done."""

    NAME = "call-back"
    outcome = RadioField(_l("The call"), choices=[("reached", _l("Reached")), ("not_reached", _l("Not reached"))])
    note = StringField(_l("What was said on the telephone"))


class Join(StepForm):
    """The request this one moves with."""

    NAME = "join"
    to = SelectField(_l("Same cause as"), validate_choice=False)
    reason = StringField(_l("Why"))


class Part(Because):
    """Why it stands by itself again."""

    NAME = "part"
    reason = StringField(_l("Why"))


class Plain(StepForm):
    """A step that needs no words."""


# By the last part of the step's path; `plain` ones are a button. In the order in which the page shows them.
STEPS: dict[str, type[StepForm]] = {
    form.NAME: form
    for form in (
        Assign, Promise, Remark, Override, CallBack, Join, Part, Disallow, MakeSafe, Escalate, Release, Reopen,
        Decline, Cancel,
    )
}  # fmt: skip
PLAIN = ("acknowledge", "resume", "claim")
# The action of the desk that a form stands for, where the two are called differently.
ACTIONS = {"remark": "comment", "call-back": "call_back", "make-safe": "make_safe"}
PATHS = {"remark": "comments"}
CIRCUMSTANCES = choices("circumstance")
