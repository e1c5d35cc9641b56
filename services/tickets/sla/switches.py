"""Where service desks disagree about a clock, each question has a name here, its answers and our default."""

from dataclasses import dataclass, fields

CHOICES = {
    "at_closing": ("stay", "next_opening"),
    "first_response_pauses": (False, True),
    "attend_pauses": (False, True),
    "reopening": ("restart", "resume", "both"),
    "switched_policy": ("from_opening", "from_switch"),
    "at_due": ("met", "breached"),
    "day": ("same_time", "working_hours"),
}


@dataclass(frozen=True)
class Switches:
    """How a policy answers the questions on which products differ; a value outside CHOICES is refused.

    at_closing: a deadline that falls exactly on closing time "stay"s there (default: it is the last moment that
        is in time) or moves to the "next_opening".
    first_response_pauses: whether waiting for something stops the acknowledge clock (default no: an answer can
        always be given).
    attend_pauses: the same for the attend and make_safe clocks (default no: somebody can always go and look).
    reopening: a reopened job gets the full time again ("restart", default), or goes on from where it stood with
        the time it lay completed counted as a pause ("resume"), or is told "both" ways: the clock restarts, and
        beside it one clock "total" goes on from the filing. The first verdict is kept in any case.
    switched_policy: new targets given to a running ticket count "from_opening" (default) or "from_switch", the
        moment of an override or re-evaluation, which then ends one generation of its clocks as void and begins
        the next.
    at_due: an answer exactly at the due moment is "met" (default) or "breached".
    day: a target of n working days is due at the "same_time" (default) on the n-th working day, or after n times
        the "working_hours" of an ordinary open weekday.
    """

    at_closing: str = "stay"
    first_response_pauses: bool = False
    attend_pauses: bool = False
    reopening: str = "restart"
    switched_policy: str = "from_opening"
    at_due: str = "met"
    day: str = "same_time"

    def __post_init__(self) -> None:
        for field in fields(self):
            value, choices = getattr(self, field.name), CHOICES[field.name]
            if not any(value is choice or (isinstance(choice, str) and value == choice) for choice in choices):
                raise ValueError(f"switches.{field.name}: {value!r} is none of {', '.join(map(str, choices))}")
