"""Every cell of the lifecycle, role by action by status, held against a table written from the rules in words."""

import itertools

import pytest

from services.tickets import lifecycle
from services.tickets.lifecycle import NotForRole, NotNow, NotYours

OPEN = {
    "filed", "acknowledged", "claimed", "assigned", "on_the_way", "on_site", "in_progress", "waiting", "reopened",
}  # fmt: skip
DONE = {"completed", "confirmed", "closed"}
ENDED = {"cancelled", "declined"}
ALL = OPEN | DONE | ENDED
POOL = {"filed", "acknowledged"}
TAKEN = OPEN - POOL
ROLES = ("resident", "crew", "dispatcher", "manager", "admin", "system")
OWN, HOME, SETTLING, ANY = "owner", "household", "settling", "anybody"
STAYS = None

# sentence, action, roles, from which statuses, to which status, who of that role
SENTENCES = [
    ("The desk answers a request, also one that moved on unanswered.", "acknowledge", "dispatcher manager",
     OPEN - {"acknowledged"}, "acknowledged", ANY),
    ("Crews take what nobody has started.", "claim", "crew", {"filed", "acknowledged", "reopened"}, "claimed", ANY),
    ("A manager takes what was handed up.", "claim", "manager", {"assigned"}, "claimed", ANY),
    ("The desk gives any open job to somebody.", "assign", "dispatcher manager", OPEN, "assigned", ANY),
    ("A crew member hands over only what is theirs.", "assign", "crew", TAKEN, "assigned", OWN),
    ("The desk takes a job back into the pool.", "release", "dispatcher manager", TAKEN, "acknowledged", ANY),
    ("A crew member gives their own job back.", "release", "crew", TAKEN, "acknowledged", OWN),
    ("One sets out to a job one has.", "depart", "crew", {"claimed", "assigned", "reopened"}, "on_the_way", OWN),
    ("One may arrive without having said one left.", "arrive", "crew",
     {"claimed", "assigned", "reopened", "on_the_way"}, "on_site", OWN),
    ("One may start without any word before.", "start", "crew",
     {"claimed", "assigned", "reopened", "on_the_way", "on_site"}, "in_progress", OWN),
    ("Only who is there can say what is missing.", "pause", "crew", {"on_site", "in_progress"}, "waiting", OWN),
    ("Waiting ends when its owner goes on.", "resume", "crew", {"waiting"}, "in_progress", OWN),
    ("The desk may end a waiting as well.", "resume", "dispatcher manager", {"waiting"}, "in_progress", ANY),
    ("So does the end of the pause.", "resume", "system", {"waiting"}, "in_progress", ANY),
    ("The household objects to the waiting.", "object", "resident", {"waiting"}, STAYS, HOME),
    ("The household asks to hurry while it is open.", "urge", "resident", OPEN, STAYS, HOME),
    ("The desk takes a pause back, however it ended.", "disallow", "dispatcher manager", OPEN | DONE, STAYS, ANY),
    ("Whoever is there takes the danger out of it.", "make_safe", "crew",
     {"on_site", "in_progress", "waiting"}, STAYS, OWN),
    ("The desk records that somebody did.", "make_safe", "dispatcher manager", OPEN, STAYS, ANY),
    ("Nobody completes what nobody started.", "complete", "crew", {"in_progress"}, "completed", OWN),
    ("The desk completes nothing but by settling a complaint.", "complete", "dispatcher manager", OPEN, "completed",
     SETTLING),
    ("Whoever has a job hands it up.", "escalate", "crew", TAKEN, "assigned", OWN),
    ("The dispatcher hands up any open job.", "escalate", "dispatcher", OPEN, "assigned", ANY),
    *(
        row
        for action in ("identify", "assess", "offer", "choose", "act")
        for row in (
            ("The desk works on any open complaint.", action, "dispatcher manager", OPEN, STAYS, ANY),
            ("Whoever has a complaint works on it.", action, "crew", TAKEN, STAYS, OWN),
        )
    ),
    ("The household chooses.", "choose", "resident", OPEN, STAYS, HOME),
    ("A manager approves, or does not.", "approve", "manager", OPEN, STAYS, ANY),
    ("A manager approves, or does not.", "refuse", "manager", OPEN, STAYS, ANY),
    ("Time alone makes an approval late.", "overdue", "system", OPEN, STAYS, ANY),
    ("The desk settles a complaint.", "settle", "dispatcher manager", OPEN, STAYS, ANY),
    ("Whoever works on a complaint settles it.", "settle", "crew", {"in_progress"}, STAYS, OWN),
    ("The desk answers a complaint.", "reply", "dispatcher manager", OPEN, STAYS, ANY),
    ("Whoever works on a complaint answers it.", "reply", "crew", {"in_progress"}, STAYS, OWN),
    ("The desk looks back at what is done.", "review", "dispatcher manager", DONE, STAYS, ANY),
    ("The household says it is solved.", "confirm", "resident", {"completed"}, "confirmed", HOME),
    ("Time alone closes what nobody objected to.", "close", "system", {"completed"}, "closed", ANY),
    ("The desk calls about what is done.", "call_back", "dispatcher manager", DONE, STAYS, ANY),
    ("A human's answer is put on record.", "answer", "system", DONE, STAYS, ANY),
    ("The household may say it is not solved.", "reopen", "resident", DONE, "reopened", HOME),
    ("So may the desk, and the survey's answer.", "reopen", "dispatcher manager system", DONE, "reopened", ANY),
    ("The household withdraws before anybody is at the door.", "cancel", "resident",
     OPEN - {"on_site", "in_progress", "waiting"}, "cancelled", HOME),
    ("The desk withdraws any open request.", "cancel", "dispatcher manager", OPEN, "cancelled", ANY),
    ("The desk turns down what nobody has.", "decline", "dispatcher manager",
     {"filed", "acknowledged", "reopened"}, "declined", ANY),
    *(
        row
        for verb in ("propose", "agree", "call_off")
        for row in (
            ("The desk sees to when somebody comes.", verb, "dispatcher manager", OPEN, STAYS, ANY),
            ("So does whoever has the job.", verb, "crew", TAKEN, STAYS, OWN),
            ("The household has its say.", verb, "resident", OPEN, STAYS, HOME),
        )
    ),
    ("The desk promises a time for what is open.", "promise", "dispatcher manager", OPEN, STAYS, ANY),
    ("A crew member promises for their own job.", "promise", "crew", TAKEN, STAYS, OWN),
    ("The desk corrects triage on what is open.", "override", "dispatcher manager", OPEN, STAYS, ANY),
    ("A manager moves what is open to the terms in force.", "reevaluate", "manager", OPEN, STAYS, ANY),
    ("The desk joins what has one cause while it waits in the pool.", "join", "dispatcher manager", POOL, STAYS, ANY),
    ("Crews join what they file.", "join", "crew", POOL, STAYS, ANY),
    ("The household joins its own.", "join", "resident", POOL, STAYS, HOME),
    ("The desk parts what is open.", "part", "dispatcher manager", OPEN, STAYS, ANY),
    ("Crews part what goes along with a job of theirs.", "part", "crew", TAKEN, STAYS, OWN),
    ("The household parts its own.", "part", "resident", OPEN, STAYS, HOME),
    ("What leads ends, or one of several is opened again.", "part", "system", OPEN | DONE, STAYS, ANY),
    ("It is given to whoever leads.", "assign", "system", OPEN, "assigned", ANY),
    ("It is handed up with what leads.", "escalate", "system", OPEN, "assigned", ANY),
    ("It is let go with what leads.", "release", "system", OPEN, "acknowledged", ANY),
    ("Somebody sets out to what leads.", "depart", "system", OPEN, "on_the_way", ANY),
    ("Somebody is at what leads.", "arrive", "system", OPEN, "on_site", ANY),
    ("Work on what leads begins.", "start", "system", OPEN, "in_progress", ANY),
    ("What leads waits.", "pause", "system", {"on_site", "in_progress"}, "waiting", ANY),
    ("The waiting of what leads is taken back.", "disallow", "system", OPEN | DONE, STAYS, ANY),
    ("What leads is safe.", "make_safe", "system", OPEN, STAYS, ANY),
    ("A time is promised for what leads.", "promise", "system", OPEN, STAYS, ANY),
    ("What leads is done.", "complete", "system", OPEN, "completed", ANY),
    ("Everybody who serves may comment at any time.", "comment", "crew dispatcher manager", ALL, STAYS, ANY),
    ("The household may comment at any time.", "comment", "resident", ALL, STAYS, HOME),
    ("The household shows what is wrong while it is open.", "photograph", "resident", OPEN, STAYS, HOME),
    ("Crews show the work, also just after it.", "photograph", "crew", OPEN | {"completed"}, STAYS, ANY),
    ("The desk adds photos at any time.", "photograph", "dispatcher manager", ALL, STAYS, ANY),
]  # fmt: skip
EXPECTED = {
    (role, action, status): (target or status, relation)
    for _sentence, action, roles, sources, target, relation in SENTENCES
    for role in roles.split()
    for status in sources
}
ACTIONS = sorted({sentence[1] for sentence in SENTENCES})


def outcome(role: str, action: str, status: str, *, is_owner: bool, in_household: bool) -> str:
    """Return the status an action leads to, or the name of its refusal."""
    try:
        rule = lifecycle.check(action, status, role, is_owner=is_owner, in_household=in_household)
    except (NotForRole, NotNow, NotYours) as refusal:
        return type(refusal).__name__
    return rule.target or status


def test_the_words_are_the_same_as_in_the_code() -> None:
    assert set(ACTIONS) == set(lifecycle.ACTIONS)
    assert set(lifecycle.STATUSES) == ALL


@pytest.mark.parametrize("action", ACTIONS)
def test_every_cell(action: str) -> None:
    for role, status, is_owner, at_home in itertools.product(ROLES, sorted(ALL), (False, True), (False, True)):
        found = outcome(role, action, status, is_owner=is_owner, in_household=at_home)
        expected = EXPECTED.get((role, action, status))
        if expected is None:
            has_some = any(cell[:2] == (role, action) for cell in EXPECTED)
            assert found == ("NotNow" if has_some else "NotForRole"), (role, status)
            continue
        target, relation = expected
        fits = {ANY: True, OWN: is_owner, HOME: at_home, SETTLING: False}[relation]
        assert found == (target if fits else "NotYours"), (role, status, is_owner, at_home)


@pytest.mark.parametrize("role", ROLES)
def test_what_is_offered_is_exactly_what_is_allowed(role: str) -> None:
    for status, is_owner, at_home in itertools.product(sorted(ALL), (False, True), (False, True)):
        offered = lifecycle.allowed(status, role, is_owner=is_owner, in_household=at_home)
        assert len(set(offered)) == len(offered)
        works = {
            action
            for action in ACTIONS
            if not outcome(role, action, status, is_owner=is_owner, in_household=at_home).startswith("Not")
        }
        assert set(offered) == works, (status, is_owner, at_home)


def test_the_desk_completes_a_complaint_that_it_settles() -> None:
    rule = lifecycle.check("complete", "filed", "dispatcher", is_owner=False, in_household=False, settling=True)
    assert rule.target == "completed"


def test_a_refusal_for_the_moment_says_from_when_it_would_work() -> None:
    with pytest.raises(NotNow) as refusal:
        lifecycle.check("complete", "claimed", "crew", is_owner=True, in_household=False)
    assert refusal.value.sources == ("in_progress",)


def test_nothing_leads_out_of_an_ended_request() -> None:
    moving = [cell for cell, (target, _) in EXPECTED.items() if cell[2] in ENDED and target != cell[2]]
    assert moving == []


def test_nothing_waits_for_a_reason_that_could_mean_anything() -> None:
    assert "other" not in lifecycle.WAITING_REASONS


@pytest.mark.parametrize(
    ("needed", "skills", "able"),
    [
        (["plumbing"], ["plumbing", "gas"], True),
        (["plumbing", "electrical"], ["electrical"], True),
        (["plumbing"], ["gas"], False),
        (["plumbing"], [], False),
    ],
)
def test_one_skill_of_those_asked_for_is_enough(needed: list[str], skills: list[str], able: bool) -> None:
    assert lifecycle.is_skilled(needed, skills) is able


def test_every_status_and_action_has_a_name_a_chinese_reader_knows() -> None:
    assert set(lifecycle.STATUS_NAMES_ZH) == set(lifecycle.STATUSES)
    assert set(lifecycle.ACTION_NAMES_ZH) == set(lifecycle.ACTIONS)
