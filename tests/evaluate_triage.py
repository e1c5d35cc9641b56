"""Prints how well triage agrees with hand-labelled requests: `python tests/evaluate_triage.py [folder]`."""

from __future__ import annotations

import argparse
import csv
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from services.tickets.triage import Verdict, triage  # noqa: E402 - a script finds its own project first

DEFAULT_FOLDER = ROOT.parent / "shared" / "data"
LANGUAGES = {"zh": "labels_zh.csv", "en": "labels_en.csv"}


@dataclass(frozen=True, slots=True)
class Row:
    """A labelled request and what triage made of it."""

    text: str
    topic: str
    need_level: str
    urgency: str
    verdict: Verdict

    @property
    def topic_right(self) -> bool:
        return self.verdict.topic == self.topic

    @property
    def need_right(self) -> bool:
        return ("" if self.verdict.need_level is None else str(self.verdict.need_level)) == self.need_level


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", nargs="?", type=Path, default=DEFAULT_FOLDER, help="where labels_*.csv are")
    parser.add_argument("--misses", action="store_true", help="also list the rows whose topic differs")
    options = parser.parse_args()
    if not any((options.folder / name).is_file() for name in LANGUAGES.values()):
        print(f"No labelled requests in {options.folder}, so there is nothing to compare with.")
        return 0
    for language, name in LANGUAGES.items():
        path = options.folder / name
        if path.is_file():
            _report(language, list(_rows(path)), options.misses)
    return 0


def _rows(path: Path) -> Iterator[Row]:
    with path.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            title = row.get("title", "")
            text = f"{title}\n{row['text']}" if title else row["text"]
            yield Row(text, row["work_type"], row["maslow"], row["urgency"], triage(text))


def _report(language: str, rows: list[Row], misses: bool) -> None:
    emergencies = [row for row in rows if row.urgency == "emergency"]
    called = [row for row in rows if row.verdict.urgency == "emergency"]
    found = sum(row.verdict.urgency == "emergency" for row in emergencies)
    print(f"{language}: {len(rows)} rows, {_milliseconds(rows):.2f} ms each")
    print(f"  topic right        {sum(row.topic_right for row in rows) / len(rows):.3f}")
    print(f"  need level right   {sum(row.need_right for row in rows) / len(rows):.3f}")
    print(f"  urgency right      {sum(row.verdict.urgency == row.urgency for row in rows) / len(rows):.3f}")
    print(
        f"  emergencies found  {found} of {len(emergencies)}; called {len(called)}, right {_share(found, len(called))}"
    )
    for low in (0.0, 0.2, 0.4, 0.6, 0.8):
        band = [row for row in rows if low <= row.verdict.confidence < low + 0.2]
        right = _share(sum(row.topic_right for row in band), len(band))
        print(f"  confidence {low:.1f} to {low + 0.2:.1f}  {len(band):4} rows, topic right {right}")
    for row in rows if misses else ():
        if not row.topic_right:
            print(f"  {row.topic} > {row.verdict.topic}: {row.text[:90]!r}")


def _share(part: int, whole: int) -> str:
    return f"{part / whole:.2f}" if whole else "-"


def _milliseconds(rows: list[Row]) -> float:
    start = time.perf_counter()
    for row in rows:
        triage(row.text)
    return (time.perf_counter() - start) / len(rows) * 1000


if __name__ == "__main__":
    raise SystemExit(main())
