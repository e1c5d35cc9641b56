"""Who hears of what: one table of rules, and the pure choice of people from it."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from services.contracts import Fact, appointments, community, complaints, joining, surveys, tickets, waits
from services.contracts.gateway import AccountReinvited
from services.kit.identity import NOBODY
from services.notify.contact import Contact
from services.notify.facts import DeskFact, NoticeUndelivered, WebhookDisabled

URGENT, ROUTINE = "emergency", "routine"
HURRIED = ("emergency", "urgent")
STAFF_AUDIENCES = ("dispatcher", "manager")
CALLBACK = "callback"
NOT_REACHED = "not_reached"
PLEASED = 4
PLANNED = "plan"


Notable = (
    tickets.TicketFact
    | community.CommunityFact
    | surveys.SurveyInvited
    | surveys.CampaignInvited
    | AccountReinvited
    | DeskFact
)
When = Callable[[Notable], bool]


def _always(_fact: Notable) -> bool:
    return True


def _by_somebody_else(fact: Notable) -> bool:
    return getattr(fact, "actor_id", None) != getattr(fact, "requester_id", None)


def _asked_for(fact: Notable) -> bool:
    """What the desk planned nobody asked for: its household hears when somebody comes."""
    return getattr(fact, "channel", "") != PLANNED


def _hurried(fact: Notable) -> bool:
    return getattr(fact, "urgency", "") in HURRIED


def _unowned(fact: Notable) -> bool:
    return getattr(fact, "owner_id", None) is None


def _visible(fact: Notable) -> bool:
    return bool(getattr(fact, "visible", False))


def _expired(fact: Notable) -> bool:
    return bool(getattr(fact, "expired", False))


def _not_reached(fact: Notable) -> bool:
    return getattr(fact, "outcome", "") == NOT_REACHED


def _pleased(fact: Notable) -> bool:
    return bool(getattr(fact, "solved", True)) and (getattr(fact, "satisfaction", None) or 0) >= PLEASED


def _for_the_crew(fact: Notable) -> bool:
    return getattr(fact, "clock", "") != CALLBACK


def _for_the_desk(fact: Notable) -> bool:
    """Calling after the work is the desk's, whoever did the work; so is what nobody has."""
    return _unowned(fact) or not _for_the_crew(fact)


def urgency_of(fact: Fact) -> str:
    """Return how pressing the news is: as its ticket is, while a reminder wakes nobody, whatever it is about."""
    return ROUTINE if isinstance(fact, appointments.AppointmentReminded) else getattr(fact, "urgency", ROUTINE)


def is_urgent(fact: Fact) -> bool:
    """True where quiet hours do not hold the news back: an emergency goes before all."""
    return urgency_of(fact) == URGENT


def _by_itself(fact: Notable) -> bool:
    """What moves with another request is nobody's job beside that one."""
    return getattr(fact, "joined_to", None) is None


def _let_go(fact: Notable) -> bool:
    return not getattr(fact, "parted", False)


def _still_open(fact: Notable) -> bool:
    return getattr(fact, "status", "") not in ("completed", "confirmed", "closed")


def _expired_job(fact: Notable) -> bool:
    return _expired(fact) and _by_itself(fact)


def _to_the_household(fact: Notable) -> bool:
    return not getattr(fact, "by_household", False)


def _unowned_by_household(fact: Notable) -> bool:
    """What a household says of a visit is the desk's to answer while nobody has the job."""
    return _unowned(fact) and getattr(fact, "actor_role", "") == "resident"


def _put_before(role: str) -> When:
    return lambda fact: getattr(fact, "to", "") == role


@dataclass(frozen=True)
class Rule:
    """An event, the audience that hears of it, and when. A receipt goes also to the person whose act it confirms."""

    fact: type[Fact]
    audience: str
    when: When = _always
    receipt: bool = False

    @property
    def kind(self) -> str:
        """What notices made by this rule are called: the event's type without its version."""
        return kind_of(self.fact)


def kind_of(fact: Fact | type[Fact]) -> str:
    """Return the event's type without its version: `ticket.filed`."""
    return fact.type.rpartition(".v")[0]


# Where one person is in several audiences of an event, the first rule speaks to them.
RULES: tuple[Rule, ...] = (
    # The resident is told at every step.
    Rule(tickets.TicketFiled, "resident", when=_asked_for, receipt=True),
    Rule(community.PlanFiled, "resident"),
    Rule(community.EventPromoted, "resident"),
    Rule(community.EventMoved, "resident"),
    Rule(community.EventCancelled, "resident"),
    Rule(tickets.TicketAcknowledged, "resident"),
    Rule(tickets.TicketClaimed, "resident"),
    Rule(tickets.TicketAssigned, "resident"),
    Rule(tickets.TicketReleased, "resident", when=_let_go),
    Rule(tickets.TicketDeparted, "resident"),
    Rule(tickets.TicketArrived, "resident"),
    Rule(tickets.TicketPaused, "resident"),
    Rule(tickets.TicketResumed, "resident"),
    Rule(tickets.TicketDisallowed, "resident"),
    Rule(tickets.TicketMadeSafe, "resident"),
    Rule(tickets.TicketPromised, "resident"),
    Rule(appointments.AppointmentProposed, "resident", when=_to_the_household),
    Rule(appointments.AppointmentAgreed, "resident"),
    Rule(appointments.AppointmentWithdrawn, "resident"),
    Rule(appointments.AppointmentReminded, "resident"),
    Rule(tickets.TicketCompleted, "resident"),
    Rule(tickets.TicketCalledBack, "resident", when=_not_reached),
    Rule(tickets.TicketClosed, "resident"),
    Rule(tickets.TicketDeclined, "resident"),
    Rule(tickets.TicketCancelled, "resident", when=_by_somebody_else),
    Rule(tickets.TicketReopened, "resident", receipt=True),
    Rule(tickets.TicketCommented, "resident", when=_visible),
    Rule(tickets.TicketEscalated, "resident"),
    Rule(waits.WaitMoved, "resident"),
    Rule(joining.TicketJoined, "resident", receipt=True),
    Rule(joining.TicketParted, "resident", when=_still_open, receipt=True),
    Rule(community.AnnouncementPublished, "resident"),
    Rule(community.AnnouncementChanged, "resident"),
    Rule(community.AnnouncementWithdrawn, "resident"),
    Rule(community.AnnouncementRestored, "resident"),
    Rule(community.AnnouncementReminded, "resident"),
    Rule(complaints.ComplaintIdentified, "resident"),
    Rule(complaints.ComplaintAssessed, "resident"),
    Rule(complaints.ComplaintOffered, "resident"),
    Rule(complaints.ComplaintApproved, "resident"),
    Rule(complaints.ComplaintReplied, "resident"),
    Rule(surveys.SurveyInvited, "resident"),
    Rule(surveys.CampaignInvited, "resident"),
    # Whoever the account belongs to, before somebody else can use it.
    Rule(AccountReinvited, "resident"),
    # Whoever holds the job, or did the work that is in question.
    Rule(tickets.TicketAssigned, "owner", when=_by_itself),
    Rule(tickets.TicketCommented, "owner"),
    Rule(tickets.TicketCancelled, "owner"),
    Rule(tickets.TicketReopened, "owner"),
    Rule(tickets.TicketOverridden, "owner"),
    Rule(tickets.TicketReevaluated, "owner"),
    Rule(tickets.TicketResumed, "owner", when=_expired_job),
    Rule(tickets.TicketObjected, "owner"),
    Rule(tickets.TicketUrged, "owner"),
    Rule(appointments.AppointmentProposed, "owner"),
    Rule(appointments.AppointmentAgreed, "owner"),
    Rule(appointments.AppointmentWithdrawn, "owner"),
    Rule(appointments.AppointmentReminded, "owner"),
    Rule(tickets.TicketDisallowed, "owner"),
    Rule(tickets.TicketAnswered, "owner", when=_pleased),
    Rule(complaints.ComplaintRefused, "owner"),
    Rule(tickets.SlaWarned, "owner", when=_for_the_crew),
    # Whoever held it until now and may still be on the way to it.
    Rule(tickets.TicketAssigned, "former", when=_by_itself),
    Rule(tickets.TicketReleased, "former", when=_by_itself),
    Rule(tickets.TicketEscalated, "former", when=_by_itself),
    # Who could go there at once, those on duty first.
    Rule(tickets.TicketFiled, "crew", when=is_urgent),
    Rule(tickets.TicketUnclaimed, "crew", when=is_urgent),
    # The desk of the community.
    Rule(tickets.TicketFiled, "dispatcher", when=_hurried),
    Rule(tickets.TicketReleased, "dispatcher", when=_by_itself),
    Rule(tickets.TicketReopened, "dispatcher"),
    Rule(tickets.TicketObjected, "dispatcher"),
    Rule(tickets.TicketUrged, "dispatcher"),
    Rule(appointments.AppointmentProposed, "dispatcher", when=_unowned_by_household),
    Rule(appointments.AppointmentAgreed, "dispatcher", when=_unowned_by_household),
    Rule(appointments.AppointmentWithdrawn, "dispatcher", when=_unowned_by_household),
    Rule(appointments.AppointmentReminded, "dispatcher", when=_unowned),
    Rule(tickets.TicketUnclaimed, "dispatcher", when=_put_before("dispatcher")),
    Rule(complaints.ComplaintDelayed, "dispatcher"),
    Rule(community.PlanSkipped, "dispatcher"),
    Rule(complaints.ComplaintRefused, "dispatcher"),
    Rule(tickets.SlaWarned, "dispatcher", when=_for_the_desk),
    Rule(tickets.SlaBreached, "dispatcher"),
    # Whoever can lend people.
    Rule(tickets.TicketUnclaimed, "manager", when=_put_before("manager")),
    Rule(tickets.SlaBreached, "manager"),
    # Whoever has the authority.
    Rule(tickets.TicketEscalated, "manager", when=_by_itself),
    Rule(complaints.ComplaintAccepted, "manager"),
    Rule(complaints.ComplaintDelayed, "manager"),
    # Whoever answers for what the desk itself could not tell.
    Rule(NoticeUndelivered, "manager"),
    Rule(WebhookDisabled, "manager"),
)
KINDS = tuple(dict.fromkeys(rule.kind for rule in RULES))
REMINDED = kind_of(appointments.AppointmentReminded)
_BY_FACT = {rule.fact: [r for r in RULES if r.fact is rule.fact] for rule in RULES}


def rules_for(fact: Fact) -> list[Rule]:
    """Return the rules that speak of this event, in order."""
    if not isinstance(fact, Notable):
        return []
    return [rule for rule in _BY_FACT.get(type(fact), []) if rule.when(fact)]


def named(fact: Fact) -> set[str]:
    """Return the ids of the people an event itself names as hearers."""
    people = (_named_in(fact, rule.audience) for rule in rules_for(fact))
    return {person for found in people for person in found}


def wants_staff(fact: Fact) -> bool:
    """True where the staff of the community hear of it."""
    return any(rule.audience in STAFF_AUDIENCES for rule in rules_for(fact))


def hearers(
    fact: Fact, organisation_id: str, known: dict[str, Contact], staff: Iterable[Contact]
) -> Iterator[tuple[Contact, Rule]]:
    """Yield each person who hears of the event, once, with the rule that says why.

    `known` holds the organisation's contacts by person id, `staff` its active dispatchers and managers. People
    named in the event who have no contact yet are reached in the app, in Chinese: their account may still be on
    its way, and the news must not be lost. Nobody is told of their own act, receipts apart.
    """
    told: set[str] = set()
    actor = getattr(fact, "actor_id", None)
    for rule in rules_for(fact):
        if rule.audience in STAFF_AUDIENCES:
            community = getattr(fact, "community_id", None)
            people = [one for one in staff if one.role == rule.audience and one.serves(community)]
        else:
            found = _named_in(fact, rule.audience)
            people = [known.get(person) or Contact(person, organisation_id) for person in found]
        for one in people:
            if one.person_id not in told and (rule.receipt or one.person_id != actor):
                told.add(one.person_id)
                yield one, rule


def _named_in(fact: Fact, audience: str) -> list[str]:
    fields = {
        "resident": ("requester_id", "account_id"),
        "owner": ("owner_id", "crew_id"),
        "former": ("previous_owner_id",),
    }.get(audience, ())
    found = [getattr(fact, name, None) for name in fields]
    found += getattr(fact, "crew_ids", ()) if audience == "crew" else ()
    # What is filed by a plan for a shared place is nobody's request.
    return list(dict.fromkeys(person for person in found if person and person != NOBODY))
