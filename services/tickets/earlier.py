"""Finds the earlier complaints most like one: the same words, the same home, building or kind of trouble."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from sqlalchemy import Connection, delete, func, insert, literal, select, true, union
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.types import Text

from services.tickets.complaints.codes import COMPLAINT
from services.tickets.complaints.similarity import LEAST_SCORE, indexed, jaccard, score, words_of
from services.tickets.models import complaint_words, complaints, tickets, units

MOST_SHOWN = 10
# A word that so many complaints of an organisation have in common tells none of them apart.
TELLING = 500
BY_WORDS, BY_HOME, BY_BUILDING, BY_ITEM = 100, 20, 50, 50
SAME_TROUBLE_WITHIN = timedelta(days=90)


def remember_words(db: Connection, ticket: Mapping[str, Any]) -> None:
    """Write what a complaint is found by, in the place of what was written of it before."""
    db.execute(delete(complaint_words).where(complaint_words.c.ticket_id == ticket["id"]))
    store_words(db, ticket)


def store_words(db: Connection, ticket: Mapping[str, Any]) -> None:
    """Write what a complaint is found by, where nothing was written of it before."""
    words = indexed(f"{ticket['title']}\n{ticket['description']}")
    row = {"organisation_id": ticket["organisation_id"], "ticket_id": ticket["id"]}
    if words:
        db.execute(insert(complaint_words), [{**row, "word": word} for word in words])


def earlier_cases(db: Connection, ticket: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return complaints filed before this one, the most alike first, each with why it is here.

    `similarity` is the Jaccard index of the words. Only what the caller may see is found.
    """
    text = f"{ticket['title']}\n{ticket['description']}"
    found = db.execute(_read(_candidates(ticket, indexed(text)), ticket)).mappings()
    words = words_of(text).keys()
    rated = [_rated(dict(row), ticket, words) for row in found]
    kept = [case for case in rated if case["same_home"] or case["score"] >= LEAST_SCORE]
    return sorted(kept, key=lambda case: (-case["score"], case["filed_at"], case["ticket_id"]))[:MOST_SHOWN]


def _rated(row: dict[str, Any], ticket: Mapping[str, Any], words: Any) -> dict[str, Any]:
    told = {name: row[name] for name in ("ticket_id", "number", "title", "status", "filed_at", "step", "cause")}
    told |= {name: row[name] for name in ("justified", "outcome", "same_building")}
    alike = jaccard(words, words_of(f"{row['title']}\n{row['description']}").keys())
    same_home = ticket["unit_id"] is not None and row["unit_id"] == ticket["unit_id"]
    same_item = row["catalogue_code"] == ticket["catalogue_code"]
    rated = score(alike, same_home=same_home, same_building=row["same_building"], same_item=same_item)
    return {**told, "similarity": alike, "same_home": same_home, "same_item": same_item, "score": rated}


def _candidates(ticket: Mapping[str, Any], words: list[str]) -> Any:
    """Return the ids worth comparing: a bounded number from each index."""
    others = select(tickets.c.id).where(
        tickets.c.organisation_id == ticket["organisation_id"],
        tickets.c.work_type == COMPLAINT,
        tickets.c.filed_at <= ticket["filed_at"],
        tickets.c.id != ticket["id"],
    )
    newest = tickets.c.filed_at.desc()
    found = [
        _by_words(ticket, words),
        others.where(
            tickets.c.community_id == ticket["community_id"],
            tickets.c.catalogue_code == ticket["catalogue_code"],
            tickets.c.filed_at > ticket["filed_at"] - SAME_TROUBLE_WITHIN,
        )
        .order_by(newest)
        .limit(BY_ITEM),
    ]
    if ticket["unit_id"] is not None:
        found.append(others.where(tickets.c.unit_id == ticket["unit_id"]).order_by(newest).limit(BY_HOME))
        homes = select(units.c.id).where(units.c.building_id == _building(ticket))
        found.append(others.where(tickets.c.unit_id.in_(homes)).order_by(newest).limit(BY_BUILDING))
    return union(*(select(part.subquery().c[0].label("id")) for part in found)).subquery("candidates")


def _by_words(ticket: Mapping[str, Any], words: list[str]) -> Any:
    """Return the tickets that share the most telling words; each word is asked only as far as it tells."""
    asked = func.unnest(literal(words, ARRAY(Text))).table_valued("word", name="asked").render_derived()
    found = (
        select(complaint_words.c.ticket_id)
        .where(
            complaint_words.c.organisation_id == ticket["organisation_id"],
            complaint_words.c.word == asked.c.word,
            complaint_words.c.ticket_id != ticket["id"],
        )
        .limit(TELLING + 1)
        .lateral("found")
    )
    common = func.count().over(partition_by=asked.c.word).label("common")
    hits = select(found.c.ticket_id, common).select_from(asked.join(found, true())).subquery("hits")
    return (
        select(hits.c.ticket_id.label("id"))
        .where(hits.c.common <= TELLING)
        .group_by(hits.c.ticket_id)
        .order_by(func.count().desc(), hits.c.ticket_id.desc())
        .limit(BY_WORDS)
    )


def _building(ticket: Mapping[str, Any]) -> Any:
    return select(units.c.building_id).where(units.c.id == ticket["unit_id"]).scalar_subquery()


def _read(candidates: Any, ticket: Mapping[str, Any]) -> Any:
    same = units.c.building_id == _building(ticket) if ticket["unit_id"] is not None else literal(False)
    return (
        select(
            tickets.c.id.label("ticket_id"),
            *(tickets.c[name] for name in ("number", "title", "description", "status", "filed_at", "unit_id")),
            tickets.c.catalogue_code,
            func.coalesce(same, False).label("same_building"),
            *(complaints.c[name] for name in ("step", "cause", "justified", "outcome")),
        )
        .join(candidates, candidates.c.id == tickets.c.id)
        .outerjoin(complaints, complaints.c.ticket_id == tickets.c.id)
        .outerjoin(units, units.c.id == tickets.c.unit_id)
        .where(tickets.c.filed_at <= ticket["filed_at"])
    )
