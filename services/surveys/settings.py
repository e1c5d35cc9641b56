"""What surveys need to know beyond the kit's settings: when to ask, and for how long an answer counts."""

from dataclasses import dataclass
from datetime import time

from services.kit import settings
from services.kit.settings import Reader, Settings
from services.surveys.drawing import Sampling
from services.surveys.visiting import Night, Rules

NIGHT = "DOORSTEP_RETURN_VISIT_NIGHT"


@dataclass(frozen=True)
class SurveySettings:
    """The service's settings: the kit's, and the rules of the return visit."""

    kit: Settings
    rules: Rules


def load(reader: Reader | None = None) -> SurveySettings:
    """Read the environment; raises SettingsError naming everything that is wrong."""
    reader = reader or Reader()
    kit = settings.load("surveys", reader, default_port=8003)
    delay = reader.duration("DOORSTEP_RETURN_VISIT_DELAY", "PT24H")
    answer_within = reader.duration("DOORSTEP_RETURN_VISIT_ANSWER_WITHIN", "PT336H")
    late_within = reader.duration("DOORSTEP_RETURN_VISIT_LATE_WITHIN", "PT4320H")
    if late_within < answer_within:
        reader.refuse("DOORSTEP_RETURN_VISIT_LATE_WITHIN must not be shorter than DOORSTEP_RETURN_VISIT_ANSWER_WITHIN")
    rules = Rules(delay, _night(reader), answer_within, late_within, _sampling(reader))
    reader.done()
    return SurveySettings(kit, rules)


def _sampling(reader: Reader) -> Sampling:
    usual = Sampling()
    return Sampling(
        _percent(reader, "DOORSTEP_CALLBACK_PERCENT", usual.phone_percent),
        _percent(reader, "DOORSTEP_CALLBACK_SILENT_PERCENT", usual.silent_percent),
        reader.number("DOORSTEP_CALLBACK_SILENT_DAYS", usual.silent_after_days, least=1),
    )


def _percent(reader: Reader, name: str, usual: int) -> int:
    percent = reader.number(name, usual)
    if percent > 100:
        reader.refuse(f"{name} must be at most 100, not {percent}")
    return percent


def _night(reader: Reader) -> Night | None:
    written = reader.text(NIGHT, "21:00-09:00")
    try:
        return read_night(written)
    except ValueError:
        reader.refuse(f"{NIGHT} must be local hours such as 21:00-09:00, or none, not {written!r}")
        return None


def read_night(written: str) -> Night | None:
    """Return the night of `21:00-09:00`, or None for `none`; raises ValueError for anything else."""
    if written == "none":
        return None
    start, end = (time.fromisoformat(part.strip()) for part in written.split("-"))
    if start.tzinfo or end.tzinfo:
        raise ValueError("local hours carry no zone")
    return Night(start, end)
