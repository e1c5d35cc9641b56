"""Organisations' catalogues, found by version. A version never changes, so it is read once."""

import threading

from cachetools import LRUCache
from sqlalchemy import Connection, func, select

from services.tickets import catalogue
from services.tickets.catalogue import Catalogue
from services.tickets.models.catalogues import catalogue_versions
from services.tickets.own_catalogue import Overlay, laid_over

SHIPPED = 0
_LOCK = threading.Lock()
_KNOWN: LRUCache[tuple[str, int], Catalogue] = LRUCache(200)


def newest(db: Connection, organisation_id: str) -> int:
    """Return the version of an organisation's catalogue in force; SHIPPED where it changed nothing."""
    wanted = select(func.max(catalogue_versions.c.version)).where(
        catalogue_versions.c.organisation_id == organisation_id
    )
    return int(db.execute(wanted).scalar_one() or SHIPPED)


def in_force(db: Connection, organisation_id: str) -> tuple[int, Catalogue]:
    """Return an organisation's catalogue as it is now, with its version."""
    version = newest(db, organisation_id)
    return version, of_version(db, organisation_id, version)


def of_version(db: Connection, organisation_id: str, version: int) -> Catalogue:
    """Return one version of an organisation's catalogue."""
    if version == SHIPPED:
        return catalogue.load()
    with _LOCK:
        known = _KNOWN.get((organisation_id, version))
    if known is not None:
        return known
    found = laid_over(catalogue.load(), overlay_of(db, organisation_id, version))
    with _LOCK:
        # Two that read it at once use the same: what triage makes of a catalogue is kept by it.
        return _KNOWN.setdefault((organisation_id, version), found)


def overlay_of(db: Connection, organisation_id: str, version: int) -> Overlay:
    """Return what a version has other than as shipped."""
    if version == SHIPPED:
        return {}
    wanted = select(catalogue_versions.c.document).where(
        catalogue_versions.c.organisation_id == organisation_id, catalogue_versions.c.version == version
    )
    document: Overlay = db.execute(wanted).scalar_one()
    return document
