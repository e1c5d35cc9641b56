"""Prints how well the wording check agrees with labelled phrases: `python tests/evaluate_wording.py [folder]`.

The folder, by default that of the public records, holds real answers of offices to residents; of those it is only
told how many are spoken of, because nobody has labelled them.
"""

from __future__ import annotations

import argparse
import csv
import gzip
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from services.kit.wording import MOST_CHARACTERS, check  # noqa: E402 - a script finds its own project first

LABELLED = ROOT / "tests" / "notify" / "wording_labelled.yaml"
HELD_OUT = ROOT / "tests" / "notify" / "wording_held_out.yaml"
PARAPHRASED = ROOT / "tests" / "notify" / "wording_paraphrased.yaml"
DEFAULT_FOLDER = ROOT.parent / "shared" / "data"
ANSWERS = (
    ("zh_messages.csv.gz", "reply", "zh-CN"),
    ("en_sf311.csv", "status_notes", "en"),
    ("en_nyc311.csv", "resolution", "en"),
    ("en_boston311_2015.csv.gz", "closure_reason", "en"),
)
MOST_ANSWERS = 5000
FINE = "fine"


@dataclass(frozen=True, slots=True)
class Phrase:
    """A labelled phrase; `kind` is `fine` where it is no fault."""

    language: str
    kind: str
    text: str


@dataclass(frozen=True, slots=True)
class Score:
    """How many phrases were rightly called a fault, wrongly called one, and missed."""

    right: int
    wrong: int
    missed: int

    @property
    def precision(self) -> float | None:
        return self.right / (self.right + self.wrong) if self.right + self.wrong else None

    @property
    def recall(self) -> float | None:
        return self.right / (self.right + self.missed) if self.right + self.missed else None


def labelled(path: Path) -> list[Phrase]:
    """Return the phrases of a labelled file, in its order."""
    raw: dict[str, dict[str, list[str]]] = yaml.safe_load(path.read_text(encoding="utf-8"))
    return [
        Phrase(language, kind, text)
        for language, by_kind in raw.items()
        for kind, texts in by_kind.items()
        for text in texts
    ]


def score(phrases: list[Phrase]) -> Score:
    """Return how the check does on phrases, fault or no fault."""
    verdicts = Counter((phrase.kind != FINE, bool(check(phrase.text))) for phrase in phrases)
    return Score(right=verdicts[True, True], wrong=verdicts[False, True], missed=verdicts[True, False])


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", nargs="?", type=Path, default=DEFAULT_FOLDER, help="where the public records are")
    parser.add_argument("--show", type=int, default=0, metavar="N", help="also show N findings of each of the records")
    options = parser.parse_args()
    for title, path in (("labelled", LABELLED), ("held out", HELD_OUT), ("paraphrased", PARAPHRASED)):
        phrases = labelled(path)
        for language in dict.fromkeys(phrase.language for phrase in phrases):
            of_it = [phrase for phrase in phrases if phrase.language == language]
            print(f"{title:12}{language:6}{_told(score(of_it))} of {len(of_it)} phrases")
    for name, column, language in ANSWERS:
        path = options.folder / name
        if path.is_file():
            _report(path, column, language, options.show)
        else:
            print(f"No {name} in {options.folder}: nothing to look for false alarms in.")
    return 0


def _told(of_it: Score) -> str:
    shares = (of_it.precision, of_it.recall)
    precision, recall = ("none" if share is None else f"{share:.3f}" for share in shares)
    return (
        f"precision {precision} ({of_it.right}/{of_it.right + of_it.wrong})  "
        f"recall {recall} ({of_it.right}/{of_it.right + of_it.missed})"
    )


def _answers(path: Path, column: str) -> Iterator[str]:
    opened: Any = gzip.open if path.suffix == ".gz" else open
    with opened(path, "rt", encoding="utf-8", newline="") as file:
        different = dict.fromkeys(row[column] for row in csv.DictReader(file) if row.get(column))
    yield from list(different)[:MOST_ANSWERS]


def _report(path: Path, column: str, language: str, shown: int) -> None:
    texts = [text[:MOST_CHARACTERS] for text in _answers(path, column)]
    spoken_of = 0
    kinds: Counter[str] = Counter()
    examples = []
    for text in texts:
        found = check(text, language)
        spoken_of += bool(found)
        kinds.update(finding.kind for finding in found)
        examples += [
            f"{text[max(0, one.start - 20) : one.start]}[{one.phrase}]{text[one.end : one.end + 20]}" for one in found
        ]
    share = spoken_of / len(texts) if texts else 0
    print(f"{path.name}: something to say about {spoken_of} of {len(texts)} answers ({share:.1%}): {dict(kinds)}")
    for example in examples[:: max(1, len(examples) // shown)][:shown] if shown else []:
        print(f"    {' '.join(example.split())}")


if __name__ == "__main__":
    csv.field_size_limit(10_000_000)
    raise SystemExit(main())
