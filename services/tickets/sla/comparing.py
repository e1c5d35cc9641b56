"""What a change of terms would do: which targets become stricter or looser, and what rules ask beside the table."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from services.tickets import catalogue
from services.tickets.sla.calendar import Calendar, HolidaysUnknown, NeverDue
from services.tickets.sla.conditions import Conditions, fits
from services.tickets.sla.deadlines import deadline
from services.tickets.sla.packs import Pack
from services.tickets.sla.policy import URGENCIES, Policy
from services.tickets.sla.rules import Rule
from services.tickets.sla.runs import Run
from services.tickets.sla.targets import JUDGED, Target

STRICTER, LOOSER, NEW, GONE, OTHERWISE = "stricter", "looser", "new", "gone", "otherwise"
CHANGES = (STRICTER, LOOSER, NEW, GONE, OTHERWISE)

# A class of service, an urgency and a kind of clock.
Place = tuple[str, str, str]


@dataclass(frozen=True)
class Terms:
    """A policy with the calendar it counts by."""

    policy: Policy
    calendar: Calendar

    def due(self, target: Target, now: datetime) -> datetime | None:
        """When a clock that started now would be due; None where nobody can say, such as in an unknown year."""
        try:
            return deadline(Run(1, now, None, False), target, self.calendar, self.policy.switches).due
        except (HolidaysUnknown, NeverDue):
            return None

    def table(self) -> dict[Place, Target]:
        """The targets of the table by their place."""
        rows = self.policy.table.items()
        return {(sla_class, urgency, one.kind): one for (sla_class, urgency), row in rows for one in row}


@dataclass(frozen=True)
class Changed:
    """A target of the table before and after, and when a clock that starts now is due by each."""

    place: Place
    change: str
    before: Target | None
    after: Target | None
    due_before: datetime | None
    due_after: datetime | None


@dataclass(frozen=True)
class Beside:
    """A rule that asks for less time than the table, for some requests of a place: it counts for those, not the table.

    Without a `pack` it is the policy's own.
    """

    place: Place
    pack: Pack | None
    rule: Rule
    target: Target
    due: datetime | None
    table: Target | None


def changes_of(before: Terms, after: Terms, now: datetime) -> list[Changed]:
    """Every target of the table that is not what it was, or that would fall due at another moment."""
    old, new = before.table(), after.table()
    found = []
    for place in sorted(old.keys() | new.keys(), key=_order):
        was, becomes = old.get(place), new.get(place)
        due_before = None if was is None else before.due(was, now)
        due_after = None if becomes is None else after.due(becomes, now)
        if was == becomes and due_before == due_after:
            continue
        change = _change(was, becomes, due_before, due_after)
        found.append(Changed(place, change, was, becomes, due_before, due_after))
    return found


def _order(place: Place) -> tuple[int, int, int]:
    sla_class, urgency, kind = place
    return catalogue.SLA_CLASSES.index(sla_class), URGENCIES.index(urgency), JUDGED.index(kind)


def _change(was: Target | None, becomes: Target | None, due_before: datetime | None, due_after: datetime | None) -> str:
    """Stricter or looser by the lengths where both count alike, and otherwise by when each is due from now on."""
    if was is None:
        return NEW
    if becomes is None:
        return GONE
    alike = (was.basis, was.sundown, was.days is None) == (becomes.basis, becomes.sundown, becomes.days is None)
    lengths = (was.days or was.seconds, becomes.days or becomes.seconds)
    if alike and lengths[0] != lengths[1] and not was.sundown:
        return STRICTER if lengths[1] < lengths[0] else LOOSER
    if due_before is None or due_after is None or due_before == due_after:
        return OTHERWISE
    return STRICTER if due_after < due_before else LOOSER


def rules_beside(terms: Terms, now: datetime) -> list[Beside]:
    """Every rule of the policy and its packs that asks for less time than the table does, place by place."""
    table, found = terms.table(), []
    own: Iterable[tuple[Pack | None, Rule]] = ((None, rule) for rule in terms.policy.rules)
    of_packs = ((pack, rule) for pack in terms.policy.packs for rule in pack.rules)
    for pack, rule in (*own, *of_packs):
        for target in rule.targets:
            due = terms.due(target, now)
            for place in _places(rule.when, target.kind):
                said = table.get(place)
                if said is None or _sooner(target, due, said, terms.due(said, now)):
                    found.append(Beside(place, pack, rule, target, due, said))
    return sorted(found, key=lambda one: _order(one.place))


def _places(when: Conditions, kind: str) -> Iterator[Place]:
    codes = when.catalogue_code
    items = [item for item in catalogue.load() if (not codes or item.code in codes) and fits(when, item)]
    for sla_class in {item.sla_class for item in items}:
        for urgency in URGENCIES:
            if not when.urgency or urgency in when.urgency:
                yield sla_class, urgency, kind


def _sooner(target: Target, due: datetime | None, said: Target, said_due: datetime | None) -> bool:
    if due is None or said_due is None:
        return (
            target.basis == said.basis and target.days is None and said.days is None and target.seconds < said.seconds
        )
    return due < said_due


def settings_of(policy: Policy) -> dict[str, Any]:
    """Everything a policy says beside targets, complete: with the defaults of what its document leaves out."""
    codes = catalogue.NEED_LEVELS
    return {
        "switches": asdict(policy.switches),
        "pauses": dict(policy.pauses),
        "escalation": {urgency: [asdict(step) for step in chain] for urgency, chain in policy.escalation.items()},
        "attainment": {
            **{codes[level]: share for level, share in policy.attainment.shares.items()},
            "least_decided": policy.attainment.least_decided,
        },
        "longest_back_seconds": policy.longest_back,
    }


def leaves_of(settings: Mapping[str, Any], where: str = "") -> Iterator[tuple[str, Any]]:
    """The values of settings with the names of their fields, such as `switches.day`."""
    for name, value in settings.items():
        field = f"{where}.{name}" if where else name
        if isinstance(value, Mapping):
            yield from leaves_of(value, field)
        else:
            yield field, value
