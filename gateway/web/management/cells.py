"""A form with as many cells as a document needs: what was typed, and what was refused, by the path it stands for."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

# Fields of a row that say something only beside the others.
CHOICES = ("unit", "who")
_NUMBERED = re.compile(r"\[(\d+)\]")
# What a form carries beside its cells.
CARRIED = ("csrf_token", "key", "version", "note", "do")


@dataclass
class Cells:
    """What stands in a form by its paths in the document, such as `classes.standard.routine.attend`.

    A path of several fields has them after a colon: `….attend:n` and `….attend:unit`.
    """

    values: dict[str, str] = field(default_factory=dict)
    refused: dict[str, list[str]] = field(default_factory=dict)

    def get(self, name: str) -> str:
        """Return what stands in a field, empty where there is none."""
        return self.values.get(name, "").strip()

    def ticked(self, name: str) -> bool:
        """True where a box is ticked."""
        return bool(self.values.get(name))

    def chosen(self, name: str, among: Iterable[str]) -> list[str]:
        """Return which of several boxes are ticked, each called `name:code`."""
        return [code for code in among if self.ticked(f"{name}:{code}")]

    def refuse(self, path: str, sentence: str) -> None:
        """Say beside a path what is wrong with it."""
        self.refused.setdefault(path, []).append(sentence)

    def refused_below(self, begins: str) -> bool:
        """True where something is refused beside a path that begins like this."""
        return any(path.startswith(begins) for path in self.refused)

    def rows(self, path: str) -> list[int]:
        """Return the numbers of the rows of a list, in order."""
        begins = f"{path}."
        found = {name[len(begins) :].partition(":")[0] for name in self.values if name.startswith(begins)}
        return sorted(int(number) for number in found if number.isdecimal())

    def add_row(self, path: str, fields: Iterable[str]) -> None:
        """Add an empty row at the end of a list."""
        number = max(self.rows(path), default=-1) + 1
        self.values |= {f"{path}.{number}:{name}": "" for name in fields}

    def tidy(self, path: str) -> None:
        """Leave out the empty rows of a list and number the others anew, as the document has them."""
        kept = [self.row(path, number) for number in self.rows(path)]
        self.values = {name: value for name, value in self.values.items() if not name.startswith(f"{path}.")}
        filled = [row for row in kept if any(value for name, value in row.items() if name not in CHOICES)]
        for number, row in enumerate(filled):
            self.values |= {f"{path}.{number}:{name}": value for name, value in row.items()}

    def row(self, path: str, number: int) -> dict[str, str]:
        """Return what stands in a row, by its fields."""
        begins = f"{path}.{number}:"
        return {name[len(begins) :]: value.strip() for name, value in self.values.items() if name.startswith(begins)}

    def drop_row(self, path: str, number: str) -> None:
        """Take a row out of a list."""
        self.values = {name: value for name, value in self.values.items() if not name.startswith(f"{path}.{number}:")}


def typed(form: Mapping[str, str]) -> Cells:
    """Return the cells of a form as it was sent."""
    return Cells({name: value for name, value in form.items() if name not in CARRIED})


def place_of(field_name: str, known: Iterable[str]) -> str | None:
    """Return the longest of the known paths that a service's field lies within; None where it lies in none."""
    path = _NUMBERED.sub(r".\1", field_name.removeprefix("document."))
    within = [one for one in known if path == one or path.startswith(f"{one}.")]
    return max(within, key=len, default=None)
