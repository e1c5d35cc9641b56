"""Who hears of what: the table's promises, one sentence a row."""

from typing import Any

import pytest

from services.contracts import appointments, gateway, surveys, tickets
from services.contracts.community import EventCancelled, EventMoved, EventPromoted, PlanFiled, PlanSkipped
from services.kit.identity import NOBODY
from services.kit.testing import fresh
from services.notify.audience import Contact, hearers
from tests.notify.conftest import facts_about

ORGANISATION, HERE, ELSEWHERE = fresh(), fresh(), fresh()
RESIDENT, CREW, OTHER_CREW = fresh(), fresh(), fresh()
DISPATCHER, FAR_DISPATCHER, MANAGER = fresh(), fresh(), fresh()
NAMES = {
    RESIDENT: "resident",
    CREW: "crew",
    OTHER_CREW: "other crew",
    DISPATCHER: "dispatcher",
    FAR_DISPATCHER: "far dispatcher",
    MANAGER: "manager",
}
STAFF = [
    Contact(DISPATCHER, ORGANISATION, "dispatcher", (HERE,)),
    Contact(FAR_DISPATCHER, ORGANISATION, "dispatcher", (ELSEWHERE,)),
    Contact(MANAGER, ORGANISATION, "manager"),
]
T = tickets
A = appointments
OF_HOME = {"actor_role": "resident", "by_household": True}

CASES: list[tuple[str, type, dict[str, Any], set[str]]] = [
    ("filing is confirmed to whoever filed", T.TicketFiled, {"actor_id": RESIDENT}, {"resident"}),
    ("what the desk planned is no request to be confirmed", T.TicketFiled, {"channel": "plan"}, set()),
    ("what nobody requested is told to nobody", T.TicketCompleted, {"requester_id": NOBODY, "actor_id": CREW}, set()),
    ("a planned visit is told to its resident", PlanFiled, {}, {"resident"}),
    ("what was planned and left out goes to the desk", PlanSkipped, {"requester_id": None}, {"dispatcher"}),
    ("who moves up hears of it", EventPromoted, {}, {"resident"}),
    ("who had signed up hears of another time", EventMoved, {}, {"resident"}),
    ("who had signed up hears that it is off", EventCancelled, {}, {"resident"}),
    ("a routine request does not ring at the desk", T.TicketFiled, {"urgency": "routine"}, {"resident"}),
    ("an urgent one does", T.TicketFiled, {"urgency": "urgent"}, {"resident", "dispatcher"}),
    ("an emergency does", T.TicketFiled, {"urgency": "emergency"}, {"resident", "dispatcher"}),
    (
        "an emergency is told to the crew it names",
        T.TicketFiled,
        {"urgency": "emergency", "crew_ids": (CREW, OTHER_CREW)},
        {"resident", "dispatcher", "crew", "other crew"},
    ),
    ("nothing less is", T.TicketFiled, {"urgency": "urgent", "crew_ids": (CREW,)}, {"resident", "dispatcher"}),
    (
        "an emergency nobody took is told to every crew it names",
        T.TicketUnclaimed,
        {"owner_id": None, "to": "manager", "urgency": "emergency", "crew_ids": (CREW, OTHER_CREW)},
        {"manager", "crew", "other crew"},
    ),
    ("the resident hears who takes it; the crew knows", T.TicketClaimed, {"actor_id": CREW}, {"resident"}),
    ("an assignment reaches the crew", T.TicketAssigned, {"actor_id": DISPATCHER}, {"resident", "crew"}),
    (
        "a handover reaches both ends",
        T.TicketAssigned,
        {"actor_id": DISPATCHER, "previous_owner_id": OTHER_CREW},
        {"resident", "crew", "other crew"},
    ),
    (
        "who hands over knows it",
        T.TicketAssigned,
        {"actor_id": OTHER_CREW, "previous_owner_id": OTHER_CREW},
        {"resident", "crew"},
    ),
    (
        "a released job rings at the desk",
        T.TicketReleased,
        {"owner_id": None, "actor_id": CREW, "previous_owner_id": CREW},
        {"resident", "dispatcher"},
    ),
    ("departing is told", T.TicketDeparted, {"actor_id": CREW}, {"resident"}),
    ("arriving is told", T.TicketArrived, {"actor_id": CREW}, {"resident"}),
    ("starting is between the steps", T.TicketStarted, {"actor_id": CREW}, set()),
    ("pausing is told", T.TicketPaused, {"actor_id": CREW}, {"resident"}),
    ("a promise is told", T.TicketPromised, {"actor_id": DISPATCHER}, {"resident"}),
    ("completing is told", T.TicketCompleted, {"actor_id": CREW, "crew_id": CREW}, {"resident"}),
    ("who withdraws their own request knows it", T.TicketCancelled, {"actor_id": RESIDENT}, {"crew"}),
    ("withdrawn by the desk, the resident hears", T.TicketCancelled, {"actor_id": DISPATCHER}, {"resident", "crew"}),
    ("a comment of the resident reaches the crew", T.TicketCommented, {"actor_id": RESIDENT}, {"crew"}),
    ("a comment of the crew reaches the resident", T.TicketCommented, {"actor_id": CREW}, {"resident"}),
    (
        "an internal comment stays inside",
        T.TicketCommented,
        {"actor_id": DISPATCHER, "visible": False},
        {"crew"},
    ),
    (
        "not solved tells whoever did the work",
        T.TicketReopened,
        {"owner_id": None, "crew_id": OTHER_CREW, "cause": "survey"},
        {"resident", "other crew", "dispatcher"},
    ),
    ("a warning goes to the owner", T.SlaWarned, {"clock": "resolve"}, {"crew"}),
    ("a warning about an unowned job goes to the desk", T.SlaWarned, {"owner_id": None}, {"dispatcher"}),
    ("a breach reaches desk and manager", T.SlaBreached, {"clock": "attend"}, {"dispatcher", "manager"}),
    ("the desk elsewhere hears of its own", T.SlaBreached, {"community_id": ELSEWHERE}, {"far dispatcher", "manager"}),
    ("a warning about a call goes to the desk", T.SlaWarned, {"clock": "callback"}, {"dispatcher"}),
    ("nobody took it: first the desk", T.TicketUnclaimed, {"owner_id": None, "to": "dispatcher"}, {"dispatcher"}),
    ("then the manager", T.TicketUnclaimed, {"owner_id": None, "to": "manager"}, {"manager"}),
    (
        "the desk elsewhere hears of what nobody took there",
        T.TicketUnclaimed,
        {"owner_id": None, "to": "dispatcher", "community_id": ELSEWHERE},
        {"far dispatcher"},
    ),
    ("an objection reaches crew and desk", T.TicketObjected, {"actor_id": RESIDENT}, {"crew", "dispatcher"}),
    ("asking to hurry reaches crew and desk", T.TicketUrged, {"actor_id": RESIDENT}, {"crew", "dispatcher"}),
    (
        "a visit that the crew proposes reaches the home",
        A.AppointmentProposed,
        {"actor_id": CREW},
        {"resident"},
    ),
    (
        "a visit that the home asks for reaches the crew",
        A.AppointmentProposed,
        {"actor_id": RESIDENT, **OF_HOME},
        {"crew"},
    ),
    (
        "or the desk, while nobody has the job",
        A.AppointmentProposed,
        {"actor_id": RESIDENT, "owner_id": None, **OF_HOME},
        {"dispatcher"},
    ),
    (
        "what the desk agrees to reaches home and crew",
        A.AppointmentAgreed,
        {"actor_id": DISPATCHER},
        {"resident", "crew"},
    ),
    ("what the home agrees to reaches the crew", A.AppointmentAgreed, {"actor_id": RESIDENT, **OF_HOME}, {"crew"}),
    ("a visit called off reaches the other side", A.AppointmentWithdrawn, {"actor_id": CREW}, {"resident"}),
    (
        "or the desk, when the home does so",
        A.AppointmentWithdrawn,
        {"actor_id": RESIDENT, "owner_id": None, **OF_HOME},
        {"dispatcher"},
    ),
    (
        "a pause taken back reaches crew and resident",
        T.TicketDisallowed,
        {"actor_id": DISPATCHER},
        {"crew", "resident"},
    ),
    ("going on is told to the resident", T.TicketResumed, {"actor_id": CREW}, {"resident"}),
    ("a pause that ran out is told to its owner too", T.TicketResumed, {"expired": True}, {"resident", "crew"}),
    ("a danger removed is told", T.TicketMadeSafe, {"actor_id": CREW}, {"resident"}),
    (
        "whom a call did not reach hears of it",
        T.TicketCalledBack,
        {"actor_id": DISPATCHER, "outcome": "not_reached"},
        {"resident"},
    ),
    ("whom it reached knows", T.TicketCalledBack, {"actor_id": DISPATCHER, "outcome": "reached"}, set()),
    ("new time limits are told to the owner", T.TicketReevaluated, {"actor_id": MANAGER}, {"crew"}),
    ("praise reaches whoever earned it", T.TicketAnswered, {"satisfaction": 4}, {"crew"}),
    ("a middling answer rings nowhere", T.TicketAnswered, {"satisfaction": 3}, set()),
    ("an answer without a mark rings nowhere", T.TicketAnswered, {}, set()),
    ("a photo rings nowhere", T.TicketPhotographed, {"actor_id": RESIDENT}, set()),
]


@pytest.mark.parametrize(("sentence", "kind", "changes", "expected"), CASES, ids=[case[0] for case in CASES])
def test_who_hears(sentence: str, kind: type, changes: dict[str, Any], expected: set[str]) -> None:
    people = {"requester_id": RESIDENT, "community_id": HERE}
    if issubclass(kind, T.TicketFact):
        people["owner_id"] = CREW
    fact = facts_about(kind, **(people | changes))
    heard = [contact.person_id for contact, _ in hearers(fact, ORGANISATION, {}, STAFF)]
    assert {NAMES[person] for person in heard} == expected, sentence
    assert len(heard) == len(set(heard)), "nobody hears twice"


def test_only_the_resident_is_invited_to_a_survey() -> None:
    fact = facts_about(surveys.SurveyInvited, requester_id=RESIDENT, community_id=HERE)
    assert [contact.person_id for contact, _ in hearers(fact, ORGANISATION, {}, STAFF)] == [RESIDENT]


def test_an_account_is_no_news_to_anybody() -> None:
    fact = gateway.AccountChanged(
        account_id=RESIDENT,
        revision=1,
        role="resident",
        active=True,
        locale="en",
        community_ids=(),
        unit_ids=(),
        skills=(),
    )
    assert not list(hearers(fact, ORGANISATION, {}, STAFF))
