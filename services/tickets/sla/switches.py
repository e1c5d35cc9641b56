"""Where service desks disagree about a clock, each question has a name here, its answers and our default."""

from dataclasses import dataclass, fields

CHOICES = {
    "at_closing": ("stay", "next_opening"),
    "first_response_pauses": (False, True),
    "attend_pauses": (False, True),
    "reopening": ("restart", "resume"),
    "switched_policy": ("from_opening", "from_switch"),
    "at_due": ("met", "breached"),
}


@dataclass(frozen=True)
class Switches:
    """How a policy answers the questions on which products differ; a value outside CHOICES is refused.

    at_closing: a deadline that falls exactly on closing time "stay"s there (default: it is the last moment that
        is in time) or moves to the "next_opening".
    first_response_pauses: whether waiting for something stops the acknowledge clock (default no: an answer can
        always be given).
    attend_pauses: the same for the attend clock (default no).
    reopening: a reopened job gets the full time again ("restart", default), or goes on from where it stood with
        the time it lay completed counted as a pause ("resume"). The first verdict is kept either way.
    switched_policy: new targets given to a running ticket count "from_opening" (default) or "from_switch", the
        moment of an override, which then ends one generation of its clocks as void and begins the next.
    at_due: an answer exactly at the due moment is "met" (default) or "breached".
    """

    at_closing: str = "stay"
    first_response_pauses: bool = False
    attend_pauses: bool = False
    reopening: str = "restart"
    switched_policy: str = "from_opening"
    at_due: str = "met"

    def __post_init__(self) -> None:
        for field in fields(self):
            value, choices = getattr(self, field.name), CHOICES[field.name]
            if not any(value is choice or (isinstance(choice, str) and value == choice) for choice in choices):
                raise ValueError(f"switches.{field.name}: {value!r} is none of {', '.join(map(str, choices))}")
