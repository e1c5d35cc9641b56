"""Founding an organisation on a desk without sample data: its places, and the first account that may sign in."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import yaml
from sqlalchemy import Connection

from gateway.commands import accounts
from services.kit.database import make_engine
from services.kit.errors import DeskError
from services.kit.events import new_id
from services.tickets import commands as tickets

EXAMPLE = """\
organisation: Huating Property
locale: zh-CN
admin: admin@example.org
communities:
  - name: 华庭雅苑
    calendar: {tz: Asia/Shanghai, hours: {mon: [["08:30", "18:00"]], tue: [["08:30", "18:00"]]}}
    buildings:
      - {name: 1号楼, units: ["101", "102"]}
"""


class CannotFound(Exception):
    """The plan cannot be carried out; the message says what to correct in it."""


def read_plan(path: Path) -> Mapping[str, Any]:
    """Return the plan in a YAML file shaped like EXAMPLE; raises CannotFound."""
    try:
        plan = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as problem:
        raise CannotFound(f"{path} cannot be read: {problem}") from problem
    wanted = ("organisation", "admin", "communities")
    missing = [name for name in wanted if not isinstance(plan, dict) or not plan.get(name)]
    if missing:
        raise CannotFound(f"{path} lacks {', '.join(missing)}. It is written like this:\n\n{EXAMPLE}")
    return dict(plan)


def found(tickets_url: str, gateway_url: str, plan: Mapping[str, Any], password: str) -> str:
    """Write the places, then the organisation and its admin; returns the organisation's id.

    The account comes last: where it is refused, nobody can sign in to a half-founded organisation. Raises CannotFound.
    """
    organisation_id = str(new_id())
    try:
        places = [_place(community) for community in plan["communities"]]
        with _writing(tickets_url) as db:
            tickets.add_places(db, organisation_id, places)
        with _writing(gateway_url) as db:
            locale = plan.get("locale", "zh-CN")
            accounts.open_organisation(db, name=plan["organisation"], locale=locale, organisation_id=organisation_id)
            accounts.open_account(
                db,
                organisation_id=organisation_id,
                login=plan["admin"],
                password=password,
                role="admin",
                badge=plan["admin"],
                locale=locale,
            )
    except DeskError as refusal:
        raise CannotFound(str(refusal)) from refusal
    except (KeyError, TypeError, AttributeError) as problem:
        raise CannotFound(f"The plan is not written like this ({problem!r}):\n\n{EXAMPLE}") from problem
    return organisation_id


@contextmanager
def _writing(url: str) -> Iterator[Connection]:
    engine = make_engine(url, pool_size=1, name="founding")
    try:
        with engine.begin() as db:
            yield db
    finally:
        engine.dispose()


def _place(community: Mapping[str, Any]) -> tickets.Place:
    homes = {
        str(new_id()): (str(building["name"]), {str(new_id()): str(unit) for unit in building["units"]})
        for building in community.get("buildings", ())
    }
    return tickets.Place(str(new_id()), str(community["name"]), community["calendar"], homes)
