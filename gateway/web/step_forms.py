"""Pages with several forms, one for each step that may be taken, and times as they are typed."""

from datetime import datetime
from typing import Any

from wtforms import DateTimeLocalField
from wtforms.fields.choices import SelectChoice

from gateway.web.forms import DeskForm
from gateway.web.moments import zone
from gateway.web.words import all_of


def choices(kind: str, first: object = None) -> list[SelectChoice]:
    """Return a kind's words for a field with a choice, below what stands for none."""
    none = [SelectChoice("", first)] if first is not None else []
    return none + [SelectChoice(code, one.name) for code, one in all_of(kind).items()]


def aware(typed: str | None, community_id: str | None) -> str | None:
    """Return a moment typed as the community's clocks show it, with its zone; the desk refuses what is none."""
    if not typed:
        return None
    try:
        moment = datetime.fromisoformat(typed)
    except ValueError:
        return typed
    place = zone(community_id)
    return typed if moment.tzinfo or place is None else moment.replace(tzinfo=place).isoformat()


class Moment(DateTimeLocalField):
    """A time as it is typed, by the community's clocks; what is none is for the desk to refuse."""

    def process_formdata(self, valuelist: list[Any]) -> None:
        """Keep what was typed."""
        self.data = valuelist[0] if valuelist else None

    def _value(self) -> str:
        return self.data or ""


class StepForm(DeskForm):
    """One of several forms on a page: its fields carry its name, so that no two are called the same."""

    NAME = ""

    def __init__(self, community_id: str | None = None, **kwargs: Any) -> None:
        super().__init__(prefix=self.NAME, **kwargs)
        self.community_id = community_id

    def body(self) -> dict[str, Any]:
        """Return what was filled in, under the desk's names; times with the community's zone."""
        said = {}
        for name, field in self._fields.items():
            data = field.data
            if name in ("key", "csrf_token") or data in (None, "", []):
                continue
            if isinstance(field, Moment):
                data = aware(data, self.community_id)
            elif isinstance(data, str):
                data = data.replace("\r\n", "\n").strip()
            said[name] = data
        return said
