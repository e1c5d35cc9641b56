"""One OpenAPI document of the whole public API, merged from what each service generates."""

import copy
import re
import threading
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import orjson
import structlog

from gateway.routes import RouteTable
from gateway.upstreams import Upstream
from services.kit import clock
from services.kit.errors import Unavailable

log = structlog.get_logger()

FRESH_SECONDS = 60.0
# A service that did not answer is asked again sooner.
RETRY_SECONDS = 5.0
SESSION_PATHS = "/api/v1/auth/"
_REFERENCE = re.compile(r"^#/components/([^/]+)/([^/]+)$")

Document = dict[str, Any]


@dataclass
class Kept:
    """A service's last good document, when it was fetched, and when to ask again."""

    document: Document | None = None
    fetched_at: str = ""
    good: bool = False
    ask_again: float = 0.0


class Documents:
    """Fetches the services' documents and keeps each for a minute, and the last good one while a service is down."""

    def __init__(self, upstreams: Mapping[str, Upstream]) -> None:
        self._upstreams = upstreams
        self._kept = {name: Kept() for name in upstreams}
        self._lock = threading.Lock()

    def current(self) -> tuple[dict[str, Document], dict[str, str]]:
        """Return the documents by service, and what is to be said about those that are missing or old."""
        with self._lock:
            for name, kept in self._kept.items():
                if kept.ask_again <= time.monotonic():
                    self._ask(name, kept)
            documents = {name: kept.document for name, kept in self._kept.items() if kept.document is not None}
            incomplete = {
                name: f"as of {kept.fetched_at}" if kept.document else "missing"
                for name, kept in self._kept.items()
                if not kept.good
            }
        return documents, incomplete

    def _ask(self, name: str, kept: Kept) -> None:
        try:
            status, body = self._upstreams[name].fetch("GET", "/openapi.json", {"Accept": "application/json"})
            document = orjson.loads(body)
            if status != 200 or not isinstance(document, dict) or "paths" not in document:
                raise ValueError(f"answered {status}")
        except (Unavailable, ValueError) as problem:
            log.warning("document.unavailable", service=name, problem=str(problem))
            kept.good, kept.ask_again = False, time.monotonic() + RETRY_SECONDS
        else:
            kept.document, kept.good = document, True
            kept.fetched_at = clock.now().isoformat(timespec="seconds")
            kept.ask_again = time.monotonic() + FRESH_SECONDS


def merge(own: Document, others: Mapping[str, Document], table: RouteTable, incomplete: Mapping[str, str]) -> Document:
    """Return one document: of each service the paths that the route table gives it, and what they refer to.

    Two components of one name that differ are told apart by their service's name.
    """
    whole: Document = {
        "openapi": "3.1.0",
        "info": {
            "title": "Doorstep",
            "version": "v1",
            "description": "The whole public API of the service desk. Errors are problem+json (RFC 9457).",
        },
        "servers": [{"url": "/"}],
        "tags": [],
        "paths": {},
        "components": {},
    }
    for service, document in {"gateway": own, **others}.items():
        document = copy.deepcopy(document)
        document["paths"] = {
            path: item for path, item in document["paths"].items() if table.service_of(path) == service
        }
        _add(whole, service, document)
    for path, item in whole["paths"].items():
        if path.startswith(SESSION_PATHS):
            _without_idempotency_key(item)
    if incomplete:
        whole["x-incomplete"] = dict(incomplete)
    return whole


def _add(whole: Document, service: str, document: Document) -> None:
    renamed: dict[tuple[str, str], str] = {}
    components = document.get("components", {})
    for section, entries in components.items():
        present = whole["components"].setdefault(section, {})
        for name, entry in entries.items():
            if name in present and present[name] != entry:
                renamed[section, name] = f"{service.capitalize()}{name}"
    for reference in _references(document):
        match = _REFERENCE.match(reference["$ref"])
        if match and (match[1], match[2]) in renamed:
            reference["$ref"] = f"#/components/{match[1]}/{renamed[match[1], match[2]]}"
    for section, entries in components.items():
        for name, entry in entries.items():
            whole["components"][section][renamed.get((section, name), name)] = entry
    known = {tag["name"] for tag in whole["tags"]}
    whole["tags"] += [tag for tag in document.get("tags", ()) if tag["name"] not in known]
    whole["paths"].update(document["paths"])


def _references(node: Any) -> Iterator[dict[str, Any]]:
    if isinstance(node, dict):
        if isinstance(node.get("$ref"), str):
            yield node
        for value in node.values():
            yield from _references(value)
    elif isinstance(node, list):
        for value in node:
            yield from _references(value)


def _without_idempotency_key(item: Document) -> None:
    """Sessions keep no answers: a stored answer would be a stored token. A refresh has its own grace instead."""
    for operation in item.values():
        if isinstance(operation, dict) and "parameters" in operation:
            operation["parameters"] = [p for p in operation["parameters"] if p.get("name") != "Idempotency-Key"]
