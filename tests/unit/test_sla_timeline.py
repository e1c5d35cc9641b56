"""The story of a clock, as a manager who asks why it was breached reads it."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.tickets.lifecycle import WAITING_REASONS
from services.tickets.sla import wording
from services.tickets.sla.calendar import ALWAYS, Calendar
from services.tickets.sla.clocks import Event, compute
from services.tickets.sla.escalation import HALVED
from services.tickets.sla.pauses import VOIDS
from services.tickets.sla.runs import ENDS, SWITCHES_POLICY
from services.tickets.sla.switches import Switches
from services.tickets.sla.targets import ALL_KINDS, Target
from services.tickets.sla.timeline import ORDER, Moment, explain
from tests.unit.test_sla_clock_properties import PATIENT, calendars, histories, switches, targets

HOUR = 3600
ZONE = ZoneInfo("Asia/Shanghai")
HOURS = {day: [["08:30", "12:00"], ["13:30", "17:30"]] for day in ("mon", "tue", "wed", "thu", "fri")}
DESK = Calendar.from_json({"tz": "Asia/Shanghai", "hours": HOURS})
NINE_HOURS = Target("resolve", 9 * HOUR, basis="working", warn=(0.5,))
FOUR_HOURS = Target("resolve", 4 * HOUR, warn=())


def at(day: int, hour: float) -> datetime:
    """An hour of a day of November 2026 in Shanghai; the 20th is a Friday."""
    return datetime(2026, 11, day, tzinfo=ZONE) + timedelta(hours=hour)


def event(
    action: str, when: datetime, status: str = "", reason: str | None = None, until: datetime | None = None
) -> Event:
    return Event(action, when, reason, "crew", status, until)


def lines(story: tuple[Moment, ...]) -> list[tuple[str, str]]:
    return [(moment.at.astimezone(ZONE).strftime("%d %H:%M"), moment.what) for moment in story]


def why(events: list[Event], *targets: Target, **more: Any) -> tuple[Moment, ...]:
    return explain(events, targets, DESK, kind=more.pop("kind", "resolve"), **more)


FILED = event("file", at(20, 10))
PAUSED = event("pause", at(20, 15), "waiting", "parts", at(20, 16.5))
RESUMED = event("resume", at(21, 9), "in_progress")
DONE = event("complete", at(23, 16), "completed")


def test_a_breach_is_told_from_the_start_to_the_sum() -> None:
    story = why([FILED, PAUSED, RESUMED, DONE], NINE_HOURS)
    assert lines(story) == [
        ("20 10:00", "started"),
        ("20 12:00", "closed"),
        ("20 15:00", "paused"),
        ("20 16:30", "expired"),
        ("20 17:30", "warned"),
        ("20 17:30", "closed"),
        ("23 12:00", "closed"),
        ("23 14:30", "due"),
        ("23 14:30", "breached"),
        ("23 16:00", "stopped"),
        ("23 16:00", "sum"),
    ]


def test_the_sentences_are_there_in_both_languages() -> None:
    story = {moment.what: moment for moment in why([FILED, PAUSED, RESUMED, DONE], NINE_HOURS)}
    assert story["started"].says == {
        "zh-CN": "解决计时开始（第 1 次），时限 9 小时（工作时间），规则 standard；时间为 Asia/Shanghai 当地时间。",
        "en": "The clock for resolution started (no. 1): 9 h of working time by rule standard, in Asia/Shanghai time.",
    }
    assert story["paused"].says["en"] == "Paused because parts are awaited, until 2026-11-20 16:30 at the latest."
    assert story["paused"].says["zh-CN"] == "暂停计时：等待配件，最迟至 2026-11-20 16:30。"
    assert story["paused"].until == at(20, 16.5)
    assert story["expired"].says["en"] == "The pause ran out by itself after 1 h 30 min; the clock ran on."
    assert story["stopped"].says == {"zh-CN": "计时停止：工作已完成。", "en": "The work was completed."}
    assert story["sum"].says["en"] == (
        "In sum: contract time 10 h 30 min, lived time 78 h, of it paused 1 h 30 min, target 9 h. Late by 1 h 30 min."
    )
    assert story["sum"].says["zh-CN"].endswith("超时 1 小时 30 分。")


def test_a_pause_still_on_says_until_when_and_by_when_the_job_is_due_at_the_latest() -> None:
    story = why([FILED, PAUSED], NINE_HOURS, asof=at(20, 15.5))
    assert ("20 16:30", "expired") not in lines(story)
    (due,) = [moment for moment in story if moment.what == "due"]
    assert due.says["en"] == "Will be due at the latest; sooner when work goes on sooner."
    assert story[-1].says["en"].endswith("Paused.")


def test_a_pause_without_an_end_leaves_the_deadline_out_of_the_story() -> None:
    story = why([FILED, event("pause", at(20, 11), "waiting", "dragons")], NINE_HOURS, asof=at(20, 15))
    assert [what for _, what in lines(story)] == ["started", "paused", "closed", "sum"]
    assert story[1].says["en"] == "Paused because of 'dragons'."


def test_a_pause_ended_in_time_is_resumed_and_one_the_desk_refused_is_said_to_count() -> None:
    resumed = why([FILED, PAUSED, event("resume", at(20, 16), "in_progress")], NINE_HOURS)
    assert ("20 16:00", "resumed") in lines(resumed)
    refused = why([FILED, PAUSED, event("disallow", at(20, 16), "in_progress")], NINE_HOURS)
    assert lines(refused)[2:4] == [("20 15:00", "paused"), ("20 16:00", "disallowed")]
    assert "begun 2026-11-20 15:00: that time counts" in refused[3].says["en"]


def test_a_clock_that_waiting_does_not_stop_says_so() -> None:
    statute = Target("resolve", 9 * HOUR, pauses=False, rule="lift_entrapment")
    story = why([FILED, PAUSED, RESUMED], statute)
    assert [what for _, what in lines(story)] == ["started", "ran_on", "warned", "due", "breached", "sum"]
    assert "by rule lift_entrapment" in story[0].says["en"]


def test_closed_hours_are_listed_up_to_a_bound_and_the_rest_counted() -> None:
    story = why([FILED], NINE_HOURS, asof=at(20, 10) + timedelta(days=100))
    assert len([moment for moment in story if moment.what == "closed"]) == 40
    (more,) = [moment for moment in story if moment.what == "more_closed"]
    # Seventy-one weekdays, from one Friday to another, have as many noons and as many nights.
    assert more.says["en"].startswith("102 more closed spells until ")


def test_closed_hours_mean_nothing_to_a_clock_that_never_stops() -> None:
    assert "closed" not in [what for _, what in lines(why([FILED, DONE], FOUR_HOURS))]


def test_a_job_filed_on_saturday_begins_closed() -> None:
    story = why([event("file", at(21, 11))], NINE_HOURS)
    assert lines(story)[:2] == [("21 11:00", "started"), ("21 11:00", "closed")]
    assert story[1].until == at(23, 8.5)


def test_a_cancelled_job_ends_void() -> None:
    story = why([FILED, event("cancel", at(20, 11))], FOUR_HOURS)
    assert story[-2].says == {"zh-CN": "计时作废：工单已取消。", "en": "Void: the job was cancelled."}
    assert story[-1].says["en"].endswith("Void, so not judged.")


def test_the_total_tells_the_time_the_job_lay_completed() -> None:
    events = [FILED, event("complete", at(20, 12)), event("reopen", at(22, 9)), event("complete", at(22, 10))]
    story = why(events, FOUR_HOURS, kind="total", switches=Switches(reopening="both"))
    assert lines(story) == [
        ("20 10:00", "started"),
        ("20 12:00", "completed"),
        ("22 09:00", "reopened"),
        ("22 10:00", "stopped"),
        ("22 11:00", "due"),
        ("22 10:00", "sum"),
    ]


def test_a_deadline_nobody_can_compute_says_why() -> None:
    shut = [["2026-11-20T00:00:00Z", "2046-01-01T00:00:00Z"]]
    closed = Calendar.from_json({"tz": "Asia/Shanghai", "hours": HOURS, "closures": shut})
    story = explain([FILED], [NINE_HOURS], closed, kind="resolve", asof=at(21, 0))
    (unknown,) = [moment for moment in story if moment.what == "unknown"]
    assert "does not open for ten years" in unknown.says["zh-CN"]


def test_a_clock_known_already_is_told_as_it_is() -> None:
    (strict,) = compute([FILED], [Target("resolve", HOUR, rule="before")], ALWAYS, asof=at(20, 12))
    story = why([FILED], FOUR_HOURS, asof=at(20, 12), clock=strict)
    assert ("20 11:00", "breached") in lines(story)
    assert "by rule before" in story[0].says["en"]


def test_a_change_of_terms_on_the_way_is_part_of_the_story() -> None:
    story = why([FILED, event("override", at(20, 11)), event("complete", at(20, 12))], FOUR_HOURS)
    assert lines(story)[1:3] == [("20 11:00", "terms"), ("20 12:00", "stopped")]
    assert story[1].says == {"zh-CN": "客服更正了工单。", "en": "The desk corrected the job."}
    anew = [FILED, event("override", at(20, 11))]
    old = why(anew, FOUR_HOURS, switches=Switches(switched_policy="from_switch"))
    assert old[-2].says["en"] == "Void: the desk corrected the job."


def test_a_change_of_terms_says_what_it_changed_the_target_to() -> None:
    events = [FILED, replace(event("reevaluate", at(20, 11)), seq=7), event("complete", at(20, 12))]
    (before,) = compute([FILED], [Target("resolve", 1, sundown=True)], DESK)
    (after,) = compute([FILED], [NINE_HOURS], DESK)
    says = why(events, NINE_HOURS, moved={7: (before, after)})[1].says
    assert says == {
        "zh-CN": "项目经理将工单改用现行时限：时限由 当日 24:00 前 改为 9 小时（工作时间）。",
        "en": "A manager moved the job to the terms in force: target before by the end of the day (24:00), "
        "after 9 h of working time.",
    }


def test_what_was_done_before_it_was_due_would_have_been_due_later() -> None:
    story = why([FILED, event("complete", at(20, 12))], FOUR_HOURS)
    assert lines(story)[1:] == [("20 12:00", "stopped"), ("20 14:00", "due"), ("20 12:00", "sum")]
    assert story[2].says == {"zh-CN": "原应于此时到期。", "en": "Would have been due."}


def test_a_target_by_the_end_of_the_day_is_told_as_that_and_not_by_the_least_it_leaves() -> None:
    target = Target("resolve", 2 * HOUR, sundown=True)
    story = why([FILED, event("complete", at(20, 12))], target)
    assert story[0].says == {
        "zh-CN": "解决计时开始（第 1 次），时限为当日 24:00 前，规则 standard；时间为 Asia/Shanghai 当地时间。",
        "en": "The clock for resolution started (no. 1): due by the end of the day (24:00), by rule standard, "
        "in Asia/Shanghai time.",
    }
    assert story[-1].says["en"].endswith("target by the end of the day (24:00). In time.")
    assert story[-1].says["zh-CN"].endswith("时限 当日 24:00 前。按时。")
    evening = why([event("file", at(20, 23))], target)
    assert "started (no. 1): 2 h of clock time by rule" in evening[0].says["en"]
    assert "target 2 h." in evening[-1].says["en"]


def test_a_clock_of_half_a_visits_time_says_why() -> None:
    target = Target("claim", HOUR, warn=(0.5,), rule=HALVED["attend"], pauses=False)
    started = why([FILED], target, kind="claim")[0].says
    assert started["en"].endswith("That is half of the time for attendance, because that is sooner.")
    assert started["zh-CN"].endswith("其时长为到场时限的一半，因其更短。")


@PATIENT
@given(histories("disallow"), st.lists(targets, min_size=1, max_size=3), calendars, switches, st.integers(0, 400))
def test_every_clock_of_any_history_has_a_story_that_ends_with_its_sum(
    events: list[Event], wanted: list[Target], desk: Calendar, chosen: Switches, hours: int
) -> None:
    asof = events[0].at + timedelta(hours=hours)
    for clock in compute(events, wanted, desk, asof=asof, switches=chosen):
        story = explain(events, wanted, desk, kind=clock.kind, generation=clock.generation, asof=asof, switches=chosen)
        told = [moment.what for moment in story]
        assert (told[0], told[-1]) == ("started", "sum")
        assert [moment.at for moment in story[:-1]] == sorted(moment.at for moment in story[:-1])
        assert ("breached" in told) == (clock.breached_at is not None)
        assert told.count("stopped") + told.count("void") == (clock.stopped_at is not None)
        assert told.count("warned") == len([at for at in clock.warnings_at if at <= (clock.stopped_at or asof)])


def test_a_clock_the_ticket_does_not_have_is_refused() -> None:
    with pytest.raises(ValueError, match="no clock 'resolve' of generation 2"):
        why([FILED], FOUR_HOURS, generation=2)
    with pytest.raises(ValueError, match="no clock 'callback' of generation 1"):
        why([FILED], FOUR_HOURS, kind="callback")


def test_an_hour_that_occurs_twice_is_told_with_its_offset() -> None:
    berlin = ZoneInfo("Europe/Berlin")
    first = datetime.fromisoformat("2026-10-25T02:30:05+02:00")
    assert wording.local(berlin, first) == "2026-10-25 02:30:05 +0200"
    assert wording.local(berlin, first + timedelta(hours=1)) == "2026-10-25 02:30:05 +0100"
    assert wording.local(berlin, first + timedelta(hours=2)) == "2026-10-25 03:30:05"


def test_there_are_words_for_everything_a_story_may_tell() -> None:
    assert set(wording.KINDS) == set(ALL_KINDS)
    assert set(WAITING_REASONS) <= set(wording.REASONS)
    assert set(ORDER) <= set(wording.SENTENCES)
    stopping = set().union(*ENDS.values(), VOIDS, SWITCHES_POLICY, {"call_back"})
    assert stopping <= set(wording.DEEDS)
    assert all(set(words) == {"zh-CN", "en"} for words in (*wording.SENTENCES.values(), *wording.KINDS.values()))
    assert wording.length(0) == {"zh-CN": "0 秒", "en": "0 s"}
    assert wording.length(None)["en"] == "unknown"
