"""The wording check: what it must say of labelled phrases, how it reads a text, and how its work grows."""

import re
import unicodedata
from pathlib import Path

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from services.kit import wording
from services.kit.identity import LOCALES
from services.kit.wording import check, patterns, phrasebook, reading
from services.notify import rendering
from services.notify.audience import RULES, Contact, Rule
from tests.evaluate_wording import FINE, HELD_OUT, LABELLED, PARAPHRASED, Phrase, labelled, score
from tests.notify.conftest import NOON
from tests.notify.test_words import _variants

PHRASES = labelled(LABELLED)
BOOKS = [phrasebook.phrasebook(language) for language in wording.LANGUAGES]
# Comparisons for one token: the most variants that begin with one word, and what their exceptions look at.
MOST_STEPS_A_TOKEN = 500
# Words that begin, go on with and excuse phrases, and what a text may hold between them.
_VOCABULARY = sorted({first for book in BOOKS for first in book.by_first})
_BETWEEN = [
    "",
    " ",
    "，",
    "。",
    "“",
    "”",
    '"',
    "'",
    "《",
    "》",
    "\n",
    "> ",
    "\u200b",
    "但",
    "不",
    "能",
    "not",
    "but",
    "had",
]
scrambled = st.lists(st.sampled_from(_VOCABULARY + _BETWEEN) | st.text(max_size=3), max_size=120).map("".join)


@pytest.mark.parametrize("phrase", PHRASES, ids=lambda phrase: phrase.text[:30])
def test_a_labelled_phrase_gets_its_verdict(phrase: Phrase) -> None:
    expected = set() if phrase.kind == FINE else {phrase.kind}
    for locale in (None, phrase.language):
        assert {finding.kind for finding in check(phrase.text, locale)} == expected


def test_the_labelled_list_is_long_half_faulty_and_in_both_languages() -> None:
    assert len({phrase.text for phrase in PHRASES}) == len(PHRASES) >= 150
    for language in LOCALES:
        faulty = [phrase.kind != FINE for phrase in PHRASES if phrase.language == language]
        assert 0.4 < sum(faulty) / len(faulty) < 0.6
    assert {phrase.kind for phrase in PHRASES} == {*wording.KINDS, FINE}


@pytest.mark.parametrize("language", LOCALES)
@pytest.mark.parametrize(("path", "least"), [(HELD_OUT, 10), (PARAPHRASED, 3)], ids=["held out", "paraphrased"])
def test_of_words_it_was_not_made_for_it_says_nothing_that_is_wrong(path: Path, least: int, language: str) -> None:
    phrases = [phrase for phrase in labelled(path) if phrase.language == language]
    assert len(phrases) == 30
    result = score(phrases)
    assert result.wrong == 0
    assert result.right >= least


@pytest.mark.parametrize("locale", LOCALES)
@pytest.mark.parametrize("rule", RULES, ids=lambda rule: f"{rule.kind}.{rule.audience}")
def test_every_template_passes_for_every_reader(rule: Rule, locale: str) -> None:
    for role in ("resident", "crew"):
        for fact in _variants(rule):
            words = rendering.render(fact, rule, Contact("p", "o", role, locale=locale), NOON)
            assert check(f"{words.title}\n{words.body}") == []


def test_a_tactful_reply_to_a_complaint_that_is_not_justified_passes() -> None:
    assert not check(
        "王女士，感谢您告诉我们。我们查看了记录，因为总表由水务集团抄读，所以账单以他们的读数为准。"
        "我们已为您约好明天上午十点的复核；如果您仍有疑问，可以向小区委员会或街道反映，电话写在工单里。"
    )
    assert not check(
        "Dear Ms Wang, thank you for telling us. As the utility reads the main meter, the bill follows its figure. "
        "We have booked a check for ten tomorrow; you may also turn to the residents' committee, whose number is below."
    )


@pytest.mark.parametrize("phrase", [phrase for book in BOOKS for phrase in book.phrases], ids=lambda one: one.id)
def test_every_phrase_has_its_why_and_its_better_way_which_passes_too(phrase: phrasebook.Phrase) -> None:
    for language in LOCALES:
        assert phrase.reason[language]
        assert check(phrase.better[language]) == []


@pytest.mark.parametrize(
    "text",
    ["我不能来", "我 不 能 来", "我\u200b不\u2060能来", "我　不能来", "我们\ufeff不能来", "*我*不能来",
     "我們不能來", "ｗｅ ｃａｎ＇ｔ come",
     "WE CAN'T", "we can’t", "We  can\u00a0not come", "we\ncannot come", "wé cannot", "we can\u00adnot"],
)  # fmt: skip
def test_a_disguise_is_seen_through(text: str) -> None:
    assert [finding.kind for finding in check(text)] == ["refusal"]


@pytest.mark.parametrize(
    "text",
    ["“我们不能来”", "「我们不能来」", "您说：我们不能来", "《我们不能》", '"we cannot come"', "'we cannot come'",
     "‘we can’t come’", "> we cannot come", "you wrote that we cannot come", "业主来电说我们不能来"],
)  # fmt: skip
def test_what_somebody_else_said_is_no_fault(text: str) -> None:
    assert check(text) == []


@pytest.mark.parametrize(
    "text",
    ["“谢谢”，我们不能来", "您说得对，我们不能来", '"Thanks," we cannot come',
     "it's the residents' lift, we can't come", 'a 5" pipe, we cannot fit a 6" one',
     "“我们不能来", "you wrote to us, and we cannot come"],
)  # fmt: skip
def test_what_stands_beside_a_quotation_is_ours(text: str) -> None:
    assert [finding.kind for finding in check(text)] == ["refusal"]


def test_a_finding_tells_the_place_the_phrase_and_what_to_say_instead() -> None:
    (finding,) = check("  您好！我 们\u200b不能上门。")
    assert (finding.start, finding.end, finding.phrase) == (5, 11, "我 们\u200b不能")
    assert set(finding.reason) == set(finding.better) == set(LOCALES)
    assert "我们能为您做的是" in finding.better["zh-CN"]


def test_a_language_that_is_named_is_the_only_one_looked_for() -> None:
    text = "我们不能来。We cannot come."
    assert len(check(text)) == 2
    assert [finding.phrase for finding in check(text, "en")] == ["We cannot"]
    assert [finding.phrase for finding in check(text, "zh-CN")] == ["我们不能"]


def test_phrases_are_written_in_the_characters_that_texts_are_folded_to() -> None:
    pairs = yaml.safe_load((reading.FOLDER / "folding.yaml").read_text(encoding="utf-8"))["characters"].split()
    traditional = {pair[0] for pair in pairs}
    assert len(traditional) == len(pairs)
    for book in BOOKS:
        spoken = "".join(first for first in book.by_first)
        assert not traditional & set(spoken)
        assert spoken == unicodedata.normalize("NFKC", spoken).casefold()


@pytest.mark.parametrize("source", ["", "..3", "you?", "^ $", "<nobody>", "a-b", "..2 you"])
def test_a_pattern_that_says_nothing_is_refused(source: str) -> None:
    with pytest.raises(patterns.PatternError):
        patterns.firsts(patterns.compile_pattern(source, {}))


@settings(max_examples=300, deadline=None)
@given(scrambled)
def test_whatever_the_text_findings_lie_in_it_in_order(text: str) -> None:
    last = 0
    for finding in check(text):
        assert last <= finding.start < finding.end <= len(text)
        assert text[finding.start : finding.end] == finding.phrase
        last = finding.end


@settings(max_examples=300, deadline=None)
@given(scrambled)
def test_the_work_for_a_token_is_bounded_whatever_the_text(text: str) -> None:
    assert wording.search(text)[1] <= MOST_STEPS_A_TOKEN * len(reading.read(text))


@settings(max_examples=100, deadline=None)
@given(scrambled.filter(lambda text: not re.search(r"[\"'“‘《「『【>〈]", text)), st.integers(2, 20))
def test_a_text_many_times_as_long_takes_as_many_times_the_work(text: str, times: int) -> None:
    once = wording.search(f"{text}\n")[1]
    seam = 20 * MOST_STEPS_A_TOKEN
    assert wording.search(f"{text}\n" * times)[1] <= times * (once + seam)


@pytest.mark.parametrize("mark", ["“", '"', "'", "《", "> ", "您说", "我们也都", "you ", "'a ", "“a”", "\n"])
def test_a_mark_over_and_over_is_read_once(mark: str) -> None:
    text = (mark * wording.MOST_CHARACTERS)[: wording.MOST_CHARACTERS]
    assert wording.search(text)[1] <= MOST_STEPS_A_TOKEN * wording.MOST_CHARACTERS
