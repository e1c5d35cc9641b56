"""Reads a text as the check compares it: one token per Chinese character or Latin word, without what is quoted."""

import re
import unicodedata
from dataclasses import dataclass
from pathlib import Path

import yaml

FOLDER = Path(__file__).with_name("phrases")
BREAK, COMMA = "\n", ","

# Traditional characters of our phrases as the simplified ones; the phrases are written in these alone.
_FOLDED = {
    traditional: simplified
    for pair in yaml.safe_load((FOLDER / "folding.yaml").read_text(encoding="utf-8"))["characters"].split()
    for traditional, simplified in [pair]
}
_PIECE = re.compile(
    r"[a-z]+(?:'[a-z]+)*|[0-9]+|[\u3400-\u4dbf\u4e00-\u9fff]|[\n。!?;|…]|\.(?![0-9a-z])|[,、:]", re.IGNORECASE
)
# A line of Latin words that was wrapped in the middle of a sentence goes on in the next one.
_WRAPPED = re.compile(r"(?<=[A-Za-z,])\r?\n(?=[a-z])")
_BREAKS = frozenset("\n。!?;|….")
# What opens a quotation or a title, and what closes it.
_PAIRS = {"《": "》", "〈": "〉", "「": "」", "『": "』", "“": "”", "‘": "’", "【": "】", '"': '"', "'": "'"}
# A quotation longer than this, in characters, was never closed: the mark stands for something else.
LONGEST_QUOTATION = 1000


@dataclass(frozen=True, slots=True)
class Token:
    """One unit of text: its comparison form and where it stands in the text as it was given."""

    form: str
    start: int
    end: int


def read(text: str) -> list[Token]:
    """Return the tokens of what the writer says in their own words.

    Full width, traditional and accented characters become the ordinary ones; characters that are not seen, spaces and
    decoration go, so that `我 不 能` is `我不能`. What is quoted counts as a break: it is somebody else's wording.
    """
    letters, places = _folded(_without_quotations(text))
    tokens = []
    for piece in _PIECE.finditer(letters):
        form = piece[0]
        if form in _BREAKS:
            form = BREAK
        elif form in ",、:":
            form = COMMA
        tokens.append(Token(form, places[piece.start()], places[piece.end() - 1] + 1))
    return tokens


def _folded(text: str) -> tuple[str, list[int]]:
    """Return the text for comparing, and for each character of it the position it comes from."""
    letters: list[str] = []
    places: list[int] = []
    for place, character in enumerate(text):
        if character.isascii():
            folded = character.lower()
        elif character in "’‘＇ʼ`´":
            folded = "'"
        else:
            plain = unicodedata.normalize("NFKD", character).casefold()
            folded = "".join(_FOLDED.get(one, one) for one in plain if unicodedata.category(one) not in ("Cf", "Mn"))
        letters.append(folded)
        places += [place] * len(folded)
    return "".join(letters), places


def _without_quotations(text: str) -> str:
    """Return the text with every quotation, title and quoted line as a line break and blanks, of the same length."""
    kept = list(_WRAPPED.sub(lambda wrap: " " * len(wrap[0]), text))
    for start, end in _quotations(text):
        kept[start:end] = "\n" + " " * (end - start - 1)
    return "".join(kept)


def _quotations(text: str) -> list[tuple[int, int]]:
    """Return where somebody else is speaking, first to last, in one walk over the text."""
    found: list[tuple[int, int]] = []
    place = 0
    for line in text.splitlines(keepends=True):
        if line.lstrip().startswith(">"):
            found.append((place, place + len(line)))
        else:
            found += [(place + start, place + end) for start, end in _marked(line)]
        place += len(line)
    return found


def _marked(line: str) -> list[tuple[int, int]]:
    found: list[tuple[int, int]] = []
    place = 0
    # Where a mark is not closed it is not closed for the ones before it either: each is looked for once.
    closings = {mark: _closings(line, mark) for mark in set(_PAIRS.values()) if mark in line}
    while place < len(line):
        closing = _PAIRS.get(line[place])
        if closing in closings and _opens(line, place):
            ends = closings[closing]
            while ends and ends[-1] <= place:
                ends.pop()
            if ends and ends[-1] - place <= LONGEST_QUOTATION:
                found.append((place, ends[-1] + 1))
                place = ends[-1]
        place += 1
    return found


def _closings(line: str, mark: str) -> list[int]:
    """Return where a mark may close, last first, so that the next one is taken from the end."""
    return [place for place in range(len(line) - 1, -1, -1) if line[place] == mark and _closes(line, place)]


def _opens(line: str, place: int) -> bool:
    """An apostrophe opens nothing inside a word, and a straight mark after a figure stands for inches or feet."""
    before, after = line[place - 1 : place], line[place + 1 : place + 2]
    if line[place] not in "'‘\"":
        return True
    return not after.isspace() and after != "" and not (before.isascii() and before.isalnum())


def _closes(line: str, place: int) -> bool:
    after = line[place + 1 : place + 2]
    if line[place] not in "'’\"":
        return True
    return not (after.isascii() and after.isalnum())
