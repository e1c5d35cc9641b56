"""`doorstep notify preview` shows every notice to every reader in both languages, and says what it does not know."""

import pytest
from click.testing import CliRunner, Result

from doorstep.cli import main
from services.notify.audience import KINDS, RULES


def preview(*words: str) -> Result:
    return CliRunner().invoke(main, ["notify", "preview", *words])


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_is_shown_to_each_of_its_readers_in_both_languages(kind: str) -> None:
    shown = preview(kind)
    assert shown.exit_code == 0, shown.output
    readers = [rule.audience for rule in RULES if rule.kind == kind]
    assert shown.output.count("── ") == 2 * len(readers)
    for reader in readers:
        for locale in ("zh-CN", "en"):
            assert f"── {kind} · {reader} · {locale}" in shown.output


def test_one_reader_one_language_and_another_value() -> None:
    shown = preview("ticket.filed", "--role", "resident", "--lang", "en", "--set", "number={{ 7 * 7 }}")
    assert shown.output.startswith("── ticket.filed · resident · en\n")
    assert "{{ 7 * 7 }}" in shown.output, "a value is no template"
    assert shown.output.count("── ") == 1


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["ticket.danced"], "there is no kind"),
        (["ticket.filed", "--role", "manager"], "of ticket.filed hear: "),
        (["ticket.filed", "--lang", "fr"], "fr"),
        (["ticket.filed", "--set", "colour=red"], "no such field"),
        (["ticket.filed", "--set", "number"], "FIELD=VALUE"),
    ],
)
def test_what_it_does_not_know_is_named(words: list[str], says: str) -> None:
    shown = preview(*words)
    assert shown.exit_code == 2
    assert says in shown.output
