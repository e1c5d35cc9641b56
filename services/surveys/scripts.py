"""What staff say on the telephone, read from data: each step in both languages, for the household's choice."""

import functools
from pathlib import Path
from typing import Any

import yaml

FOLDER = Path(__file__).with_name("scripts")
# What the caller's screen fills in: this service does not know how a household wishes to be addressed.
PLACEHOLDERS = ("salutation",)


@functools.cache
def load(name: str = "return_visit") -> tuple[dict[str, Any], ...]:
    """Return the steps of a script."""
    text = (FOLDER / f"{name}.yaml").read_text(encoding="utf-8")
    return tuple(yaml.safe_load(text)["steps"])


def script(number: str, caller: str | None) -> list[dict[str, Any]]:
    """Return the steps for a request's number. `{salutation}` stays, for whoever knows it to fill in."""
    filled = {"salutation": "{salutation}", "number": number}
    nobody = {"zh-CN": "客服", "en": "a colleague"}
    return [
        {
            "name": step["name"],
            "asks": step.get("asks"),
            "when": step.get("when"),
            "text": {
                language: words.format(**filled, caller=caller or nobody[language])
                for language, words in step["text"].items()
            },
        }
        for step in load()
    ]
