"""Every cell of the complaints' table, role by action by step, held against a table written from the rules in words."""

import itertools

import pytest

from services.kit.identity import ROLES
from services.tickets import lifecycle
from services.tickets.complaints import steps
from services.tickets.complaints.steps import NotForRole, NotNow, NotSo

ALL = {"new", "identified", "assessed", "offered", "chosen", "approved", "acting", "settled", "replied", "reviewed"}
FIRST_LINE = "crew dispatcher manager"
# sentence, action, roles, from which steps, to which step
SENTENCES = [
    ("Whoever hears it identifies it, and says it better later.", "identify", FIRST_LINE, {"new", "identified"},
     "identified"),
    ("It is judged, and judged anew where it was not settled.", "assess", FIRST_LINE,
     {"identified", "assessed", "offered", "settled", "replied", "reviewed"}, "assessed"),
    ("What was judged is negotiated.", "offer", FIRST_LINE, {"assessed", "offered"}, "offered"),
    ("The complainant chooses of what was offered.", "choose", f"resident {FIRST_LINE}", {"offered"}, "chosen"),
    ("A manager approves what was chosen.", "approve", "manager", {"chosen"}, "approved"),
    ("Or does not, and it is negotiated again.", "refuse", "manager", {"chosen"}, "assessed"),
    ("Time alone makes an approval late.", "overdue", "system", {"chosen"}, "chosen"),
    ("What was approved is done.", "act", FIRST_LINE, {"approved", "acting"}, "acting"),
    ("What is being done is settled, or at once.", "settle", FIRST_LINE, {"assessed", "acting"}, "settled"),
    ("What is not justified is answered.", "reply", FIRST_LINE, {"assessed"}, "replied"),
    ("The desk looks back.", "review", "dispatcher manager", {"acting", "settled", "replied", "reviewed"}, "reviewed"),
]  # fmt: skip
EXPECTED = {
    (role, action, step): target
    for _sentence, action, roles, sources, target in SENTENCES
    for role in roles.split()
    for step in sources
}
JUDGEMENTS = list(itertools.product((None, True, False), (None, True, False)))


def outcome(action: str, role: str, step: str, justified: bool | None, at_once: bool | None) -> str:
    """Return the step an action leads to, or the name of its refusal."""
    try:
        return steps.check(action, role, {"step": step, "justified": justified, "settle_at_once": at_once}).target
    except NotSo as refusal:
        return refusal.because
    except (NotForRole, NotNow) as refusal:
        return type(refusal).__name__


def stands_against(action: str, step: str, justified: bool | None, at_once: bool | None) -> str | None:
    """Return what a judgement keeps from being done, in words of the rules."""
    if action in ("offer", "settle") and justified is False:
        return "not_justified"
    if action == "reply" and justified is True:
        return "justified"
    if action == "settle" and step == "assessed" and at_once is not True:
        return "not_at_once"
    return None


def test_the_words_are_the_same_as_in_the_code() -> None:
    assert set(steps.STEPS) == ALL == set(steps.STAGES) == set(steps.STEP_NAMES_ZH)
    assert set(steps.ACTIONS) == {sentence[1] for sentence in SENTENCES}


@pytest.mark.parametrize("action", steps.ACTIONS)
def test_every_cell(action: str) -> None:
    for role, step, judged in itertools.product((*ROLES, "system"), sorted(ALL), JUDGEMENTS):
        expected = EXPECTED.get((role, action, step))
        if expected is None:
            has_some = any(cell[:2] == (role, action) for cell in EXPECTED)
            expected = "NotNow" if has_some else "NotForRole"
        else:
            expected = stands_against(action, step, *judged) or expected
        assert outcome(action, role, step, *judged) == expected, (role, step, judged)


@pytest.mark.parametrize("role", [*ROLES, "system"])
def test_what_is_offered_is_exactly_what_is_allowed(role: str) -> None:
    for step, (justified, at_once) in itertools.product(sorted(ALL), JUDGEMENTS):
        case = {"step": step, "justified": justified, "settle_at_once": at_once}
        works = {one for one in steps.ACTIONS if outcome(one, role, step, justified, at_once) in ALL}
        assert set(steps.allowed(role, case)) == works, case


def test_both_tables_know_the_same_roles() -> None:
    for rule in steps.RULES:
        assert {one.role for one in lifecycle.RULES if one.action == rule.action} == set(rule.roles), rule.action


def test_every_complaint_can_come_to_its_end() -> None:
    reached, more = {"new"}, True
    while more:
        found = {rule.target for rule in steps.RULES if reached & set(rule.sources)}
        more, reached = not found <= reached, reached | found
    assert reached == ALL
