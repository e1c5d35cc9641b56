"""Every notice that can be written reads well in both languages."""

import re
from datetime import timedelta
from pathlib import Path

import pytest

from services.contracts import Fact, complaints, surveys, tickets, waits
from services.contracts.appointments import AppointmentFact
from services.contracts.community import CommunityFact, PlanSkipped
from services.contracts.gateway import AccountReinvited
from services.contracts.waits import ToldWait
from services.kit.identity import LOCALES
from services.notify import rendering
from services.notify.audience import RULES, Contact, Rule
from services.notify.facts import DeskFact, NoticeUndelivered
from tests.notify.conftest import NOON, facts_about

# Outgoing words avoid negatives and blame.
DAY = {"zh-CN": "3月4日", "en": "4 Mar"}
UNWANTED = {
    "zh-CN": r"不能|不会|不知道|不可能|不是|无法|没办法|没有|但是|应该|弄错|不关|从来|一分价钱|你(?!好)",
    "en": r"(?i)\b(not|cannot|can't|don't|won't|unable|impossible|unfortunately|never|but|should|fault|wrong)\b",
}
WAITS = (
    ToldWait("attend", 80, NOON, NOON + timedelta(hours=4), 63, "item_community_hours").written(),
    ToldWait("resolve", 80, NOON, NOON + timedelta(days=2), 61, "one of a later version").written(),
)
TEMPLATES = Path(rendering.__file__).parent / "templates"


def _variants(rule: Rule) -> list[Fact]:
    changes: list[dict[str, object]] = [{}]
    if issubclass(rule.fact, tickets.TicketFact):
        changes = [{"urgency": "emergency", "need_level": None}, {"urgency": "urgent"}, {"urgency": "routine"}]
    if rule.fact is tickets.TicketReopened:
        changes += [{"cause": cause} for cause in ("resident", "staff", "survey", "one of a later version")]
    if rule.fact in (tickets.SlaWarned, tickets.SlaBreached):
        clocks = ("acknowledge", "attend", "make_safe", "resolve", "callback", "total", "one of a later version")
        changes += [{"clock": clock, "due_at": NOON} for clock in clocks]
    if rule.fact is tickets.TicketUnclaimed:
        changes += [{"due_at": NOON, "urgency": "routine"}]
    if rule.fact in (tickets.TicketPaused, tickets.TicketObjected):
        reasons = ("parts", "access", "resident_choice", "third_party", "weather", "approval", "of a later version")
        changes += [{"waiting_reason": reason} for reason in reasons]
    if issubclass(rule.fact, DeskFact):
        changes += [{"cause": cause} for cause in ("undelivered", "unacknowledged", "gone", "exhausted")]
    if rule.fact is NoticeUndelivered:
        changes += [{"tried": False, "cause": cause} for cause in ("undelivered", "unacknowledged")]
    if rule.fact is PlanSkipped:
        changes += [{"because": because} for because in ("missed", "resident_left", "not_possible")]
    if rule.fact is tickets.TicketPaused:
        changes += [{"waiting_reason": "parts", "paused_until": NOON}]
    if rule.fact is complaints.ComplaintAssessed:
        changes += [
            {"justified": justified, "investigate_until": until}
            for justified in (True, False)
            for until in (None, NOON)
        ]
    if rule.fact in (complaints.ComplaintAccepted, complaints.ComplaintDelayed):
        changes = [{"approval_due_at": NOON}]
    if rule.fact is tickets.TicketFiled:
        changes += [{"acknowledge_due_at": NOON + later} for later in (timedelta(minutes=30), timedelta(days=1))]
    if rule.fact is tickets.TicketFiled:
        changes += [{**change, "waits": WAITS} for change in changes]
    if rule.fact is waits.WaitMoved:
        moved = {"was_from_at": NOON, "was_until_at": NOON + timedelta(hours=2), "percent": 80, "n": 63}
        later = {"from_at": NOON, "until_at": NOON + timedelta(days=1), "basis": "item_community"}
        changes = [
            {**moved, **(later if how != "lost" else {}), "moved": how, "measure": measure}
            for how in ("later", "sooner", "lost")
            for measure in ("attend", "resolve")
        ]
    if rule.fact is tickets.TicketReopened:
        changes += [{"resolve_due_at": NOON + later} for later in (timedelta(hours=2), timedelta(days=1))]
    if rule.fact is tickets.TicketCompleted:
        changes += [{"work_type": "complaint"}]
    if rule.fact is tickets.TicketResumed:
        changes += [{"expired": True}]
    if rule.fact is tickets.TicketPromised:
        changes = [{"promised_at": NOON}]
    if issubclass(rule.fact, AppointmentFact):
        window = {"begins_at": NOON + timedelta(days=1), "ends_at": NOON + timedelta(days=1, hours=3)}
        sides = [
            {**window, "by_household": own, "actor_role": who} for own in (False, True) for who in ("crew", "resident")
        ]
        flags = [name for name in ("instead", "spoken", "agreed") if name in rule.fact.__dataclass_fields__]
        changes = [{**side, **dict.fromkeys(flags, said)} for side in sides for said in (False, True)]
    return [facts_about(rule.fact, **change) for change in changes]


@pytest.mark.parametrize("locale", LOCALES)
@pytest.mark.parametrize("rule", RULES, ids=lambda rule: f"{rule.kind}.{rule.audience}")
def test_every_kind_and_audience_has_its_words(rule: Rule, locale: str) -> None:
    for fact in _variants(rule):
        words = rendering.render(fact, rule, Contact("p", "o", locale=locale), NOON)
        assert words.locale == locale
        text = f"{words.title}\n{words.body}"
        assert 5 <= len(words.title) <= 90
        # What is no step on a ticket is known by its day.
        known_by = DAY[locale] if issubclass(rule.fact, CommunityFact | AccountReinvited) else "XF-000042"
        assert known_by in words.title
        assert not re.search(UNWANTED[locale], text), text
        assert re.match("尊敬的业主，您好！|同事，您好！|Dear resident,|Dear colleague,", words.body)
        assert ("下一步" if locale == "zh-CN" else "Next step") in words.body or "emergency" in text or "紧急" in text
        assert re.search("感谢|谢谢|致歉|歉意|(?i:thank|apologise)", words.body), text
        assert "  " not in text
        assert "{" not in text


def test_no_template_waits_for_an_event_nobody_hears_of() -> None:
    wanted = {f"{locale}/{rule.kind}.{rule.audience}.txt" for rule in RULES for locale in LOCALES}
    assert {str(path.relative_to(TEMPLATES)) for path in TEMPLATES.rglob("*.txt")} == wanted


def test_times_are_those_of_the_readers_own_clock() -> None:
    rule = next(rule for rule in RULES if rule.fact is tickets.TicketPromised)
    fact = facts_about(tickets.TicketPromised, promised_at=NOON + timedelta(hours=5, minutes=30))
    in_shanghai = rendering.render(fact, rule, Contact("p", "o"), NOON)
    in_london = rendering.render(fact, rule, Contact("p", "o", locale="en", timezone="Europe/London"), NOON)
    assert "3月4日 17:30" in in_shanghai.title
    assert "4 Mar, 09:30" in in_london.title


def said(kind: type[Fact], audience: str, locale: str = "en", **changes: object) -> str:
    """Return what one reader is told of an event."""
    rule = next(rule for rule in RULES if rule.fact is kind and rule.audience == audience)
    words = rendering.render(facts_about(kind, **changes), rule, Contact("p", "o", locale=locale), NOON)
    return f"{words.title}\n{words.body}"


def test_whoever_files_reads_the_time_of_their_own_answer() -> None:
    filed, urgent = tickets.TicketFiled, {"urgency": "urgent", "acknowledge_due_at": NOON + timedelta(minutes=30)}
    assert "客服会在 今天 12:30 之前答复您" in said(filed, "resident", "zh-CN", **urgent)
    assert "the desk answers you before 12:30 today" in said(filed, "resident", **urgent)
    overnight = {"acknowledge_due_at": NOON + timedelta(hours=21, minutes=30)}
    assert "客服会在 3月5日 09:30 之前答复您" in said(filed, "resident", "zh-CN", **overnight)
    assert "before 5 Mar, 09:30" in said(filed, "resident", **overnight)
    assert "客服会在今天结束之前答复您" in said(filed, "resident", "zh-CN")
    assert "before the end of today" in said(filed, "resident")


@pytest.mark.parametrize("audience", ["resident", "dispatcher"])
def test_a_reopened_job_is_seen_to_no_later_than_it_is_due_and_an_emergency_at_once(audience: str) -> None:
    for locale, today, soon, now in (
        ("zh-CN", "今天结束之前", "今天 14:00 之前", "马上"),
        ("en", "before the end of today", "before 14:00 today", "at once"),
    ):
        texts = [
            said(tickets.TicketReopened, audience, locale, **changes)
            for changes in (
                {},
                {"resolve_due_at": NOON + timedelta(days=1)},
                {"resolve_due_at": NOON + timedelta(hours=2)},
                {"urgency": "emergency", "resolve_due_at": NOON + timedelta(hours=2)},
            )
        ]
        assert [(today in text, soon in text, now in text) for text in texts] == [
            (True, False, False), (True, False, False), (False, True, False), (False, False, True),
        ]  # fmt: skip


def test_a_complaint_is_settled_with_an_apology() -> None:
    chinese = said(tickets.TicketCompleted, "resident", "zh-CN", work_type="complaint")
    assert chinese.startswith("您的意见 XF-000042 已办结\n")
    assert "歉意" in chinese
    assert "配合" not in chinese
    english = said(tickets.TicketCompleted, "resident", work_type="complaint")
    assert english.startswith("Your complaint XF-000042 is settled\n")
    assert "apologise" in english


def test_whoever_has_to_wait_reads_for_what_until_when_and_that_they_may_object() -> None:
    waiting = {"waiting_reason": "parts", "paused_until": NOON + timedelta(days=2)}
    english, chinese = (said(tickets.TicketPaused, "resident", locale, **waiting) for locale in ("en", "zh-CN"))
    assert "waiting for a part" in english
    assert "until 6 Mar, 12:00 at the latest" in english
    assert "object" in english
    assert "等待配件到货" in chinese
    assert "最迟到 3月6日 12:00" in chinese
    assert "提出异议" in chinese
    assert "at the latest" not in said(tickets.TicketPaused, "resident", waiting_reason="parts")


def test_the_crew_reads_that_its_pause_ran_out_and_what_comes_next() -> None:
    english = said(tickets.TicketResumed, "owner", expired=True)
    assert "ran out on 4 Mar, 12:00, and its clocks run again" in english
    assert "tell the resident the new time" in english
    assert "继续计时" in said(tickets.TicketResumed, "owner", "zh-CN", expired=True)


def test_what_a_job_waits_for_is_said_from_where_the_reader_stands() -> None:
    assert "waiting for your choice" in said(tickets.TicketPaused, "resident", waiting_reason="resident_choice")
    assert "waiting for the resident's choice" in said(
        tickets.TicketObjected, "owner", waiting_reason="resident_choice"
    )


@pytest.mark.parametrize(
    ("clock", "english", "chinese"),
    [
        ("make_safe", "to make it safe", "排除危险时限"),
        ("callback", "to call the resident", "回访时限"),
        ("total", "to solve it for good", "彻底解决时限"),
    ],
)
def test_every_clock_is_named_by_what_is_to_be_done(clock: str, english: str, chinese: str) -> None:
    assert english in said(tickets.SlaBreached, "dispatcher", clock=clock, due_at=NOON)
    assert chinese in said(tickets.SlaBreached, "dispatcher", "zh-CN", clock=clock, due_at=NOON)


def test_a_call_that_is_due_is_asked_for_as_a_call() -> None:
    due = said(tickets.SlaWarned, "dispatcher", clock="callback", due_at=NOON)
    assert "awaits our call by 4 Mar, 12:00" in due
    assert "find somebody" not in due


def test_a_colleague_who_files_is_greeted_as_one() -> None:
    fact = facts_about(tickets.TicketFiled)
    assert rendering.render(fact, RULES[0], Contact("p", "o", "resident"), NOON).body.startswith("尊敬的业主")
    assert rendering.render(fact, RULES[0], Contact("p", "o", "crew"), NOON).body.startswith("同事")


def test_a_locale_we_do_not_speak_is_answered_in_english() -> None:
    rule = next(rule for rule in RULES if rule.fact is surveys.SurveyInvited)
    words = rendering.render(facts_about(surveys.SurveyInvited), rule, Contact("p", "o", locale="fr"), NOON)
    assert words.locale == "en"


def test_a_hostile_number_is_text_and_not_a_template() -> None:
    rule = RULES[0]
    fact = facts_about(tickets.TicketFiled, number="{{ 7 * 7 }}")
    assert "{{ 7 * 7 }}" in rendering.render(fact, rule, Contact("p", "o"), NOON).title
