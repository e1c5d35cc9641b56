"""What residents write in the demo: real requests where they lie beside the project, else the sample's own."""

import csv
import gzip
import io
import random
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import orjson

import doorstep

ROOT = Path(doorstep.__file__).resolve().parents[1]
REAL = ROOT.parent / "shared" / "data"
SAMPLE = Path(doorstep.__file__).resolve().parent / "sample" / "requests.jsonl"
CHINESE, ENGLISH = "zh-CN", "en"
# What the API takes.
MOST_TITLE, MOST_DESCRIPTION = 120, 5000
# Of three requests two are Chinese, as in the communities of the sample.
CHINESE_OF_THREE = 2


@dataclass(frozen=True)
class Text:
    """One request in a resident's own words."""

    locale: str
    description: str
    title: str | None = None


def choose(count: int, luck: random.Random, folder: Path = REAL) -> tuple[list[Text], str]:
    """Return `count` requests in an order of their own, and where they come from in words.

    Real ones are read from `folder` when they are run and are never copied; without it the sample is repeated.
    """
    found = list(_real(folder))
    source = f"real ones from {folder}"
    if not any(text.locale == CHINESE for text in found) or not any(text.locale == ENGLISH for text in found):
        found, source = list(_sample()), "the sample's own"
    by_locale = {locale: [text for text in found if text.locale == locale] for locale in (CHINESE, ENGLISH)}
    for texts in by_locale.values():
        luck.shuffle(texts)
    chosen = []
    for number in range(count):
        texts = by_locale[CHINESE if number % 3 < CHINESE_OF_THREE else ENGLISH]
        chosen.append(texts[(number // 3 * CHINESE_OF_THREE + number % 3) % len(texts)])
    return chosen, f"{len(set(chosen))} different texts, {source}"


def sample(count: int, luck: random.Random) -> list[Text]:
    """Return `count` of the sample's own requests in an order of their own, each as often as the others."""
    found = list(_sample())
    return [text for _ in range(-(-count // len(found))) for text in luck.sample(found, len(found))][:count]


def _sample() -> Iterator[Text]:
    for line in SAMPLE.read_text(encoding="utf-8").splitlines():
        row = orjson.loads(line)
        yield Text(row["locale"], row["text"])


def _real(folder: Path) -> Iterator[Text]:
    for row in _rows(folder / "zh_messages.csv.gz"):
        if row["housing_keyword"] == "1":
            yield from _text(CHINESE, row["body"], row["title"])
    for name in ("en_asu_facilities_workorders.csv", "en_chicago_heat_foia.csv"):
        for row in _rows(folder / name):
            yield from _text(ENGLISH, row["text"])


def _rows(file: Path) -> Iterator[dict[str, str]]:
    if not file.exists():
        return
    content = file.read_bytes()
    text = (gzip.decompress(content) if file.suffix == ".gz" else content).decode()
    yield from csv.DictReader(io.StringIO(text, newline=""))


def _text(locale: str, description: str, title: str | None = None) -> Iterator[Text]:
    description = _plain(description, lines=True)[:MOST_DESCRIPTION].strip()
    if description:
        yield Text(locale, description, _plain(title or "", lines=False)[:MOST_TITLE].strip() or None)


def _plain(words: str, *, lines: bool) -> str:
    """Drop what the API refuses, as a phone's keyboard never sends it: control characters."""
    kept = "\n\t" if lines else ""
    return "".join(c for c in words if c in kept or unicodedata.category(c) not in ("Cc", "Cs", "Zl", "Zp"))
