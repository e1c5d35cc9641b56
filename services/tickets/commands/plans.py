"""Plans of recurring work: made, changed, paused, taken up again and ended by the desk."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, delete, func, insert, select, update

from services.kit import clock as time
from services.kit.errors import Conflict, Invalid, NotFound, Stale, invalid_field
from services.kit.events import new_id
from services.kit.identity import Actor
from services.tickets import shelves
from services.tickets.catalogue import Catalogue
from services.tickets.commands.households import home_of
from services.tickets.commands.items import chosen
from services.tickets.models import communities, people
from services.tickets.models.plans import plan_checkpoints, plan_occurrences, plans
from services.tickets.plans import kinds
from services.tickets.plans.due import file_at
from services.tickets.plans.recurrence import Recurrence, recurrence

Plan = dict[str, Any]

# What may be changed later; a plan for another place is another plan.
CHANGEABLE = (
    "title", "description", "catalogue_code", "urgency", "resident_id", "rrule", "lead_hours", "if_missed",
    "late_hours",
)  # fmt: skip


def add_plan(db: Connection, actor: Actor, wanted: Mapping[str, Any]) -> Plan:
    """Plan recurring work from now on; raises Invalid naming the field. Times given are turned to the wall clock.

    What would have been due before this moment is nobody's debt: the first time that counts is still to come.
    """
    place = _place(db, actor, wanted)
    zone = ZoneInfo(place["timezone"])
    plan: Plan = {
        "id": str(new_id()),
        "organisation_id": actor.organisation_id,
        "community_id": place["community_id"],
        "unit_id": wanted.get("unit_id"),
        "location": wanted.get("location"),
        "kind": wanted["kind"],
        **{name: wanted.get(name) for name in CHANGEABLE},
        "starts_local": on_the_wall(wanted["starts_at"], zone),
        "ends_local": on_the_wall(wanted.get("ends_at"), zone),
        "state": kinds.ACTIVE,
        "created_by": actor.id,
        "created_at": time.now(),
        "version": 0,
    }
    checkpoints = wanted.get("checkpoints") or ()
    _require_sense(db, plan, checkpoints)
    plan |= _scheduled(plan, zone, plan["created_at"]) | _touched(actor, plan)
    db.execute(insert(plans).values(plan))
    _write_checkpoints(db, plan, checkpoints)
    return plan


def change_plan(db: Connection, actor: Actor, plan_id: str, changes: Mapping[str, Any], expected: int | None) -> Plan:
    """Change what is planned from now on; tickets already filed stay. Locks the plan. Raises Stale and Conflict."""
    plan = lock_plan(db, plan_id, expected)
    _require_settled(plan)
    zone = _zone(db, plan)
    after = {**plan, **{name: changes[name] for name in CHANGEABLE if name in changes}}
    for given, column in (("starts_at", "starts_local"), ("ends_at", "ends_local")):
        if given in changes:
            after[column] = on_the_wall(changes[given], zone)
    checkpoints = changes["checkpoints"] if "checkpoints" in changes else checkpoints_of(db, plan_id)
    _require_sense(db, after, checkpoints)
    after |= _scheduled(after, zone, settled_until(db, plan_id)) | _touched(actor, plan)
    db.execute(update(plans).where(plans.c.id == plan_id).values(after))
    if "checkpoints" in changes:
        db.execute(delete(plan_checkpoints).where(plan_checkpoints.c.plan_id == plan_id))
        _write_checkpoints(db, after, checkpoints)
    return after


def pause_plan(db: Connection, actor: Actor, plan_id: str, expected: int | None) -> Plan:
    """Let a plan rest. Each time that passes meanwhile goes on record as left out."""
    return _turn(db, actor, plan_id, expected, (kinds.ACTIVE,), {"state": kinds.PAUSED})


def resume_plan(db: Connection, actor: Actor, plan_id: str, expected: int | None) -> Plan:
    """Take a resting plan up again."""
    return _turn(db, actor, plan_id, expected, (kinds.PAUSED,), {"state": kinds.ACTIVE})


def end_plan(db: Connection, actor: Actor, plan_id: str, expected: int | None) -> Plan:
    """End a plan for good; what it filed stays."""
    plan = lock_plan(db, plan_id, expected)
    _require_settled(plan)
    over = {"state": kinds.ENDED, "next_at": None, "file_at": None}
    return _turn(db, actor, plan_id, expected, (kinds.ACTIVE, kinds.PAUSED), over)


def _turn(
    db: Connection,
    actor: Actor,
    plan_id: str,
    expected: int | None,
    sources: Sequence[str],
    changes: Mapping[str, Any],
) -> Plan:
    plan = lock_plan(db, plan_id, expected)
    if plan["state"] not in sources:
        raise Conflict(f"The plan is {plan['state']}.", f"该计划当前状态为 {plan['state']}。", state=plan["state"])
    after = {**plan, **changes, **_touched(actor, plan)}
    db.execute(update(plans).where(plans.c.id == plan_id).values(after))
    return after


def lock_plan(db: Connection, plan_id: str, expected: int | None) -> Plan:
    """Lock a plan for this transaction; raises NotFound, and Stale where another version was read."""
    row = db.execute(select(plans).where(plans.c.id == plan_id).with_for_update()).mappings().one_or_none()
    if row is None:
        raise no_such_plan()
    if expected is not None and expected != row["version"]:
        raise Stale(
            f"The plan has changed since you read it (now version {row['version']}). Read it again.",
            f"计划已被更新（当前版本 {row['version']}），请重新读取。",
            version=row["version"],
        )
    return dict(row)


def no_such_plan() -> NotFound:
    """Return the refusal for a plan that is not there, or not theirs."""
    return NotFound("There is no such plan.", "没有找到该计划。")


def checkpoints_of(db: Connection, plan_id: str) -> list[dict[str, Any]]:
    """Return the checkpoints of a plan in order, as they were given."""
    table = plan_checkpoints
    wanted = select(table.c.name, table.c.instruction, table.c.code, table.c.repair_code)
    return [dict(row) for row in db.execute(wanted.where(table.c.plan_id == plan_id).order_by(table.c.n)).mappings()]


def recurrence_of(plan: Mapping[str, Any], zone: ZoneInfo) -> Recurrence:
    """Return the rule of a plan that was checked when it was written."""
    return Recurrence(plan["rrule"], plan["starts_local"], plan["ends_local"], zone)


def no_time_left() -> Invalid:
    """Return the refusal of a rule that is over."""
    return invalid_field("rrule", "This rule has no time left after now.", "该规则在当前时间之后不再发生。")


def on_the_wall(moment: datetime | None, zone: ZoneInfo) -> datetime | None:
    """Return what the community's clocks show at a moment, to the minute."""
    if moment is None:
        return None
    return moment.astimezone(zone).replace(tzinfo=None, second=0, microsecond=0)


def _scheduled(plan: Mapping[str, Any], zone: ZoneInfo, since: datetime) -> dict[str, Any]:
    """Return the columns of the next occurrence after `since`; raises Invalid where the rule has none."""
    checked = recurrence(plan["rrule"], plan["starts_local"], plan["ends_local"], zone)
    next_at = checked.next_after(since)
    if next_at is None:
        raise no_time_left()
    return {"rrule": checked.rule, "next_at": next_at, "file_at": file_at(next_at, plan["lead_hours"])}


def settled_until(db: Connection, plan_id: str) -> datetime:
    """Return since when nothing is on record yet: now, or later where tickets were filed ahead of their time."""
    latest = select(func.max(plan_occurrences.c.occurs_at)).where(plan_occurrences.c.plan_id == plan_id)
    return max(time.now(), db.execute(latest).scalar_one() or time.now())


def _require_settled(plan: Mapping[str, Any]) -> None:
    """What is due at this moment goes on record first, so that no change can lose it."""
    if plan["state"] == kinds.ENDED:
        raise Conflict("The plan has ended. Make a new one.", "该计划已结束，请新建计划。", state=plan["state"])
    if plan["file_at"] is not None and plan["file_at"] <= time.now():
        raise Conflict(
            "The plan is due and its ticket is being filed. Try again in a moment.",
            "该计划已到期，正在生成工单，请稍后再试。",
        )


def _touched(actor: Actor, plan: Mapping[str, Any]) -> dict[str, Any]:
    return {"changed_by": actor.id, "changed_at": time.now(), "version": plan["version"] + 1}


def _zone(db: Connection, plan: Mapping[str, Any]) -> ZoneInfo:
    wanted = select(communities.c.timezone).where(communities.c.id == plan["community_id"])
    return ZoneInfo(db.execute(wanted).scalar_one())


def _place(db: Connection, actor: Actor, wanted: Mapping[str, Any]) -> Mapping[str, Any]:
    if wanted.get("unit_id") is not None:
        try:
            return home_of(db, actor, wanted["unit_id"])
        except NotFound as problem:
            raise invalid_field(
                "unit_id", "There is no such home within your reach.", "没有您可管理的该房屋。"
            ) from problem
    if not wanted.get("location") or wanted.get("community_id") is None:
        raise invalid_field(
            "unit_id" if wanted.get("community_id") is None else "location",
            "Say where: a unit_id, or a community_id with a location.",
            "请填写地点：unit_id，或 community_id 与 location。",
        )
    return {"community_id": wanted["community_id"], "timezone": zone_of(db, actor, wanted["community_id"]).key}


def zone_of(db: Connection, actor: Actor, community_id: str) -> ZoneInfo:
    """Return the zone of a community in the caller's reach; raises Invalid naming `community_id`."""
    wanted = select(communities.c.timezone).where(communities.c.id == community_id)
    name = db.execute(wanted).scalar_one_or_none()
    if name is None or (actor.community_ids and community_id not in actor.community_ids):
        raise invalid_field("community_id", "No community of yours has this id.", "没有您可用的该编号的小区。")
    return ZoneInfo(name)


def _require_sense(db: Connection, plan: Mapping[str, Any], checkpoints: Sequence[Mapping[str, Any]]) -> None:
    items = shelves.in_force(db, plan["organisation_id"])[1]
    chosen(plan["catalogue_code"], items)
    if plan["kind"] in kinds.ROUNDS and not checkpoints:
        raise invalid_field("checkpoints", "A round needs its checkpoints.", "巡查计划须包含检查点。")
    for number, checkpoint in enumerate(checkpoints):
        if checkpoint.get("repair_code") is not None:
            _require_item(f"checkpoints.{number}.repair_code", checkpoint["repair_code"], items)
    if plan["kind"] == kinds.CARE and (plan["unit_id"] is None or plan["resident_id"] is None):
        raise invalid_field(
            "unit_id" if plan["unit_id"] is None else "resident_id",
            "A care visit is to somebody at home: give unit_id and resident_id.",
            "关怀走访须填写 unit_id 与 resident_id。",
        )
    if plan["resident_id"] is not None and not lives_there(db, plan["resident_id"], plan["unit_id"]):
        raise invalid_field(
            "resident_id", "No active resident of this home has this id.", "该房屋没有此编号的在册住户。"
        )


def _require_item(field: str, code: str, items: Catalogue) -> None:
    try:
        chosen(code, items)
    except Invalid as problem:
        raise invalid_field(
            field,
            "The catalogue has no such item. GET /api/v1/catalogue lists them.",
            "服务目录中没有该项目，请查看 GET /api/v1/catalogue。",
        ) from problem


def lives_there(db: Connection, person_id: str, unit_id: str | None) -> bool:
    """True where somebody is an active resident of a unit."""
    wanted = select(people.c.id).where(
        people.c.id == person_id, people.c.role == "resident", people.c.active, people.c.unit_ids.any_() == unit_id
    )
    return unit_id is not None and db.execute(wanted).one_or_none() is not None


def _write_checkpoints(db: Connection, plan: Mapping[str, Any], given: Sequence[Mapping[str, Any]]) -> None:
    names = ("name", "instruction", "code", "repair_code")
    rows = [
        {
            "plan_id": plan["id"],
            "n": number,
            "organisation_id": plan["organisation_id"],
            **{name: checkpoint.get(name) for name in names},
        }
        for number, checkpoint in enumerate(given, 1)
    ]
    if rows:
        db.execute(insert(plan_checkpoints), rows)
