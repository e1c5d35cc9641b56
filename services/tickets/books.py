"""The policies and calendars that clocks run by, found by version. A version never changes, so it is read once."""

import threading
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from cachetools import LRUCache, cached
from cachetools.keys import hashkey
from sqlalchemy import Connection, select

from services.tickets import service_levels
from services.tickets.models import calendars, policies
from services.tickets.sla.calendar import Calendar
from services.tickets.sla.policy import Policy, read_policy, shipped


class NoSuchVersion(LookupError):
    """History speaks of a policy or calendar that is not there, so nothing can be computed from it."""


@dataclass(frozen=True)
class Books:
    """The policies and calendars that the history of one or more tickets speaks of, by version."""

    policies: Mapping[str, Policy]
    calendars: Mapping[int, Calendar]


def books_of(db: Connection, organisation_id: str, community_id: str, entries: Iterable[Mapping[str, Any]]) -> Books:
    """Return what one ticket's history speaks of; raises NoSuchVersion."""
    policy_versions, calendar_versions = service_levels.versions_of(entries)
    return Books(
        {version: policy_of(db, organisation_id, version) for version in policy_versions},
        {version: calendar_of(db, community_id, version) for version in calendar_versions},
    )


def policy_of(db: Connection, organisation_id: str, version: str) -> Policy:
    """Return one version of an organisation's policy, shipped or its own; raises NoSuchVersion."""
    return shipped(version) or _own_policy(db, organisation_id, version)


def _by_version(db: Connection, owner_id: str, version: str | int) -> tuple[Any, ...]:
    """Return the key to a version, which is the same whatever connection it is read with."""
    return hashkey(owner_id, version)


@cached(LRUCache(1_000), key=_by_version, lock=threading.Lock())
def _own_policy(db: Connection, organisation_id: str, version: str) -> Policy:
    wanted = select(policies.c.document).where(
        policies.c.organisation_id == organisation_id, policies.c.version == version
    )
    document = db.execute(wanted).scalar_one_or_none()
    if document is None:
        raise NoSuchVersion(f"there is no policy {version!r} in organisation {organisation_id}")
    return read_policy(document)


@cached(LRUCache(5_000), key=_by_version, lock=threading.Lock())
def calendar_of(db: Connection, community_id: str, version: int) -> Calendar:
    """Return one version of a community's calendar; raises NoSuchVersion."""
    wanted = select(calendars.c.document).where(
        calendars.c.community_id == community_id, calendars.c.version == version
    )
    document = db.execute(wanted).scalar_one_or_none()
    if document is None:
        raise NoSuchVersion(f"there is no calendar {version} of community {community_id}")
    return service_levels.calendar_of(document)
