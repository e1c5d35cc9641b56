"""The route table: reads routes.yaml and finds the route of a path."""

import re
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

import yaml

from gateway.limits import Limit

SIZES = {"KiB": 1024, "MiB": 1024 * 1024}


@dataclass(frozen=True)
class Route:
    """One line of the table; `body` is in bytes, `methods` is empty where the service decides."""

    path: str
    service: str
    body: int
    methods: frozenset[str] = frozenset()
    rate: str = "default"
    public: bool = False
    stream: bool = False

    @property
    def pattern(self) -> str:
        """The path as a regular expression, for the path itself and what lies below it."""
        parts = re.split(r"\{[^}]+\}", self.path)
        return "^" + "[^/]+".join(part.replace(".", r"\.") for part in parts) + "(?:/|$)"


@dataclass(frozen=True)
class RouteTable:
    """All routes, the most specific first, and the limits of each rate class."""

    routes: tuple[Route, ...]
    rates: dict[str, Limit]

    def index(self) -> dict[str, list[tuple[re.Pattern[str], Route]]]:
        """Return the routes by the segment after /api/v1/, so that few patterns are tried."""
        found: dict[str, list[tuple[re.Pattern[str], Route]]] = {}
        for route in self.routes:
            found.setdefault(route.path.split("/")[3], []).append((re.compile(route.pattern), route))
        return found

    def service_of(self, path: str) -> str | None:
        """Return who answers a path or a path template, or None."""
        for route in self.routes:
            if re.match(route.pattern, path):
                return route.service
        return None


def size(text: str) -> int:
    """Read `20 MiB` as bytes."""
    number, unit = text.split()
    return int(number) * SIZES[unit]


@cache
def table() -> RouteTable:
    """Return the table of routes.yaml."""
    return read_table((files("gateway") / "routes.yaml").read_text(encoding="utf-8"))


def read_table(text: str) -> RouteTable:
    """Read a table; raises ValueError naming a line whose service or rate class nobody knows."""
    raw = yaml.safe_load(text)
    rates = {name: Limit.parse(limit) for name, limit in raw["rates"].items()}
    routes = [_route(line, raw["body_limit"]) for line in raw["routes"]]
    for route in routes:
        if route.service not in ("gateway", "tickets", "notify", "surveys") or route.rate not in rates:
            raise ValueError(f"routes.yaml: {route.path} names an unknown service or rate class")
    return RouteTable(tuple(sorted(routes, key=lambda route: -route.path.count("/"))), rates)


def _route(line: dict[str, Any], body_limit: str) -> Route:
    return Route(
        **{
            **line,
            "body": size(line.get("body", body_limit)),
            "methods": frozenset(line.get("methods", ())),
        }
    )
