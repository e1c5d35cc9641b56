"""A community's terms: new versions of its calendar and policy, and statutory packs switched on and off."""

import re
from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any

import orjson
import structlog
from sqlalchemy import Connection, Integer, cast, func, insert, select, update

from services.kit import clock as time
from services.kit.errors import Conflict, Invalid, NotFound, Stale, invalid_field
from services.kit.identity import Actor
from services.tickets import service_levels
from services.tickets.models import calendars, communities, policies
from services.tickets.sla import packs
from services.tickets.sla.calendar import Calendar, HolidaysUnknown
from services.tickets.sla.policy import Policy, read_policy, shipped_documents

log = structlog.get_logger()

Document = Mapping[str, Any]
OWN = "own-"
_NAMED = re.compile(r"(?P<field>[A-Za-z_][\w.\[\]/-]{0,200}): ")
_MOST_SAID = 500


def no_such_community() -> NotFound:
    """Return the refusal for a community that is not there, or not theirs: the two look alike on purpose."""
    return NotFound("No community of yours has this id.", "没有您可管理的该编号的小区。")


def in_reach(actor: Actor, community_id: str) -> bool:
    """True where staff may act in a community: without a limit, in all of the organisation."""
    return not actor.community_ids or community_id in actor.community_ids


def set_calendar(
    db: Connection, actor: Actor, community_id: str, *, document: Document, note: str, version: int | None
) -> None:
    """Give a community a new version of its calendar, for what is filed from now on.

    Running tickets keep theirs. The same document again changes nothing. Raises Invalid naming the field, Stale.
    """
    community = _lock(db, actor, community_id)
    now = community["calendar_version"]
    _require(version is None or version == now, ("calendar", "工作日历"), str(now), f'"v{now}"')
    if same(document, community["calendar"]):
        return
    calendar = read_calendar(document)
    following = {"community_id": community_id, "version": now + 1, "document": dict(document), "note": note}
    db.execute(insert(calendars).values(**following, organisation_id=actor.organisation_id, author_id=actor.id))
    changes = {"calendar": dict(document), "calendar_version": now + 1, "timezone": calendar.tz}
    db.execute(update(communities).where(communities.c.id == community_id).values(changes))
    log.info("terms.calendar", community_id=community_id, version=now + 1, author_id=actor.id)


def set_policy(
    db: Connection, actor: Actor, community_id: str, *, document: Document, note: str, version: str | None
) -> None:
    """Give a community a policy of its own under the organisation's next number, for what is filed from now on.

    Running tickets keep theirs. The same document again changes nothing; whatever version it says is replaced.
    Raises Invalid naming the field, Stale.
    """
    community = _lock(db, actor, community_id)
    _require_policy(community["policy_version"], version)
    before = document_of(db, actor.organisation_id, community["policy_version"])
    check_packs(document, before)
    _adopt(db, actor, community, before, document, note)


def set_pack(
    db: Connection, actor: Actor, community_id: str, code: str, *, on: bool, note: str | None, version: str | None
) -> None:
    """Switch a statutory pack on or off for a community: a new policy of its own. Raises NotFound, Invalid, Stale.

    Switched on again, a pack is taken over as it ships now.
    """
    community = _lock(db, actor, community_id)
    _require_policy(community["policy_version"], version)
    before = document_of(db, actor.organisation_id, community["policy_version"])
    _adopt(db, actor, community, before, switched(before, code, on=on), note)


def switched(before: Document, code: str, *, on: bool) -> Document:
    """Return a policy with a pack switched on or off; raises NotFound, and Conflict where two exclude one another."""
    if code not in (packs.documents() if on else {pack["code"] for pack in before.get("packs", [])}):
        raise NotFound(
            "There is no such pack. GET /api/v1/packs lists them." if on else "This pack is not switched on here.",
            "没有该规则包，请查看 GET /api/v1/packs。" if on else "该小区未启用此规则包。",
        )
    try:
        return packs.with_pack(before, code) if on else packs.without_pack(before, code)
    except ValueError as problem:
        raise Conflict(f"The pack cannot be switched on – {problem}.", f"无法启用该规则包：{problem}。") from problem


def _lock(db: Connection, actor: Actor, community_id: str) -> Mapping[str, Any]:
    """Lock a community for this transaction, so that its terms change one at a time."""
    wanted = select(communities).where(
        communities.c.id == community_id, communities.c.organisation_id == actor.organisation_id
    )
    row = db.execute(wanted.with_for_update()).mappings().one_or_none()
    if row is None or not in_reach(actor, community_id):
        raise no_such_community()
    return dict(row)


def _require_policy(version: str, read: str | None) -> None:
    _require(read is None or read == version, ("policy", "时限政策"), version, f'"{version}"')


def _require(current: bool, thing: tuple[str, str], version: str, etag: str) -> None:
    if not current:
        raise Stale(
            f"The {thing[0]} has changed since you read it. GET it again; the ETag for If-Match is now {etag}.",
            f"{thing[1]}已被更新，请重新 GET 后再修改；If-Match 现应为 {etag}。",
            version=version,
            etag=etag,
        )


def document_of(db: Connection, organisation_id: str, version: str) -> Document:
    """Return a policy as it is written, shipped or the organisation's own; raises NotFound."""
    ours = shipped_documents().get(version)
    if ours is not None:
        return ours
    wanted = select(policies.c.document).where(
        policies.c.organisation_id == organisation_id, policies.c.version == version
    )
    document: Document | None = db.execute(wanted).scalar_one_or_none()
    if document is None:
        raise NotFound("There is no policy of this version.", "没有该版本的时限政策。")
    return document


def _adopt(
    db: Connection, actor: Actor, community: Mapping[str, Any], before: Document, document: Document, note: str | None
) -> None:
    """Write a policy under the organisation's next number and let the community's new tickets run by it."""
    organisation_id = actor.organisation_id
    if same({**document, "version": ""}, {**before, "version": ""}):
        return
    version = _next_version(db, organisation_id)
    after = {**document, "version": version}
    read_own(community["id"], after)
    written = {"version": version, "document": after, "note": note, "author_id": actor.id}
    db.execute(insert(policies).values(**written, organisation_id=organisation_id, community_id=community["id"]))
    changes = {"policy_version": version}
    db.execute(update(communities).where(communities.c.id == community["id"]).values(changes))
    log.info("terms.policy", community_id=community["id"], version=version, author_id=actor.id)


def _next_version(db: Connection, organisation_id: str) -> str:
    """Return the organisation's next number, locked until the end of the transaction: two managers at once, two."""
    db.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(f"policies of {organisation_id}", 0))))
    number = cast(func.substring(policies.c.version, f"^{OWN}([0-9]{{1,9}})$"), Integer)
    newest = db.execute(select(func.max(number)).where(policies.c.organisation_id == organisation_id)).scalar_one()
    return f"{OWN}{(newest or 0) + 1}"


def same(one: Document, other: Document) -> bool:
    """True where two documents say the same, in whatever order."""
    return orjson.dumps(one, option=orjson.OPT_SORT_KEYS) == orjson.dumps(other, option=orjson.OPT_SORT_KEYS)


def read_own(community_id: str, document: Document) -> Policy:
    """Return a community's own policy from its document; raises Invalid naming the field."""
    try:
        policy = read_policy(document)
    except ValueError as problem:
        raise _refusal("policy", "时限政策", problem) from problem
    _check_communities(community_id, policy)
    return policy


def read_calendar(document: Document) -> Calendar:
    """Return a calendar from its document; raises Invalid naming the field, also for one that never opens."""
    try:
        calendar = service_levels.calendar_of(document)
    except ValueError as problem:
        raise _refusal("calendar", "工作日历", problem) from problem
    today = time.now().astimezone(calendar.zone).date()
    if not any(_may_open(calendar, today + timedelta(days=number)) for number in range(366)):
        closed = ValueError("hours: with its holidays and closures it does not open once within a year")
        raise _refusal("calendar", "工作日历", closed)
    return calendar


def _may_open(calendar: Calendar, day: date) -> bool:
    try:
        return bool(calendar.open_periods(day))
    except HolidaysUnknown:
        return True


def _refusal(what: str, what_zh: str, problem: ValueError) -> Invalid:
    """Return the refusal of a document, naming the field in it: the rules say “field: sentence”."""
    said = str(problem)[:_MOST_SAID]
    match = _NAMED.match(said)
    field = match["field"] if match and match["field"] not in ("policy", "calendar") else ""
    name = f"document.{field}" if field else "document"
    return invalid_field(name, f"This {what} cannot be used – {said}.", f"{what_zh}无法使用：{said}。")


def check_packs(document: Document, before: Document) -> None:
    """Refuse a pack that is neither as it ships nor as the community has it: nobody rewrites a law under its name."""
    known = [*packs.documents().values(), *before.get("packs", [])]
    given = document.get("packs", [])
    for number, pack in enumerate(given if isinstance(given, list) else []):
        if not any(same(pack, other) for other in known):
            raise invalid_field(
                f"document.packs[{number}]",
                "Packs are taken as they ship, by PUT /api/v1/communities/{id}/packs/{code}; write rules of your own "
                "under rules.",
                "规则包只能按发布内容启用（PUT /api/v1/communities/{id}/packs/{code}），自定义规则请写在 rules 中。",
            )


def _check_communities(community_id: str, policy: Policy) -> None:
    """Refuse a rule for any other community: this policy is this community's, so it would match nothing."""
    for number, rule in enumerate(policy.rules):
        if others := sorted(rule.when.community_id - {community_id}):
            where = f"rules[{number}].when.community_id"
            problem = ValueError(f"{where}: {others[0]!r} is not this community, so this matches nothing here")
            raise _refusal("policy", "时限政策", problem)
