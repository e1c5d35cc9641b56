"""Triage: short and long requests, two languages, corrections, odd input, and JSON lines."""

import json
import time

import pytest

from services.tickets.catalogue import NEEDS_A_HUMAN, NOT_OURS, TOPICS, load
from services.tickets.triage import learn, triage, triage_jsonl

# text, topic, need level, urgency
CASES = [
    ("水管爆了", "repair", 1, "emergency"),
    ("楼道灯不亮", "repair", 1, "routine"),
    ("我家马桶堵了，水流不下去", "repair", 1, "urgent"),
    ("楼上漏水漏到我家天花板", "repair", 1, "urgent"),
    ("空调坏了不制冷", "repair", 1, "urgent"),
    ("插座冒火花，不敢碰", "repair", 2, "emergency"),
    ("我家停电了", "utilities", 1, "emergency"),
    ("从早上开始停水，一滴都没有", "utilities", 1, "emergency"),
    ("小区经常停水，三天两头这样", "utilities", 1, "urgent"),
    ("厨房闻到煤气味", "utilities", 2, "emergency"),
    ("水压太小，六楼洗不了澡", "utilities", 1, "urgent"),
    ("宽带断网三天了", "utilities", 1, "routine"),
    ("电梯里困了三个人", "elevator", 2, "emergency"),
    ("3栋电梯突然掉到一楼", "elevator", 2, "emergency"),
    ("电梯坏了两天了没人修", "elevator", 1, "urgent"),
    ("门口垃圾堆了三天没人收", "cleaning", 1, "routine"),
    ("楼下餐馆油烟太呛人", "cleaning", 1, "urgent"),
    ("地下室有老鼠", "cleaning", 1, "urgent"),
    ("楼上半夜跳舞太吵睡不着", "noise", 1, "urgent"),
    ("隔壁凌晨还在装修，噪音很大", "noise", 1, "urgent"),
    ("二楼阳台着火了", "security", 2, "emergency"),
    ("消防通道堆满杂物", "security", 2, "urgent"),
    ("有人从楼上往下扔东西，高空抛物", "security", 2, "urgent"),
    ("邻居在楼顶违章搭建", "security", 2, "routine"),
    ("有陌生车辆长期占我的车位", "parking", 2, "routine"),
    ("停车费又涨价了，凭什么", "parking", 4, "routine"),
    ("草坪枯死了没人浇水", "greening", 1, "routine"),
    ("业委会什么时候换届", "community", 3, "routine"),
    ("我想报名当志愿者，教孩子们画画", "community", 5, "routine"),
    ("表扬一下张师傅，服务很周到", "community", 4, "routine"),
    ("独居的王奶奶敲门没人应", "community", 2, "emergency"),
    ("前台态度很差，打电话没人理", "complaint_service", 4, "routine"),
    ("物业费收得不合理，账目也不公示", "complaint_service", 4, "routine"),
    ("请问装修手续怎么办理", "consultation", None, "routine"),
    ("公司拖欠工资三个月", "other_not_property", None, "routine"),
    ("Burst pipe in the kitchen, water everywhere", "repair", 1, "emergency"),
    ("my kitchen tap is dripping", "repair", 1, "urgent"),
    ("The hallway light bulb is out", "repair", 1, "routine"),
    ("The outlet in my bedroom is sparking", "repair", 2, "emergency"),
    ("Air conditioner is blowing hot air", "repair", 1, "urgent"),
    ("no hot water since morning", "utilities", 1, "emergency"),
    ("There is no heat in the whole building", "utilities", 1, "emergency"),
    ("Power is out in our flat", "utilities", 1, "emergency"),
    ("I smell gas near the stove", "utilities", 2, "emergency"),
    ("The lift is stuck with my mother inside", "elevator", 2, "emergency"),
    ("Elevator not working again", "elevator", 1, "urgent"),
    ("Nobody collected the trash this week", "cleaning", 1, "routine"),
    ("Mice in the laundry room", "cleaning", 1, "urgent"),
    ("The neighbours play loud music every night", "noise", 1, "urgent"),
    ("There is smoke coming from the basement", "security", 2, "emergency"),
    ("Someone broke into my storage unit", "security", 2, "urgent"),
    ("A car is parked in my space again", "parking", 2, "routine"),
    ("A big tree has fallen on the path", "greening", 2, "emergency"),
    ("I want to volunteer to teach kids painting", "community", 5, "routine"),
    ("Thank you, the plumber did a great job", "community", 4, "routine"),
    ("The front desk was rude to me", "complaint_service", 4, "routine"),
    ("Where do I pay my management fee?", "consultation", 4, "routine"),
    ("My employer has not paid my wages", "other_not_property", None, "routine"),
]


@pytest.mark.parametrize(("text", "topic", "need_level", "urgency"), CASES)
def test_a_resident_s_one_liner_is_understood(text: str, topic: str, need_level: int | None, urgency: str) -> None:
    verdict = triage(text)
    assert verdict.topic == topic
    assert verdict.urgency == urgency
    if topic != "consultation" or need_level:
        assert verdict.need_level == need_level
    item = load().get(verdict.catalogue_code)
    assert (verdict.topic, verdict.work_type) == (item.topic, item.work_type)


@pytest.mark.parametrize(
    "text", ["", "   ", "\n\n", "你好", "hello", "在吗", "asdf qwer zxcv", "😀😀😀", "123456", "....", "\x00\x07"]
)
def test_a_greeting_or_nonsense_goes_to_a_person_with_low_confidence(text: str) -> None:
    verdict = triage(text)
    assert verdict.catalogue_code == NEEDS_A_HUMAN
    assert verdict.confidence <= 0.2
    assert verdict.because


def test_what_is_not_ours_says_so_and_carries_no_need_level() -> None:
    verdict = triage("我的医保卡在老家住院怎么报销")
    assert verdict.catalogue_code == NOT_OURS
    assert verdict.need_level is None
    assert verdict.urgency == "routine"


def test_because_quotes_words_of_the_text_and_speaks_the_reader_s_language() -> None:
    text = "厨房水管漏水"
    reasons = triage(text).because
    assert all(reason["word"] in text for reason in reasons)
    assert any("漏" in reason["word"] for reason in reasons)
    assert "维修" in reasons[0]["says"]
    assert triage(text, locale="en").because[0]["says"] == "speaks of repair"
    assert "维修" in triage("The roof is leaking", locale="zh-CN").because[0]["says"]


def test_a_title_weighs_more_than_the_story_under_it() -> None:
    story = "我们是老业主了，开发商和物业一直推诿，态度也不好，打了很多次电话都不回复。"
    assert triage(f"请求解决地下室漏水问题\n{story}").topic == "repair"
    assert triage(f"物业费乱收\n{story}").topic == "complaint_service"


@pytest.mark.parametrize(
    "text",
    [
        "请问电梯困人了应该打哪个电话",
        "物业收费这么高，楼道电线冒火花也没人管",
        "Could you tell me who to call, I smell gas in my flat",
        "I would like to know what to do, there is smoke coming from the meter room",
    ],
)
def test_a_danger_to_life_does_not_hide_behind_a_question_or_a_complaint(text: str) -> None:
    verdict = triage(text)
    assert (verdict.urgency, verdict.need_level) == ("emergency", 2)


def test_a_title_may_end_in_any_mark() -> None:
    story = "请问能不能管一管，态度也不好，打了很多次电话都不回复。"
    for mark in ("", "！", "？", "。", "!", "?"):
        assert triage(f"请求解决地下室漏水问题{mark}\n{story}").topic == "repair"


@pytest.mark.parametrize(
    ("first_named", "topic"),
    [("噪音和油烟都很大", "noise"), ("油烟和噪音都很大", "cleaning")],
)
def test_of_noise_and_fumes_the_one_named_first_counts(first_named: str, topic: str) -> None:
    assert triage(f"楼下饭店{first_named}").topic == topic


@pytest.mark.parametrize(
    ("text", "urgency"),
    [
        ("The bedroom is 44 degrees at night", "emergency"),
        ("The bedroom is 61 F at night", "urgent"),
        ("卧室只有8度，冻得睡不着", "emergency"),
        ("客厅暖气只有14摄氏度", "urgent"),
        ("The AC is out and it is 99F in here", "emergency"),
        ("空调坏了，屋里38度", "emergency"),
        ("空调坏了，屋里30度", "urgent"),
        ("空调这个月用了38度电，帮忙检修", "urgent"),
        ("The freezer is at 99 degrees, please repair it", "routine"),
        ("Please replace the exhaust fan filter 42C9GKG", "routine"),
    ],
)
def test_a_temperature_says_how_pressing_it_is(text: str, urgency: str) -> None:
    assert triage(text).urgency == urgency


@pytest.mark.parametrize(
    "text",
    [
        "楼道里停电动车",
        "我们楼没有电梯",
        "有关水费的通知在哪看",
        "电梯被关闭两天了",
        "someone dropped trash in the lift",
    ],
)
def test_what_only_sounds_like_a_danger_is_none(text: str) -> None:
    assert triage(text).urgency != "emergency"


def test_a_future_fire_is_a_risk_and_not_a_fire() -> None:
    assert triage("楼道堆满纸箱，一旦发生火灾后果严重").urgency != "emergency"
    assert triage("楼道里的纸箱着火了").urgency == "emergency"


@pytest.mark.parametrize(
    "text", ["漏水" * 2500, "a " * 2500, "🙂水管" * 1500, "\u202e" * 5000, "|\n" * 2500, "ﷺ" * 5000, "é" * 5000]
)
def test_long_and_odd_texts_are_judged_quickly_and_never_fail(text: str) -> None:
    triage("warm up")
    start = time.process_time()
    for _ in range(5):
        verdict = triage(text)
    assert verdict.topic in TOPICS
    assert 0 <= verdict.confidence <= 1
    assert (time.process_time() - start) / 5 < 0.02


def test_any_language_is_answered() -> None:
    for text in ("Протекает кран на кухне", "水漏れしています", "تسرب المياه", "Ĳssel ﬁre", "Der Aufzug steckt fest"):
        assert triage(text).topic in TOPICS


def test_a_correction_moves_a_later_text_that_reads_alike() -> None:
    before = triage("七号楼架空层的乒乓球桌又被人锁了")
    corrections = learn([("架空层的乒乓球桌被人锁起来了", "event-room-booking")])
    after = triage("七号楼架空层的乒乓球桌又被人锁了", corrections=corrections)
    assert before.catalogue_code != "event-room-booking"
    assert after.catalogue_code == "event-room-booking"
    assert "调度" in after.because[0]["says"]


def test_a_correction_in_english_moves_its_like_and_leaves_others_alone() -> None:
    corrections = learn([("The fountain pump in the courtyard is humming", "noise-equipment")])
    assert triage("Courtyard fountain pump humming again", corrections=corrections).catalogue_code == "noise-equipment"
    assert triage("my kitchen tap is dripping", corrections=corrections) == triage("my kitchen tap is dripping")


def test_the_code_refiled_more_often_wins() -> None:
    pairs = [("门禁卡刷不开单元门", "access-control")] + [("门禁卡刷不开单元门了", "door-entry-system")] * 3
    assert triage("门禁卡刷不开单元门", corrections=learn(pairs)).catalogue_code == "door-entry-system"


@pytest.mark.parametrize(
    "text", ["电梯里困了三个人", "厨房闻到煤气味", "The lift is stuck with my mother inside", "水管爆了"]
)
def test_no_number_of_corrections_lowers_an_emergency(text: str) -> None:
    corrections = learn([(text, "question-general")] * 50)
    verdict = triage(text, corrections=corrections)
    assert verdict.urgency == "emergency"
    assert verdict.need_level in (1, 2)


def test_an_emergency_refiled_as_not_ours_still_reaches_a_person_as_an_emergency() -> None:
    text = "闻到煤气味"
    verdict = triage(text, corrections=learn([(text, NOT_OURS)]))
    assert verdict.urgency == "emergency"


def test_one_dispatchers_slip_takes_no_danger_to_another_desk() -> None:
    text = "厨房有很浓的煤气味，怀疑煤气泄漏"
    before = triage(text)
    assert before.catalogue_code == "gas-leak"
    for many in (1, 50):
        after = triage(text, corrections=learn([(text, "volunteer-offer")] * many))
        assert (after.catalogue_code, after.urgency) == ("gas-leak", "emergency")
    # Among dangers the dispatchers know better, and they may see one where the words did not.
    moved = triage(text, corrections=learn([(text, "volunteer-offer"), (text, "fire-now")]))
    assert moved.catalogue_code == "fire-now"
    quiet = "七号楼架空层的乒乓球桌被人锁起来了"
    assert triage(quiet, corrections=learn([(quiet, "gas-leak")])).catalogue_code == "gas-leak"


def test_corrections_ignore_empty_texts_and_codes_the_catalogue_no_longer_has() -> None:
    corrections = learn([("", "lift-fault"), ("的了吗", "lift-fault"), ("厨房水管漏水", "retired-item")])
    assert triage("厨房水管漏水", corrections=corrections) == triage("厨房水管漏水")
    assert learn([]).votes("anything") == {}


def test_corrections_stay_fast_with_thousands_of_them() -> None:
    corrections = learn((f"第{n}栋水管漏水需要维修{chr(0x4E00 + n)}", "water-leak-pipe") for n in range(5000))
    start = time.process_time()
    triage("水管漏水需要维修", corrections=corrections)
    assert time.process_time() - start < 0.1


def test_json_lines_are_answered_and_a_bad_line_is_named() -> None:
    lines = ['{"text": "水管爆了"}', "", "not json", '{"text": 7}', "[]", json.dumps({"text": "no heat"})]
    answers = list(triage_jsonl(lines))
    assert list(answers[0]) == ["topic", "catalogue_code", "need_level", "urgency", "confidence", "because"]
    assert answers[0]["urgency"] == "emergency"
    assert [answer["error"].split(":")[0] for answer in answers[1:4]] == ["line 3", "line 4", "line 5"]
    assert answers[4]["topic"] == "utilities"
    assert json.loads(json.dumps(answers[0], ensure_ascii=False)) == answers[0]
