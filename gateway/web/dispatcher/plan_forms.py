"""The form of a plan: what, where, how often and by which checkpoints, turned into what the desk takes, and back."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from flask import request
from flask_babel import lazy_gettext as _l
from wtforms import DateField, HiddenField, RadioField, SelectChoice, SelectField, StringField, TextAreaField

from gateway.web.desk import Refused
from gateway.web.dispatcher import recurring, said
from gateway.web.dispatcher.forms import Moment, Several
from gateway.web.forms import DeskForm, number
from gateway.web.words import Word, all_of

EMPTY_ROWS = 2
POINT = ("name", "instruction", "code", "repair_code")
NEVER, UNTIL, COUNT = "never", "until", "count"
ENDS = {
    NEVER: Word(_l("until somebody ends it")),
    UNTIL: Word(_l("until a day")),
    COUNT: Word(_l("so many times")),
}
IF_MISSED = {"file": Word(_l("file it late")), "skip": Word(_l("leave that time out, on record"))}
# The desk's names of what the form calls otherwise.
NAMES = {"rrule": "interval", "ends_at": "until", "unit_id": "home", "resident_id": "home"}


def offered(words: Mapping[str, Word]) -> list[SelectChoice]:
    """Return words by code as the choices of a field."""
    return [SelectChoice(code, one.name) for code, one in words.items()]


@dataclass
class Point:
    """A row of the form: a checkpoint as it is typed, and what was refused about it."""

    name: str = ""
    instruction: str = ""
    code: str = ""
    repair_code: str = ""
    refused: str = ""

    def body(self) -> dict[str, str | None]:
        """Return the checkpoint for the desk."""
        return {name: getattr(self, name).strip() or None for name in POINT}

    def is_empty(self) -> bool:
        """True where nothing is typed."""
        return not any(self.body().values())


class Day(DateField):
    """A day as it is typed; what is none is for the desk to refuse."""

    def process_formdata(self, valuelist: list[Any]) -> None:
        """Keep what was typed."""
        self.data = valuelist[0] if valuelist else None

    def _value(self) -> str:
        return self.data or ""


class PlanForm(DeskForm):
    """Recurring work. `home` is a unit, its resident and its community; rows of checkpoints have names of their own."""

    version = HiddenField()
    plan_id = HiddenField()
    until_was = HiddenField()
    kind = SelectField(_l("What kind of work"), choices=offered(all_of("plan_kind")), validate_choice=False)
    home = RadioField(_l("At whose home"), validate_choice=False)
    community_id = SelectField(_l("A shared place in"), validate_choice=False)
    location = StringField(_l("Where exactly"))
    title = StringField(_l("Name of the plan"))
    description = TextAreaField(_l("What is to be done"), description=_l("Stands on each request the plan files."))
    catalogue_code = SelectField(_l("Item"), validate_choice=False)
    urgency = SelectField(
        _l("Urgency"),
        choices=[SelectChoice("", _l("as is usual for the item")), *offered(all_of("urgency"))],
        validate_choice=False,
    )
    starts_at = Moment(_l("First time"), description=_l("The time of day holds for all of them."))
    interval = StringField(_l("Every"), default="1")
    unit = SelectField(
        _l("Unit"),
        choices=offered(recurring.UNITS),
        default="WEEKLY",
        validate_choice=False,
    )
    weekdays = Several(_l("On these weekdays"), choices=offered(recurring.WEEKDAYS))
    which = SelectField(_l("In a month, on"), choices=offered(recurring.WHICH), validate_choice=False)
    hours = StringField(_l("Hours, if it is several times a day"), description=_l("Such as 8, 14, 22."))
    rule = StringField(_l("A rule of its own"), description=_l("An RRULE, such as FREQ=YEARLY;BYMONTH=3,9."))
    ends = RadioField(
        _l("Until when"),
        choices=offered(ENDS),
        default=NEVER,
    )
    until = Day(_l("Last day"))
    count = StringField(_l("How many times"))
    lead_hours = StringField(_l("File it so many hours ahead"), default="0")
    if_missed = RadioField(
        _l("If nobody could file it in time"),
        choices=offered(IF_MISSED),
        default="file",
    )
    late_hours = StringField(_l("At most so many hours late"), default="24")

    def __init__(self, *args: Any, points: Sequence[Mapping[str, Any]] = (), **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.points = _typed() if self.is_submitted() else [_row(one) for one in points]

    def place(self) -> dict[str, Any]:
        """Return where it is: a home with its resident, or a shared place of a community."""
        unit, resident, _community = self._home()
        if unit:
            return {"unit_id": unit, "resident_id": resident}
        return {"community_id": self.community_id.data or None, "location": (self.location.data or "").strip() or None}

    def community(self) -> str | None:
        """Return the community by whose clocks it recurs, once that is known."""
        return self._home()[2] or self.community_id.data or None

    def rhythm(self) -> dict[str, Any]:
        """Return by which rule it recurs, from when and until when, in the community's zone.

        Where the day of the end that the plan has is not changed, its moment stays.
        """
        place, until = self.community(), self.until_was.data
        typed = recurring.Rhythm(
            unit=self.unit.data or "",
            interval=self.interval.data or "",
            weekdays=tuple(self.weekdays.data or ()),
            which=self.which.data or "",
            hours=self.hours.data or "",
            count=(self.count.data or "") if self.ends.data == COUNT else "",
            rule=self.rule.data or "",
        )
        ends_at = None
        if self.ends.data == UNTIL and self.until.data:
            kept = until and (said.typed(until, place) or "").startswith(self.until.data)
            ends_at = until if kept else said.aware(f"{self.until.data}T23:59", place)
        starts_at = said.aware(self.starts_at.data, place)
        return {"rrule": typed.written(), "starts_at": starts_at, "ends_at": ends_at}

    def told(self) -> dict[str, Any]:
        """Return what may be changed later, too: everything but kind and place."""
        said_so = {name: (self[name].data or "").strip() for name in ("title", "description", "catalogue_code")}
        return {
            **{name: text.replace("\r\n", "\n") for name, text in said_so.items()},
            "urgency": self.urgency.data or None,
            **{name: value for name, value in self.rhythm().items() if value or name == "ends_at"},
            **{name: number(self[name].data) for name in ("lead_hours", "late_hours")},
            "if_missed": self.if_missed.data,
            "checkpoints": [point.body() for point in self.points if not point.is_empty()],
        }

    def arrange(self, wanted: str) -> None:
        """Move a row up (`up-3`), and leave room for more below what is typed."""
        at = wanted.removeprefix("up-")
        if wanted.startswith("up-") and at.isdigit() and 0 < int(at) < len(self.points):
            self.points.insert(int(at) - 1, self.points.pop(int(at)))
        filled = [point for point in self.points if not point.is_empty()]
        self.points = filled + [Point() for _ in range(EMPTY_ROWS if wanted != "rows" else EMPTY_ROWS * 2)]

    def refuse_points(self, refused: Refused) -> None:
        """Say what was refused about checkpoints beside their rows as well as above the form, by their names."""
        rows = [point for point in self.points if not point.is_empty()]
        for name, sentence in refused.errors.items():
            top, _dot, rest = name.partition(".")
            number = rest.partition(".")[0]
            if top == "checkpoints" and number.isdigit() and int(number) < len(rows):
                row = rows[int(number)]
                row.refused = sentence
                refused.errors[name] = f"{row.name}: {sentence}"

    def _home(self) -> tuple[str, str, str]:
        unit, resident, community = ((self.home.data or "").split("|") + ["", "", ""])[:3]
        return unit, resident, community


def filled(plan: Mapping[str, Any], version: str | None) -> PlanForm:
    """Return the form of a plan that is there, filled in as the plan is."""
    rhythm = recurring.read(plan["rrule"])
    place = plan["community_id"]
    ends_at = (said.typed(plan["ends_at"], place) or "")[:10] or rhythm.until
    shown = {
        **{name: plan[name] for name in ("title", "description", "catalogue_code", "if_missed")},
        **{name: str(plan[name]) for name in ("lead_hours", "late_hours")},
        **vars(replace(rhythm, until=ends_at)),
        "urgency": plan["urgency"] or "",
        "version": version,
        "plan_id": plan["id"],
        "until_was": plan["ends_at"] or "",
        "community_id": place,
        "starts_at": said.typed(plan["starts_at"], place),
        "ends": UNTIL if ends_at else COUNT if rhythm.count else NEVER,
    }
    typed = request.form if request.method == "POST" else None
    return PlanForm(formdata=typed, data=shown, points=plan["checkpoints"])


def _typed() -> list[Point]:
    rows = zip(*(request.form.getlist(f"point_{name}") for name in POINT), strict=False)
    return [Point(*row) for row in rows]


def _row(given: Mapping[str, Any]) -> Point:
    return Point(*(given[name] or "" for name in POINT))
