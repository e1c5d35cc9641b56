"""The organisation's catalogue, its versions, and what a change of it would do before it is published."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, func, select

from services.kit.http.paging import cut, read_cursor
from services.kit.identity import Actor
from services.tickets import catalogue, lifecycle, shelves
from services.tickets.catalogue import Catalogue, Item
from services.tickets.chain import ERASED
from services.tickets.commands.catalogues import differing, overlay_after
from services.tickets.models import tickets
from services.tickets.models.catalogues import catalogue_versions
from services.tickets.own_catalogue import laid_over
from services.tickets.queries.desk import corrections_of
from services.tickets.queries.views import moment
from services.tickets.triage import Corrections, Verdict, triage

_SHOWN = (
    "code",
    "topic",
    "work_type",
    "need_level",
    "standard",
    "value_tier",
    "realm",
    "urgency",
    "sla_class",
    "active",
)


def item_view(item: Item) -> dict[str, Any]:
    """Return an item as it is dumped."""
    return {
        **{name: getattr(item, name) for name in _SHOWN},
        "name": {"zh-CN": item.zh, "en": item.en},
        "skills": list(item.skills),
    }


def catalogue_view(db: Connection, actor: Actor) -> dict[str, Any]:
    """Return the catalogue in force; what is not offered any more is shown to those who keep it."""
    version, items = shelves.in_force(db, actor.organisation_id)
    keeps = actor.role in ("manager", "admin")
    overlay = shelves.overlay_of(db, actor.organisation_id, version) if keeps else {}
    shipped = catalogue.load()
    shown = [
        {
            **item_view(item),
            **({"words": list(item.words)} if keeps else {}),
            "own": item.code not in shipped,
            "changed": item.code in overlay and item.code in shipped,
        }
        for item in items
        if keeps or item.active
    ]
    return {"version": version, "items": shown}


def catalogue_versions_of(
    db: Connection, organisation_id: str, limit: int, after: str | None
) -> tuple[list[dict[str, Any]], str | None]:
    """Return a page of the versions of the catalogue, the latest first."""
    wanted = select(catalogue_versions).where(catalogue_versions.c.organisation_id == organisation_id)
    cursor = read_cursor(after, int)
    if cursor is not None:
        wanted = wanted.where(catalogue_versions.c.version < cursor[0])
    rows = db.execute(wanted.order_by(catalogue_versions.c.version.desc()).limit(limit + 1)).mappings().all()
    shown, more = cut(rows, limit, "version")
    kept = ("version", "author_id", "reason", "changed", "document")
    return [{**{name: row[name] for name in kept}, "at": moment(row["at"])} for row in shown], more


def preview(
    db: Connection,
    actor: Actor,
    *,
    changes: Sequence[Mapping[str, Any]],
    revert: Sequence[str],
    texts: Sequence[str],
    recent: int,
    locale: str,
) -> dict[str, Any]:
    """Return what a change would do: to items, to how texts and the latest requests are read, and what it leaves alone.

    Nothing is written. Raises Invalid as publishing would.
    """
    version, before = shelves.in_force(db, actor.organisation_id)
    overlay = shelves.overlay_of(db, actor.organisation_id, version)
    wanted = overlay_after(overlay, changes, revert)
    after = laid_over(catalogue.load(), wanted)
    codes = differing(overlay, wanted)
    reader = _Reader(before, after, corrections_of(db, actor.organisation_id), locale)
    rows = _latest(db, recent)
    read = [(row, *reader.read(row["description"], row["title"])) for row in rows]
    moved = [(row, was, would) for row, was, would in read if was != would]
    return {
        "version": version,
        "items": [{"code": code, "before": _of(before, code), "after": _of(after, code)} for code in codes],
        "texts": [_text(text, *reader.read(text)) for text in texts],
        "recent": {
            "asked": len(rows),
            "changed": len(moved),
            "items": [
                {**{name: row[name] for name in ("id", "number", "title")}, "before": was, "after": would}
                for row, was, would in moved
            ],
        },
        "untouched": _untouched(db, codes),
    }


class _Reader:
    """Reads a text by two catalogues."""

    def __init__(self, before: Catalogue, after: Catalogue, corrections: Corrections, locale: str) -> None:
        self._both, self._corrections, self._locale = (before, after), corrections, locale

    def read(self, text: str, title: str | None = None) -> tuple[dict[str, Any], dict[str, Any]]:
        # A title that was only taken from the words says nothing that they do not.
        own = title if title and not text.startswith(title.removesuffix("…")) else None
        words = f"{own}\n{text}" if own else text
        was, would = (
            _verdict(
                triage(words, locale=self._locale, corrections=self._corrections, items=items),
                items,
            )
            for items in self._both
        )
        return was, would


def _verdict(verdict: Verdict, items: Catalogue) -> dict[str, Any]:
    item = items.get(verdict.catalogue_code)
    return {
        "catalogue_code": item.code,
        "catalogue_name": {"zh-CN": item.zh, "en": item.en},
        "need_level": verdict.need_level,
        "urgency": verdict.urgency,
        "sla_class": item.sla_class,
        "skills": list(item.skills),
    }


def _text(text: str, was: dict[str, Any], would: dict[str, Any]) -> dict[str, Any]:
    return {"text": text, "before": was, "after": would, "changed": was != would}


def _of(items: Catalogue, code: str) -> dict[str, Any] | None:
    return item_view(items.get(code)) if code in items else None


def _latest(db: Connection, recent: int) -> list[Mapping[str, Any]]:
    if recent == 0:
        return []
    wanted = (
        select(tickets.c.id, tickets.c.number, tickets.c.title, tickets.c.description)
        .where(tickets.c.description != ERASED, tickets.c.channel != "plan")
        .order_by(tickets.c.filed_at.desc(), tickets.c.id.desc())
        .limit(recent)
    )
    return [dict(row) for row in db.execute(wanted).mappings()]


def _untouched(db: Connection, codes: Sequence[str]) -> list[dict[str, Any]]:
    """Return how many open tickets of the changed items there are: they keep the item as they were filed with it."""
    wanted = (
        select(tickets.c.catalogue_code, func.count().label("open"))
        .where(tickets.c.catalogue_code.in_(codes), tickets.c.status.in_(lifecycle.OPEN))
        .group_by(tickets.c.catalogue_code)
        .order_by(tickets.c.catalogue_code)
    )
    return [{"code": row.catalogue_code, "open": row.open} for row in db.execute(wanted)]
