"""A request's words say who lives there and what the home lacks, and are not believed when they say the contrary."""

import timeit

import pytest

from services.tickets.sla.conditions import CIRCUMSTANCES
from services.tickets.triage.circumstances import circumstances_in

SAID = [
    ("家里停水了，麻烦看一下", "no_water"),
    ("从早上到现在一直没水，没法做饭", "no_water"),
    ("整栋楼都没有水用", "no_water"),
    ("没水没电，怎么过啊", "no_water no_power"),
    ("没有水没有电也没有暖气", "no_water no_power no_heating"),
    ("小区停水，家里有婴儿要冲奶粉", "infant no_water"),
    ("停水到现在还没来水", "no_water"),
    ("停水了，请尽快恢复供水", "no_water"),
    ("没想到又停水了", "no_water"),
    ("物业没通知就停水", "no_water"),
    ("突然停电了，冰箱里的药要坏了", "no_power"),
    ("我家没电，隔壁有电", "no_power"),
    ("家里没电了，手机也没电", "no_power"),
    ("停电两小时了，老人要用制氧机", "illness no_power"),
    ("暖气不热，家里宝宝才三个月", "infant no_heating"),
    ("停暖三天了，母亲一个人住，八十多岁", "elderly_alone no_heating"),
    ("暖气片冰凉，孩子六个月大", "infant no_heating"),
    ("独居老人家里水管爆了", "elderly_alone"),
    ("我奶奶一个人住，电梯坏了下不了楼", "elderly_alone"),
    ("楼上的空巢老人好几天没出门", "elderly_alone"),
    ("我82岁，一个人住，灯不亮了", "elderly_alone"),
    ("老人坐轮椅，电梯停运下不去", "disability"),
    ("我爱人行动不便，洗手间门打不开", "disability"),
    ("家里有残疾人，坡道被车堵了", "disability"),
    ("母亲刚做完手术，家里没暖气", "illness no_heating"),
    ("父亲要透析，电梯坏了", "illness"),
    ("孩子发烧，家里停水", "illness no_water"),
    ("马桶堵了，家里只有一个卫生间", "only_toilet"),
    ("这是我们家唯一的厕所，不能冲水", "only_toilet"),
    ("家里就一个马桶还堵了，而且停水", "only_toilet no_water"),
    ("We have no water since this morning", "no_water"),
    ("The water has been off all day and I have a newborn", "infant no_water"),
    ("no power in the flat, my mother lives alone", "elderly_alone no_power"),
    ("Power is out, my husband is on oxygen", "illness no_power"),
    ("The heating is not working and we have a baby", "infant no_heating"),
    ("No heat in my apartment, I am 78 and live alone", "elderly_alone no_heating"),
    ("Our boiler has broken down, two small babies here", "infant no_heating"),
    ("It is our only toilet and it will not flush", "only_toilet"),
    ("We only have one bathroom and the drain is blocked", "only_toilet"),
    ("I use a wheelchair and the lift is out of order", "disability"),
    ("My disabled son cannot get out, the door is stuck", "disability"),
    ("an elderly lady living alone upstairs has no heating", "elderly_alone no_heating"),
    ("The tap is broken, no water at all", "no_water"),
    ("We've had no electricity for two hours", "no_power"),
    ("昨天来水了，今天又停水", "no_water"),
    ("通知里没提，家里突然断电了", "no_power"),
    ("水龙头坏了没人修，现在停水", "no_water"),
    ("我爸中风后偏瘫在床，暖气不热", "disability no_heating"),
    ("家里有坐月子的，热水器坏了", "infant"),
    ("老太太78岁独自生活，门锁坏了", "elderly_alone"),
    ("七十多岁的老人单独居住，马桶漏水", "elderly_alone"),
    ("radiators are stone cold, my dad is very ill", "illness no_heating"),
    ("there's a blackout on our floor", "no_power"),
    ("The only loo in the flat is blocked", "only_toilet"),
    ("My wife is disabled and the ramp is blocked", "disability"),
]

NOT_SAID = [
    "没有停水，就是水压小",
    "我家没停水，楼下漏水",
    "是不是停水了",
    "请问停水了吗？",
    "有没有停电通知",
    "明天停水吗",
    "明天会停水，请问几点恢复",
    "什么时候停水",
    "停水通知没贴出来",
    "经常停水，能不能改造",
    "小区天天停电，受不了",
    "昨天停水的补偿怎么算",
    "如果停水怎么办",
    "担心停电",
    "刚才停水，现在来水了，谢谢",
    "没有水压",
    "墙上没有水渍",
    "喷泉没水",
    "没有热水，水是凉的",
    "手机没电了，打不了电话",
    "智能门锁没电，进不了家",
    "小区没有电梯，能加装吗",
    "家里没有电视信号",
    "楼道没电灯坏了",
    "家里没有婴儿",
    "婴儿车放在楼道里",
    "母婴室的灯坏了",
    "楼上婴儿整夜哭",
    "不是独居老人，和子女一起住",
    "不是唯一的卫生间，不急",
    "小区只有一个公共厕所太少了",
    "小区广场只有一个厕所",
    "残疾人车位被占",
    "轮椅坡道太陡",
    "无障碍通道被堵",
    "系统瘫痪，交不了费",
    "草坪有病虫害",
    "申请停暖怎么办理",
    "没有暖气片，想装一个",
    "我女儿今年十岁，楼梯灯坏了",
    "There is no power cut, only my lamp is broken",
    "no water pressure on the tenth floor",
    "There is no water damage, just noise",
    "Is there a planned power cut on Monday?",
    "What if there is a power cut",
    "The power is back now, it was a power cut",
    "the disabled parking bay is blocked",
    "the wheelchair ramp is icy",
    "We don't have a baby",
    "baby stroller left in the corridor",
    "It is not our only toilet",
    "only toilet paper is missing",
    "I'll be home at six",
    "I am sick of the noise",
    "no heat from the oven",
    "The neighbour's baby cries at night",
    "My mother visits on Sunday and needs a parking space",
    "the heating is not too loud",
    "水费怎么交",
    "小区多次停水无人管",
    "小区每晚间歇停电",
    "动不动就停电",
    "消防栓有一年多没水了",
    "怎么给新生儿上户口",
    "停车难是业主的心头重病",
    "the filter is only 2 months old",
    "There is no power to the air handler in the plant room",
    "the cooler has no water on it",
    "问一下残疾人卫生间在哪",
    "老人活动室没有暖气片吗",
    "这个月停水几次了，每次停水都没通知",
    "孩子在院子里玩，有狗乱跑",
    "老人跳广场舞太吵",
    "一个人在家，门铃一直响",
    "我一个人住，门锁坏了",
    "电动车没电了，充电桩坏了",
    "电梯停电了，能修吗",
    "马桶水箱没水",
    "墙上的水渍，没有漏水",
    "保洁阿姨生病了没人打扫",
    "I live alone and my lock is broken",
    "The cleaner is sick today",
    "my kids are 8 and 10, the swing is broken",
    "The lift has been disabled",
    "window blind is broken",
    "my complaint fell on deaf ears",
    "Will there be no water tomorrow?",
    "There are 82 flats and I live alone",
    "the car park ventilator is loud",
    "",
    "   \n。。。",
]


@pytest.mark.parametrize(("text", "names"), SAID)
def test_what_a_request_says_of_its_home_is_found(text: str, names: str) -> None:
    assert " ".join(circumstances_in(text)) == names


@pytest.mark.parametrize("text", NOT_SAID)
def test_what_is_denied_asked_feared_or_over_is_not_believed(text: str) -> None:
    assert circumstances_in(text) == ()


def test_circumstances_come_in_their_usual_order_and_once() -> None:
    found = circumstances_in("停电又停水，停水了，家里只有一个卫生间，有婴儿，没暖气，独居老人，坐轮椅，生病")
    assert found == tuple(CIRCUMSTANCES)


def test_of_a_letter_only_the_beginning_is_about_the_home() -> None:
    story = "这件事情要从前年说起，我们反映过很多回，每回都说正在研究。" * 12
    assert circumstances_in("家里停水。" + story) == ("no_water",)
    assert circumstances_in(story + "有的小区还停水，有的住着病人和残疾人。") == ()


def test_a_long_letter_is_read_in_a_moment() -> None:
    letter = "业主反映小区电梯经常故障，家里有婴儿，停水三天没有回应。" * 300
    circumstances_in(letter)
    assert min(timeit.repeat(lambda: circumstances_in(letter), number=5, repeat=3)) / 5 < 0.02
