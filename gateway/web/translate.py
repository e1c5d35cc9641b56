"""Brings the catalogues of sentences up to date: `python -m gateway.web.translate [area …]`.

Each area, and what the areas share, has its own catalogue. A sentence of an area that the shared catalogue already
says needs no line of its own. New sentences are added without their Chinese, for whoever wrote them to fill in; those
nobody says any more are taken out. Nothing is guessed from a similar sentence.
"""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po, write_po

from gateway.web.language import CHINESE, HERE

METHODS = [("**.py", "python"), ("**.html", "jinja2")]
OPTIONS = {"**.html": {"silent": "false", "newstyle_gettext": "true"}}
KEYWORDS = {
    "_": None,
    "_l": None,
    "gettext": None,
    "lazy_gettext": None,
    "ngettext": (1, 2),
    "pgettext": ((1, "c"), 2),
}
SHARED = "shared"

Message = tuple[str | tuple[str, ...], str | None]


def areas() -> dict[str, Path]:
    """Return the folder of each area, and of what they share."""
    return {path.parent.name: path.parent for path in sorted(HERE.glob("*/area.py"))} | {SHARED: HERE}


def said(folder: Path) -> set[Message]:
    """Return the sentences that the code and the templates of a folder say, with their contexts."""
    return {message for message in _extracted(folder) if message[0]}


def _extracted(folder: Path) -> Iterator[Message]:
    others = {path.name for name, path in areas().items() if name != SHARED} if folder == HERE else set()

    def belongs(path: str) -> bool:
        return Path(path).name not in {*others, "__pycache__", "translations"}

    found = extract_from_dir(
        folder, METHODS, OPTIONS, keywords=KEYWORDS, comment_tags=(), directory_filter=belongs, strip_comment_tags=False
    )
    for _file, _line, message, _comments, context in found:
        yield _one(message), context


def catalogue(folder: Path) -> Catalog:
    """Return the catalogue of a folder, an empty one where there is none yet."""
    path = folder / CHINESE
    if not path.exists():
        return Catalog(locale="zh_CN")
    with path.open("rb") as file:
        return read_po(file, locale="zh_CN")


def known(of: Catalog) -> dict[Message, Any]:
    """Return what a catalogue says in Chinese, by sentence and context; a tuple for a plural."""
    return {(_one(message.id), message.context): message.string for message in of if message.id}


def _one(said: Any) -> str | tuple[str, ...]:
    return tuple(said) if isinstance(said, list | tuple) else str(said)


def wanted(folder: Path) -> set[Message]:
    """Return the sentences that a folder's own catalogue must have."""
    return said(folder) if folder == HERE else said(folder) - said(HERE)


def update(folder: Path) -> int:
    """Write a folder's catalogue anew, in the order of the sentences; returns how many still lack their Chinese."""
    before = known(catalogue(folder))
    fresh = Catalog(locale="zh_CN", project="Doorstep", charset="utf-8", fuzzy=False)
    for message, context in sorted(wanted(folder), key=str):
        fresh.add(message, before.get((message, context), ""), context=context)
    path = folder / CHINESE
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as file:
        write_po(file, fresh, width=0, omit_header=True, sort_output=False)
    return sum(not all(text if isinstance(text, tuple) else (text,)) for text in known(fresh).values())


def main(names: list[str]) -> int:
    """Update the catalogues named, or all; returns how many sentences still lack their Chinese."""
    missing = 0
    for name, folder in areas().items():
        if not names or name in names:
            lacking = update(folder)
            missing += lacking
            sys.stdout.write(f"{(folder / CHINESE).relative_to(HERE)}: {lacking} without Chinese\n")
    return missing


if __name__ == "__main__":
    main(sys.argv[1:])
