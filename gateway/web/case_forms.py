"""The forms of a complaint's steps: identify, assess, negotiate, act and review."""

from collections.abc import Mapping
from typing import Any

from flask_babel import lazy_gettext as _l
from wtforms import RadioField, SelectField, StringField, TextAreaField
from wtforms.fields.choices import SelectChoice

from gateway.web.forms import number
from gateway.web.language import language
from gateway.web.step_forms import Moment, StepForm, aware, choices

YES_NO = [SelectChoice("yes", _l("Yes, it is")), SelectChoice("no", _l("No, it is not"))]
MOST_OPTIONS = 3
YES_OR_NO = {"yes": True, "no": False}


class CaseForm(StepForm):
    """A form of one step of a complaint."""

    # The desk's names of what is called otherwise here.
    NAMES: Mapping[str, str] = {}
    # What a phone without signal asks for itself, for nobody else does until it is sent.
    NEEDED: tuple[str, ...] = ()


class Identify(CaseForm):
    """Hear them out, and say back what they want."""

    NAME = "identify"
    NEEDED = ("emotion", "cause", "wanted", "restated")
    emotion = RadioField(_l("How they feel"), choices=choices("emotion"))
    cause = SelectField(_l("What is behind it"), choices=choices("cause", "–"), validate_choice=False)
    wanted = StringField(_l("What they want"))
    restated = TextAreaField(_l("How you said it back to them"), description=_l("They have heard it and agreed."))


class Assess(CaseForm):
    """Judge it beside the earlier cases like it."""

    NAME = "assess"
    NEEDED = ("severity", "justified", "settle_at_once", "note")
    severity = RadioField(_l("How severe"), choices=choices("severity"))
    justified = RadioField(_l("Is it justified?"), choices=YES_NO)
    settle_at_once = RadioField(_l("Can it be settled at once?"), choices=YES_NO)
    department = StringField(_l("Who is responsible"), description=_l("Needed where it is justified."))
    investigate_until = Moment(_l("Ask them for time until"), description=_l("To find out; they are told this time."))
    note = TextAreaField(_l("What it rests on"))

    def body(self) -> dict[str, Any]:
        """Return the judgement with yes and no as what they are."""
        said = super().body()
        for name in ("justified", "settle_at_once"):
            if name in said:
                said[name] = YES_OR_NO.get(said[name], said[name])
        return said


class Offer(CaseForm):
    """At least two ways, so that there is something to choose."""

    NAME = "offer"
    NEEDED = ("what_1", "by_1", "what_2", "by_2")
    NAMES = {
        "options": "what_1",
        **{f"options.{n - 1}.what": f"what_{n}" for n in range(1, MOST_OPTIONS + 1)},
        **{f"options.{n - 1}.by": f"by_{n}" for n in range(1, MOST_OPTIONS + 1)},
    }
    what_1 = StringField(_l("First way"))
    by_1 = Moment(_l("By when"))
    what_2 = StringField(_l("Second way"))
    by_2 = Moment(_l("By when"))
    what_3 = StringField(_l("Third way, if there is one"))
    by_3 = Moment(_l("By when"))

    def body(self) -> dict[str, Any]:
        """Return the options that were filled in."""
        options = []
        for n in range(1, MOST_OPTIONS + 1):
            what, by = self[f"what_{n}"].data, self[f"by_{n}"].data
            if what or by:
                option = {"what": (what or "").strip(), "by": aware(by, self.community_id)}
                options.append({name: value for name, value in option.items() if value})
        return {"options": options}


class Choose(CaseForm):
    """What the complainant chose, said over the telephone."""

    NAME = "choose"
    NEEDED = ("option",)
    option = RadioField(_l("They chose"), validate_choice=False)

    def body(self) -> dict[str, Any]:
        """Return the number of the option."""
        return {"option": number(self.option.data)} if self.option.data else {}


class Approve(CaseForm):
    """The manager approves what was chosen."""

    NAME = "approve"
    note = StringField(_l("To be remembered"))


class Refuse(CaseForm):
    """The manager does not approve it."""

    NAME = "refuse"
    reason = TextAreaField(_l("Why, and what could be offered instead"))


class Act(CaseForm):
    """Who does it, and by when."""

    NAME = "act"
    to = SelectField(_l("Who does it"), validate_choice=False)
    promised_at = Moment(_l("By when, if it is another time than they were told"))


class Settle(CaseForm):
    """What was done about it."""

    NAME = "settle"
    NEEDED = ("note",)
    note = TextAreaField(_l("What was done about it"), description=_l("They read this: care, apology, improvement."))


class Reply(CaseForm):
    """The tactful answer to a complaint that was not justified."""

    NAME = "reply"
    NEEDED = ("text",)
    text = TextAreaField(
        _l("Your answer"), description=_l("It clears up the misunderstanding and says what can be done.")
    )

    def body(self) -> dict[str, Any]:
        """Return the words and their language."""
        return {**super().body(), "locale": language()}


class Review(CaseForm):
    """What the return visit found, and what was learnt."""

    NAME = "review"
    outcome = RadioField(_l("The return visit"), choices=choices("solved"))
    lesson = TextAreaField(_l("What we do differently from now on"))


CASE_STEPS: dict[str, type[CaseForm]] = {
    form.NAME: form for form in (Identify, Assess, Offer, Choose, Approve, Refuse, Act, Settle, Reply, Review)
}
