"""What a community is served on: its calendar and policy, the packs there are, and who still runs by older terms."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, select

from services.kit import clock as time
from services.kit.errors import NotFound
from services.kit.identity import Actor
from services.tickets import service_levels
from services.tickets.commands.reevaluation import count_of_older_terms
from services.tickets.commands.terms import in_reach, no_such_community
from services.tickets.models import calendars, communities, policies
from services.tickets.queries.views import moment
from services.tickets.sla import packs
from services.tickets.sla.comparing import settings_of
from services.tickets.sla.country import HolidaysUnknown, known_year
from services.tickets.sla.policy import read_policy, shipped_documents

# Opening hours of less than this a week, in seconds, are likelier a slip than a desk.
LEAST_WEEK = 3600


def calendar_view(db: Connection, actor: Actor, community_id: str, locale: str) -> dict[str, Any]:
    """Return a community's calendar in force, who wrote it and why, and what it cannot know yet."""
    community = _community(db, actor, community_id)
    version = community["calendar_version"]
    key = (calendars.c.community_id == community_id, calendars.c.version == version)
    row = db.execute(select(calendars).where(*key)).mappings().one()
    return {
        "community_id": community_id,
        "version": version,
        **_written(dict(row)),
        "warnings": calendar_warnings(row["document"]),
        "running": _running(db, community_id, locale),
    }


def policy_view(db: Connection, actor: Actor, community_id: str, locale: str) -> dict[str, Any]:
    """Return a community's policy in force, the packs switched on, and who wrote it and why."""
    community = _community(db, actor, community_id)
    policy = policy_version(db, actor, community["policy_version"])
    on = [pack["code"] for pack in policy["document"].get("packs", [])]
    return {
        **policy,
        "community_id": community_id,
        "packs": on,
        "settings": settings_of(read_policy(policy["document"])),
        "running": _running(db, community_id, locale),
    }


def policy_version(db: Connection, actor: Actor, version: str) -> dict[str, Any]:
    """Return one version of the organisation's policies, shipped or its own; raises NotFound."""
    document = shipped_documents().get(version)
    if document is not None:
        nobody = {"document": document, "note": None, "author_id": None, "at": None}
        return {"version": version, "shipped": True, **nobody}
    key = (policies.c.organisation_id == actor.organisation_id, policies.c.version == version)
    row = db.execute(select(policies).where(*key)).mappings().one_or_none()
    if row is None:
        raise NotFound("There is no policy of this version.", "没有该版本的时限政策。")
    return {"version": version, "shipped": False, **_written(dict(row))}


def pack_views() -> list[dict[str, Any]]:
    """Return every pack that ships, with its rules, and for each rule where it stands and how sure that is."""
    return [
        {
            **{name: document.get(name) for name in _OF_PACK},
            "rules": [{name: rule.get(name) for name in _OF_RULE} for rule in document["rules"]],
            "announcing": [{name: rule.get(name) for name in _OF_PERIOD} for rule in document.get("announcing", [])],
        }
        for document in packs.documents().values()
    ]


_OF_PACK = ("code", "version", "name", "country", "source", "in_force", "choice", "note")
_OF_RULE = ("code", "name", "when", "targets", "source", "confidence", "note")
_OF_PERIOD = ("code", "name", "kinds", "seconds", "source", "confidence", "note")


def _community(db: Connection, actor: Actor, community_id: str) -> Mapping[str, Any]:
    wanted = select(communities.c.calendar_version, communities.c.policy_version).where(
        communities.c.id == community_id, communities.c.organisation_id == actor.organisation_id
    )
    row = db.execute(wanted).mappings().one_or_none()
    if row is None or not in_reach(actor, community_id):
        raise no_such_community()
    return dict(row)


def _written(row: Mapping[str, Any]) -> dict[str, Any]:
    return {**{name: row[name] for name in ("document", "note", "author_id")}, "at": moment(row["at"])}


def calendar_warnings(document: Mapping[str, Any]) -> list[str]:
    """Return what may surprise: hardly any open hours, and what cannot be known of this year and the next.

    So nobody takes a slip of the hand for opening hours, or a guess for a deadline.
    """
    calendar = service_levels.calendar_of(document)
    open_seconds = sum(end - start for spans in calendar.hours for start, end in spans)
    said = []
    if open_seconds < LEAST_WEEK:
        said.append(
            f"hours: the desk opens for {open_seconds} seconds in an ordinary week, so that targets in working time "
            "take months. Please check the spans."
        )
    if calendar.country is None:
        return said
    this_year = time.now().astimezone(calendar.zone).year
    for year in {this_year, this_year + 1} - calendar.declared_years:
        try:
            known_year(calendar.country, calendar.subdivision, year, calendar.accept_estimated_holidays)
        except HolidaysUnknown as problem:
            said.append(str(problem))
    return sorted(said)


def _running(db: Connection, community_id: str, locale: str) -> dict[str, Any]:
    """Return how many open tickets keep the terms they started with, and where to move them on purpose."""
    older = count_of_older_terms(db, community_id)
    path = f"/api/v1/communities/{community_id}/reevaluations"
    if locale == "en":
        keep = "1 open ticket keeps" if older == 1 else f"{older} open tickets keep"
        says = f"{keep} the terms of filing. POST {path} moves what is older to those in force."
    else:
        says = f"{older} 张进行中的工单仍按开始时的时限执行；如需改用现行时限，请 POST {path}。"
    return {"older": older, "reevaluate": path, "says": says}
