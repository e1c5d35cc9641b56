"""What new terms of a community would do, before anybody writes them: nothing is kept, and nothing is promised."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, func, select

from services.kit import clock as time
from services.kit.identity import Actor
from services.tickets import lifecycle, service_levels
from services.tickets.commands import terms
from services.tickets.models import communities, tickets
from services.tickets.queries.terms import calendar_warnings
from services.tickets.queries.views import moment
from services.tickets.sla.comparing import Beside, Changed, Terms, changes_of, leaves_of, rules_beside, settings_of
from services.tickets.sla.policy import Policy, read_policy
from services.tickets.sla.targets import Target

Document = Mapping[str, Any]


def preview_policy(db: Connection, actor: Actor, community_id: str, document: Document) -> dict[str, Any]:
    """Return what a policy would change for what is filed from its writing on; raises NotFound, Invalid."""
    community = _community(db, actor, community_id)
    before = terms.document_of(db, actor.organisation_id, community["policy_version"])
    terms.check_packs(document, before)
    return _policy_preview(db, community, before, document)


def preview_pack(db: Connection, actor: Actor, community_id: str, code: str, *, on: bool) -> dict[str, Any]:
    """Return what switching a pack on or off would change; raises NotFound, Conflict."""
    community = _community(db, actor, community_id)
    before = terms.document_of(db, actor.organisation_id, community["policy_version"])
    return _policy_preview(db, community, before, terms.switched(before, code, on=on))


def preview_calendar(db: Connection, actor: Actor, community_id: str, document: Document) -> dict[str, Any]:
    """Return when what is filed now would be due by another calendar; raises NotFound, Invalid."""
    community = _community(db, actor, community_id)
    policy = read_policy(terms.document_of(db, actor.organisation_id, community["policy_version"]))
    old, new, now = service_levels.calendar_of(community["calendar"]), terms.read_calendar(document), time.now()
    return {
        "community_id": community_id,
        "version": str(community["calendar_version"]),
        "at": moment(now),
        "same": terms.same(document, community["calendar"]),
        "targets": [_changed(one) for one in changes_of(Terms(policy, old), Terms(policy, new), now)],
        "week_seconds": {"before": _week(old.hours), "after": _week(new.hours)},
        "timezone": {"before": old.tz, "after": new.tz},
        "warnings": calendar_warnings(document),
        "keeping": _open(db, community_id),
    }


def _policy_preview(db: Connection, community: Document, before: Document, document: Document) -> dict[str, Any]:
    calendar, now = service_levels.calendar_of(community["calendar"]), time.now()
    old = read_policy({**before, "version": "before"})
    new = terms.read_own(community["id"], {**document, "version": "after"})
    then = Terms(new, calendar)
    return {
        "community_id": community["id"],
        "version": community["policy_version"],
        "at": moment(now),
        "same": terms.same({**document, "version": ""}, {**before, "version": ""}),
        "targets": [_changed(one) for one in changes_of(Terms(old, calendar), then, now)],
        "rules": _named(old, new),
        "packs": _switched(old, new),
        "beside": [_beside(one) for one in rules_beside(then, now)],
        "settings": _settings(old, new),
        "keeping": _open(db, community["id"]),
    }


def _community(db: Connection, actor: Actor, community_id: str) -> dict[str, Any]:
    wanted = select(communities).where(
        communities.c.id == community_id, communities.c.organisation_id == actor.organisation_id
    )
    row = db.execute(wanted).mappings().one_or_none()
    if row is None or not terms.in_reach(actor, community_id):
        raise terms.no_such_community()
    return dict(row)


def _changed(one: Changed) -> dict[str, Any]:
    return {
        **_place(one.place),
        "change": one.change,
        "before": _target(one.before),
        "after": _target(one.after),
        "due_before": moment(one.due_before),
        "due_after": moment(one.due_after),
    }


def _beside(one: Beside) -> dict[str, Any]:
    return {
        **_place(one.place),
        "pack": one.pack.code if one.pack else None,
        "pack_name": dict(one.pack.name) if one.pack else None,
        "in_force": one.pack.in_force.isoformat() if one.pack and one.pack.in_force else None,
        "rule": one.rule.code,
        "rule_name": dict(one.rule.name),
        "source": one.rule.source or None,
        "target": _target(one.target),
        "table": _target(one.table),
        "due_at": moment(one.due),
    }


def _place(place: tuple[str, str, str]) -> dict[str, str]:
    sla_class, urgency, clock = place
    return {"sla_class": sla_class, "urgency": urgency, "clock": clock}


def _target(target: Target | None) -> dict[str, Any] | None:
    if target is None:
        return None
    length = {"seconds": target.seconds} if target.days is None else {"days": target.days}
    return {**length, "basis": target.basis, "sundown": target.sundown}


def _named(old: Policy, new: Policy) -> list[dict[str, Any]]:
    was, becomes = ({rule.code: rule for rule in policy.rules} for policy in (old, new))
    return [
        {"code": code, "name": dict((becomes.get(code) or was[code]).name), "change": change}
        for code in {**was, **becomes}
        if (change := _difference(was.get(code), becomes.get(code)))
    ]


def _switched(old: Policy, new: Policy) -> list[dict[str, Any]]:
    was, becomes = ({pack.code: pack for pack in policy.packs} for policy in (old, new))
    return [
        {"code": code, "name": dict(pack.name), "source": pack.source, "change": change}
        for code, pack in {**was, **becomes}.items()
        if (change := _difference(was.get(code), becomes.get(code)))
    ]


def _difference(was: object, becomes: object) -> str | None:
    if was == becomes:
        return None
    return "new" if was is None else "gone" if becomes is None else "changed"


def _settings(old: Policy, new: Policy) -> list[dict[str, Any]]:
    was, becomes = (dict(leaves_of(settings_of(policy))) for policy in (old, new))
    fields = [field for field in {**was, **becomes} if was.get(field) != becomes.get(field)]
    return [{"field": field, "before": was.get(field), "after": becomes.get(field)} for field in fields]


def _week(hours: tuple[tuple[tuple[int, int], ...], ...]) -> int:
    return sum(end - start for spans in hours for start, end in spans)


def _open(db: Connection, community_id: str) -> int:
    """Count the open tickets, all of which keep the terms they run by."""
    wanted = select(func.count()).where(tickets.c.community_id == community_id, tickets.c.status.in_(lifecycle.OPEN))
    return int(db.execute(wanted).scalar_one())
