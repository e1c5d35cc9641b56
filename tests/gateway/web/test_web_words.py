"""Every sentence of the pages has its Chinese, once, and nothing is translated that nobody says."""

import re
from pathlib import Path

import pytest
from flask import Flask, g
from flask_babel import gettext

from gateway.web import session, translate, words
from gateway.web.language import CHINESE, HERE, catalogues
from gateway.web.session import Visitor
from gateway.web.translate import SHARED, areas, catalogue, known, said, wanted
from services.kit.testing import actor

AREAS = areas()
PLACEHOLDER = re.compile(r"%\(\w+\)[sd]")


@pytest.mark.parametrize("area", AREAS)
def test_every_sentence_has_its_chinese_and_no_other_stays(area: str) -> None:
    folder = AREAS[area]
    there = known(catalogue(folder))
    assert wanted(folder) - set(there) == set(), f"run: python -m gateway.web.translate {area}"
    assert set(there) - wanted(folder) == set(), f"nobody says this any more: python -m gateway.web.translate {area}"
    missing = [message for message, chinese in there.items() if not all(_each(chinese))]
    assert missing == []


@pytest.mark.parametrize("area", AREAS)
def test_a_sentence_keeps_its_places_for_values(area: str) -> None:
    for (english, _context), chinese in known(catalogue(AREAS[area])).items():
        for text in _each(chinese):
            assert set(PLACEHOLDER.findall(text)) <= set(PLACEHOLDER.findall(" ".join(_each(english)))), english
            assert "�" not in text


def test_nothing_is_guessed() -> None:
    for folder in AREAS.values():
        assert "fuzzy" not in (folder / CHINESE).read_text(encoding="utf-8")


def test_an_area_says_what_is_shared_as_all_do() -> None:
    shared = known(catalogue(HERE))
    for folder in set(AREAS.values()) - {HERE}:
        for message, chinese in known(catalogue(folder)).items():
            assert shared.get(message, chinese) == chinese, message


def test_on_its_own_pages_an_area_has_the_word() -> None:
    for area in set(AREAS) - {SHARED}:
        own, of_role = catalogues((area,))[-2:], catalogues(("account", area))[-3:]
        assert own == [HERE / area / CHINESE, HERE / CHINESE]
        assert of_role == [HERE / area / CHINESE, HERE / "account" / CHINESE, HERE / CHINESE]


def test_no_compiled_catalogue_is_kept() -> None:
    assert list(HERE.rglob("*.mo")) == []


def test_an_area_need_not_repeat_what_is_shared(tmp_path: Path) -> None:
    (tmp_path / "page.py").write_text('x = _("Sign in") + _("Only here") + ngettext("%(num)s job", "%(num)s jobs", 2)')
    assert wanted(tmp_path) == {("Only here", None), (("%(num)s job", "%(num)s jobs"), None)}
    assert translate.update(tmp_path) == 2
    filled = (tmp_path / CHINESE).read_text().replace('"Only here"\nmsgstr ""', '"Only here"\nmsgstr "仅此"')
    (tmp_path / CHINESE).write_text(filled)
    (tmp_path / "page.py").write_text('x = _("Only here")')
    assert translate.update(tmp_path) == 0
    assert known(catalogue(tmp_path)) == {("Only here", None): "仅此"}
    assert ("Sign in", None) in said(HERE)


def test_every_word_has_a_name_in_both_languages(app: Flask) -> None:
    for language in ("en", "zh-CN"):
        with app.test_request_context("/", headers={"Accept-Language": language}):
            for kind, codes in words.KINDS.items():
                for code in codes:
                    name = str(words.word(kind, code))
                    assert bool(re.search("[一-鿿]", name)) == (language == "zh-CN"), (kind, code)


def test_a_state_is_told_by_a_sign_and_not_by_its_colour_alone() -> None:
    for kind in ("status", "urgency", "need_level", "clock_state", "verdict", "promise"):
        assert all(one.sign for one in words.all_of(kind).values()), kind


def test_a_code_that_is_newer_than_the_pages_is_called_by_itself(app: Flask) -> None:
    with app.test_request_context("/"):
        assert str(words.word("status", "teleported")) == "teleported"
        assert str(words.word("status", None)) == "–"
        assert str(words.word("need_level", None)) == "No need level"
        assert str(words.word("need_level", 3)) == "3 Belonging"


def _each(text: object) -> tuple[str, ...]:
    return tuple(text) if isinstance(text, tuple) else (str(text),)


def test_the_words_are_those_of_whoever_is_signed_in_now(app: Flask) -> None:
    """They are kept for a page, and asked for again where somebody has signed out meanwhile."""
    heard = []
    with app.test_request_context("/", headers={"Accept-Language": "zh-CN"}):
        for role in ("manager", "resident"):
            g.visitor = Visitor(actor(role), "login", None)
            heard += [gettext("From"), gettext("From")]
            session.sign_out()
    chinese = [known(catalogue(AREAS[area]))["From", None] for area in ("management", "resident")]
    assert chinese[0] != chinese[1]
    assert heard == [chinese[0]] * 2 + [chinese[1]] * 2
