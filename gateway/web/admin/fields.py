"""Fields that several forms of this area have."""

from collections.abc import Iterable

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import SelectField, SelectMultipleField, StringField, TextAreaField
from wtforms.widgets import CheckboxInput, ListWidget

from gateway.web import words
from gateway.web.forms import DeskForm

LANGUAGES = [("zh-CN", "中文"), ("en", "English")]


class Ticks(SelectMultipleField):
    """Several of a few: a box to tick for each."""

    widget = ListWidget(prefix_label=False)
    option_widget = CheckboxInput()


class Person(DeskForm):
    """What an account says of somebody."""

    role = SelectField(_l("What they do here"))
    badge = StringField(_l("Badge"), description=_l("What residents and colleagues call them. Staff only."))
    locale = SelectField(_l("Language"), choices=lambda: LANGUAGES)
    communities = Ticks(_l("Communities"), description=_l("For managers and admins: none ticked means all."))
    codes = TextAreaField(_l("Homes"), description=_l("For residents: the codes of their homes, one a line."))
    skills = Ticks(_l("Skills"), description=_l("For crews: which jobs the pool shows them."))

    def offer(self, roles: Iterable[str], places: list[tuple[str, str]]) -> None:
        """Fill in what can be chosen."""
        self.role.choices = [(code, str(words.word("role", code))) for code in roles]
        self.communities.choices = places
        self.skills.choices = [(code, str(one)) for code, one in words.all_of("skill").items()]

    def home_codes(self) -> list[str]:
        """Return the codes that were typed."""
        return [line.strip() for line in (self.codes.data or "").splitlines() if line.strip()]

    def refuse_codes(self, unknown: list[str]) -> None:
        """Say which codes no home has."""
        self.codes.errors = [_("There is no home with this code: %(code)s", code=", ".join(unknown))]
