"""Forms that are sent to the desk: one key for one effect, and what the desk refuses beside the field it names."""

import uuid
from collections.abc import Mapping
from typing import Any

from flask_wtf import FlaskForm
from wtforms import HiddenField

from gateway.web.desk import Refused

# No number that is asked for has more.
MOST_DIGITS = 9


def number(typed: str | None) -> int | str:
    """Return what was typed as the number it is, or as it is, which the desk refuses beside its field."""
    text = (typed or "").strip()
    return int(text) if text.isascii() and text.isdigit() and len(text) <= MOST_DIGITS else text


class DeskForm(FlaskForm):
    """A form for one thing that the desk does. Its key is made when it is shown, so that a double tap is one effect.

    Rules live in the services alone: fields here say only what they are called and how they are typed.
    """

    key = HiddenField(default=lambda: str(uuid.uuid4()))

    def body(self) -> dict[str, Any]:
        """Return what was filled in, for the desk; what was left empty is not sent."""
        return {
            field.name: field.data.replace("\r\n", "\n").strip() if isinstance(field.data, str) else field.data
            for field in self
            if field.name not in ("key", "csrf_token") and field.data not in (None, "", [])
        }

    def refuse(self, refused: Refused, names: Mapping[str, str] | None = None) -> int:
        """Put what was refused beside its fields, and the rest above the form; returns the page's status.

        `names` are the desk's names of fields that are called otherwise here. What the visitor cannot correct in the
        form, such as a service that is not answering or a page that is not theirs, is raised again.
        """
        if refused.status not in (400, 409, 412, 422):
            raise refused
        elsewhere = []
        for name, sentence in refused.errors.items():
            field = self._fields.get((names or {}).get(name, name))
            if field is None or field.name in ("key", "csrf_token"):
                elsewhere.append(sentence)
            else:
                field.errors = [*field.errors, sentence]
        if not refused.errors:
            elsewhere.append(refused.sentence)
        self.form_errors.extend(elsewhere)
        return 422 if refused.status == 400 else refused.status
