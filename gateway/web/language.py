"""The language of a page: the one chosen, else the account's, else the browser's; and the Chinese of every sentence."""

import io
from functools import cache
from pathlib import Path

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.support import NullTranslations, Translations
from flask import Flask, g, request, session
from flask_babel import Babel, Domain, get_locale
from werkzeug.datastructures import LanguageAccept

from gateway.web.session import LANGUAGE, SENTENCES, visitor
from services.kit.identity import LOCALES

HERE = Path(__file__).parent
CHINESE = Path("translations/zh_CN/LC_MESSAGES/messages.po")
# The area of a role, where it has another name.
AREA_OF = {"manager": "management"}
# As it is written in the code.
ENGLISH = NullTranslations()


def language() -> str:
    """Return `zh-CN` or `en`."""
    if "language" not in g:
        g.language = _language()
    found: str = g.language
    return found


def _language() -> str:
    chosen = session.get(LANGUAGE)
    if chosen in LOCALES:
        return str(chosen)
    who = visitor()
    if who is not None:
        return who.actor.locale
    best = request.accept_languages.best_match(["zh-CN", "zh", "en"])
    return "zh-CN" if best and best.startswith("zh") else "en"


def chinese() -> bool:
    """True where the page is in Chinese."""
    return language() == "zh-CN"


def speak() -> None:
    """Let everything that words this answer, refusals too, use the language of the page and not the browser's."""
    request.accept_languages = LanguageAccept([(language(), 1.0)])


def configure(app: Flask) -> None:
    """Add gettext to the application and its templates; the catalogues are read from their sources, once a process."""
    babel = Babel(app, locale_selector=lambda: language().replace("-", "_"))
    babel.__dict__["domain_instance"] = _Catalogues()


def catalogues(first: tuple[str, ...] = ()) -> list[Path]:
    """Return the catalogue of every area and of what they share; of several that say a sentence the last counts.

    The areas named come after the others, in reverse: on its own pages an area's word counts, such as "Open" of a
    ticket and of an invitation. What all share comes last.
    """
    areas = {path.parent.name: path.parent for path in sorted(HERE.glob("*/area.py"))}
    named = [areas[name] for name in reversed(first) if name in areas]
    return [folder / CHINESE for folder in (*areas.values(), *named, HERE) if (folder / CHINESE).exists()]


@cache
def _chinese(first: tuple[str, ...]) -> Translations:
    whole = Translations()
    for path in catalogues(first):
        compiled = io.BytesIO()
        with path.open("rb") as file:
            write_mo(compiled, read_po(file, locale="zh_CN"))
        compiled.seek(0)
        whole.merge(Translations(compiled))
    # Chinese has one form for every number; merging keeps the rule of a catalogue without sentences, which has two.
    whole.plural = lambda _number: 0
    return whole


class _Catalogues(Domain):
    """The sentences of all areas together; English is written in the code."""

    def get_translations(self) -> NullTranslations:
        """Return the sentences for the language of this page, which has two thousand and finds them once."""
        locale = get_locale()
        if locale is None or locale.language != "zh":
            return ENGLISH
        found: Translations | None = g.get(SENTENCES)
        if found is None:
            found = _chinese(_speaking())
            setattr(g, SENTENCES, found)
        return found


def _speaking() -> tuple[str, ...]:
    """Return the areas whose words count here: that of the page, then that of the visitor, whose navigation it has."""
    who = visitor()
    of_role = () if who is None else (AREA_OF.get(who.actor.role, who.actor.role),)
    return (*((request.blueprint,) if request.blueprint else ()), *of_role)
