"""Turns a resident's text into tokens: one per Chinese character, one stem per Latin word."""

from __future__ import annotations

import functools
import re
import unicodedata
from dataclasses import dataclass
from pathlib import Path

import yaml

# Longer texts repeat themselves; what a request is about is said near its beginning.
MAX_TOKENS = 600
MAX_LETTERS = 6000
# How much of the text after its first line still says what the request is about.
LEAD_TOKENS = 100
BREAK = "\n"

_PIECE = re.compile(r"[A-Za-z]+(?:'[A-Za-z]+)?|\d+(?:\.\d+)?|[\u3400-\u4dbf\u4e00-\u9fff]|[\n|。！？!?;；.]")
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f\u200b-\u200f\ufeff]")
_PLACEHOLDER = re.compile(r"\[[^\]\n]{1,12}\]")
_HAN = re.compile(r"[\u3400-\u4dbf\u4e00-\u9fff]")
_BREAKS = frozenset("\n|。！？!?;；.")


_GRAMMAR = yaml.safe_load(Path(__file__).with_name("words").joinpath("grammar.yaml").read_text(encoding="utf-8"))
# Cutting "ing" from these nouns would merge them with verbs of another meaning (park, build, light).
_KEEP = frozenset(_GRAMMAR["keep"])


@dataclass(frozen=True, slots=True)
class Token:
    """One unit of text: its comparison form and where it stands in `Text.shown`."""

    form: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Text:
    """A tokenised request; `title_end` and `lead_end` are token indexes that bound the telling part."""

    shown: str
    tokens: tuple[Token, ...]
    forms: tuple[str, ...]
    title_end: int
    lead_end: int

    def words(self, start: int, end: int) -> str:
        """The original words between two token indexes, on one line."""
        return " ".join(self.shown[self.tokens[start].start : self.tokens[end - 1].end].split())


@functools.lru_cache(maxsize=20_000)
def stem(word: str) -> str:
    """A light English stem: plural, -ing and -ed go, so that leak, leaks, leaking and leaked are one word."""
    word = word.lower().replace("'", "")
    if word in _KEEP or len(word) <= 3:
        return word
    if word.endswith("ies"):
        return word[:-3] + "y"
    for ending in ("ing", "ed"):
        if word.endswith(ending) and len(word) - len(ending) >= 3:
            return _undouble(word[: -len(ending)])
    if word.endswith(("sses", "shes", "ches", "xes")):
        return word[:-2]
    if word.endswith("s") and not word.endswith(("ss", "us", "is")):
        return _drop_e(word[:-1])
    return _drop_e(word)


def _undouble(word: str) -> str:
    if len(word) > 3 and word[-1] == word[-2] and word[-1] not in "lsz":
        return word[:-1]
    return word


def _drop_e(word: str) -> str:
    # "noise" and "noising" must meet: the -ing form has already lost its e.
    return word[:-1] if len(word) > 3 and word.endswith("e") and not word.endswith("ee") else word


def forms_of(phrase: str) -> tuple[str, ...]:
    """The comparison forms of a lexicon phrase; `*` stays as a gap mark."""
    parts = phrase.split("*")
    forms: list[str] = []
    for number, part in enumerate(parts):
        if number:
            forms.append("*")
        forms.extend(_form(match.group()) for match in _PIECE.finditer(_plain(part)))
    return tuple(forms)


def read(text: str) -> Text:
    """Tokenise `text` (any language, any length); never raises on odd characters."""
    shown = _plain(text)
    tokens: list[Token] = []
    title_end = 0
    for match in _PIECE.finditer(shown):
        form = _form(match.group())
        # "Type | detail | place" is how a category path is written: its first part is the matter.
        if not title_end and match.group() in "\n|" and tokens:
            title_end = len(tokens)
        if form == BREAK and (not tokens or tokens[-1].form == BREAK):
            continue
        tokens.append(Token(form, match.start(), match.end()))
        if len(tokens) >= MAX_TOKENS:
            break
    # A first line as long as a paragraph is a body, not a title.
    if not title_end or title_end > 60:
        title_end = 0
    lead_end = min(len(tokens), title_end + LEAD_TOKENS)
    return Text(shown, tuple(tokens), tuple(token.form for token in tokens), title_end, lead_end)


def everyday_words() -> frozenset[str]:
    """Forms of the words that stand in any text and so make no two texts alike."""
    return frozenset(_form(word) for word in _GRAMMAR["stop"])


def is_chinese(text: str) -> bool:
    """Whether the text holds any Chinese character."""
    return _HAN.search(text) is not None


def _plain(text: str) -> str:
    text = unicodedata.normalize("NFKC", text[:MAX_LETTERS])[:MAX_LETTERS]
    text = text.replace("\u2019", "'")
    text = _PLACEHOLDER.sub(lambda match: " " * len(match.group()), text)
    text = _CONTROL.sub(" ", text)
    text = re.sub(r"\b([Aa])\s?[/.]\s?([Cc])\b", r"\1\2", text)
    return re.sub(r"(?<=\d),(?=\d)", "", text)


def _form(piece: str) -> str:
    if piece in _BREAKS:
        return BREAK
    return stem(piece) if piece[0].isascii() and piece[0].isalpha() else piece
