"""Triage of JSON lines, for the command line: one request in, one verdict out, a bad line named."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import Any

from .corrections import Corrections
from .judgement import triage


def triage_jsonl(lines: Iterable[str], *, corrections: Corrections | None = None) -> Iterator[dict[str, Any]]:
    """A dict for each non-blank line `{"text": …}`; a line that is not so gives {"error": "line N: …"}."""
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            text = _text_of(line)
        except ValueError as error:
            yield {"error": f"line {number}: {error}"}
            continue
        verdict = triage(text, corrections=corrections)
        yield {
            "topic": verdict.topic,
            "catalogue_code": verdict.catalogue_code,
            "need_level": verdict.need_level,
            "urgency": verdict.urgency,
            "confidence": verdict.confidence,
            "because": list(verdict.because),
        }


def _text_of(line: str) -> str:
    try:
        value = json.loads(line)
    except (json.JSONDecodeError, RecursionError) as error:
        raise ValueError("this is not JSON") from error
    if not isinstance(value, dict) or not isinstance(value.get("text"), str):
        raise ValueError('this is not an object with a "text" string')
    return value["text"]
