"""Every pack says what its law says, where that stands, and holds for something; a pack that does not is refused."""

import copy
from datetime import date
from typing import Any

import pytest

from services.tickets import catalogue
from services.tickets.sla import packs
from services.tickets.sla.conditions import CIRCUMSTANCES, Facts
from services.tickets.sla.packs import load, read_pack, with_pack, without_pack
from services.tickets.sla.policy import read_policy, standard_document, standard_policy

HOUR, DAY = 3600, 86_400
COMMUNITY = "0192f0c1-0000-7000-8000-000000000001"


def wd(days: int) -> tuple[int, int | None, str]:
    return 0, days, "working"


def cd(days: int) -> tuple[int, int | None, str]:
    return 0, days, "clock"


def clock(seconds: int) -> tuple[int, int | None, str]:
    return seconds, None, "clock"


# Typed from the statutes and pledges: pack, rule, kind, and the time as (seconds, days, basis).
FIGURES = [
    ("cn_lift_city", "person-trapped", "attend", clock(30 * 60)),
    ("cn_lift_elsewhere", "person-trapped", "attend", clock(HOUR)),
    ("cn_lift_hangzhou_built_up", "person-trapped", "attend", clock(30 * 60)),
    ("cn_lift_hangzhou_elsewhere", "person-trapped", "attend", clock(HOUR)),
    ("cn_lift_taizhou_urban", "person-trapped", "attend", clock(30 * 60)),
    ("cn_lift_taizhou_elsewhere", "person-trapped", "attend", clock(HOUR)),
    ("cn_lift_shandong", "person-trapped", "attend", clock(30 * 60)),
    ("cn_hangzhou_pm", "complaint-answered", "resolve", cd(10)),
    ("cn_liaocheng_pm", "accounts-objection-answered", "resolve", cd(3)),
    ("cn_liaocheng_pm", "suggestion-answered", "resolve", cd(7)),
    ("cn_local_authority", "complaint-answered", "resolve", wd(5)),
    ("cn_12345", "order-settled", "resolve", wd(5)),
    ("cn_water_shanghai", "water-fault", "resolve", clock(24 * HOUR)),
    ("cn_water_hangzhou", "water-fault", "resolve", clock(12 * HOUR)),
    ("cn_water_qingdao", "water-damage", "attend", clock(HOUR)),
    *(
        (f"cn_heat_{city}", rule, "attend", clock(hours * HOUR))
        for city in ("qingdao", "binzhou", "weifang", "heze")
        for rule, hours in (("heating-leak", 1), ("too-cold-first-ten-days", 5), ("too-cold", 2))
    ),
    ("cn_heat_shandong_province", "temperature-test", "attend", clock(24 * HOUR)),
    ("cn_heat_luoyang", "heating-accident", "attend", clock(2 * HOUR)),
    ("cn_heat_luoyang", "temperature-test", "attend", clock(12 * HOUR)),
    # "Not overnight": the end of the day, whatever the hour.
    ("cn_1998", "urgent-water-power", "resolve", clock(1)),
    ("cn_1998", "small-repair-begun", "attend", cd(3)),
    ("uk_awaab_2025", "emergency-hazard", "attend", clock(24 * HOUR)),
    ("uk_awaab_2025", "emergency-hazard", "make_safe", clock(24 * HOUR)),
    ("uk_awaab_2025", "significant-hazard", "attend", wd(10)),
    ("uk_awaab_2025", "significant-hazard", "make_safe", wd(10 + 5)),
    ("uk_right_to_repair_1994", "list-1", "resolve", wd(1)),
    ("uk_right_to_repair_1994", "heating-winter", "resolve", wd(1)),
    ("uk_right_to_repair_1994", "only-toilet", "resolve", wd(1)),
    ("uk_right_to_repair_1994", "list-3", "resolve", wd(3)),
    ("uk_right_to_repair_1994", "heating-summer", "resolve", wd(3)),
    ("uk_right_to_repair_1994", "list-7", "resolve", wd(7)),
    ("uk_hos_code", "stage-1", "acknowledge", wd(5)),
    ("uk_hos_code", "stage-1", "resolve", wd(5 + 10)),
    ("hk_ha", "water-interrupted", "attend", clock(15 * 60)),
    ("hk_ha", "water-interrupted", "resolve", clock((1 + 9) * HOUR)),
    ("hk_ha", "public-drain-blocked", "attend", clock(15 * 60)),
    ("hk_ha", "tenants-repair", "attend", cd(12)),
    ("hk_ha", "security-cleansing", "attend", clock(12 * HOUR)),
    ("us_nyc_hpd", "class-a", "resolve", cd(90)),
    ("us_nyc_hpd", "class-b", "resolve", cd(30)),
    ("us_nyc_hpd", "class-c-heat-hot-water", "resolve", clock(24 * HOUR)),
    ("us_nyc_hpd", "class-c-hazard", "resolve", clock(24 * HOUR)),
    ("sg_town_council", "person-trapped", "make_safe", clock(25 * 60)),
    ("generic_social", "emergency", "resolve", clock(24 * HOUR)),
    ("generic_social", "urgent", "resolve", wd(5)),
    ("generic_social", "routine", "resolve", wd(28)),
]


def test_the_figures_are_those_of_the_statutes_and_no_rule_is_without_one() -> None:
    shipped = {
        (pack.code, rule.code, target.kind): (target.seconds, target.days, target.basis)
        for pack in load().values()
        for rule in pack.rules
        for target in rule.targets
    }
    assert shipped == {(pack, rule, kind): length for pack, rule, kind, length in FIGURES}


RULES = [(pack, rule) for pack in load().values() for rule in pack.rules]


@pytest.mark.parametrize(("pack", "rule"), RULES, ids=lambda one: one.code)
def test_every_rule_shows_its_source_and_is_known_for_certain_enough(pack: Any, rule: Any) -> None:
    assert rule.source
    assert rule.confidence in ("A", "B")
    assert all(target.source == rule.source for target in rule.targets)
    assert {target.rule for target in rule.targets} == {f"{pack.code}/{rule.code}"}
    # A statute knows no waiting for parts.
    assert not any(target.pauses for target in rule.targets)


def facts(item: catalogue.Item, urgency: str, day: date, circumstances: frozenset[str] = frozenset()) -> Facts:
    return Facts(item.code, item.sla_class, item.work_type, item.need_level, urgency, COMMUNITY, circumstances, day)


@pytest.mark.parametrize(("pack", "rule"), RULES, ids=lambda one: one.code)
def test_every_rule_holds_for_some_request(pack: Any, rule: Any) -> None:
    days = [date(2026, month, 5) for month in range(1, 13)]
    days += [date(2026, 11, day) for day in range(14, 28)]
    assert any(
        rule.match(facts(item, urgency, day, frozenset(CIRCUMSTANCES)))
        for item in catalogue.load()
        for urgency in catalogue.URGENCIES
        for day in days
    )


def test_a_pack_is_filed_under_its_own_code() -> None:
    for code, pack in load().items():
        assert (packs.FOLDER / f"{code}.yaml").is_file()
        assert pack.code == code


def kinds_of(code: str, item: str, urgency: str, day: date, circumstances: tuple[str, ...] = ()) -> dict[str, Any]:
    """What one pack asks for in one case: (seconds, days) by kind and rule."""
    policy = read_policy(with_pack(standard_document(), code))
    found = policy.targets_for(facts(catalogue.load().get(item), urgency, day, frozenset(circumstances)))
    return {
        f"{target.rule.partition('/')[2]} {target.kind}": (target.seconds, target.days)
        for target in found
        if target.rule.startswith(f"{code}/")
    }


@pytest.mark.parametrize(
    ("day", "rule", "hours"),
    [
        (date(2026, 11, 15), None, None),
        (date(2026, 11, 16), "too-cold-first-ten-days", 5),
        (date(2026, 11, 25), "too-cold-first-ten-days", 5),
        (date(2026, 11, 26), "too-cold", 2),
        (date(2027, 1, 1), "too-cold", 2),
        (date(2027, 4, 5), "too-cold", 2),
        (date(2027, 4, 6), None, None),
    ],
)
def test_qingdao_gives_five_hours_in_the_first_ten_days_of_heating_and_two_after_them(
    day: date, rule: str | None, hours: int | None
) -> None:
    wanted = {} if hours is None else {f"{rule} attend": (hours * HOUR, None)}
    assert kinds_of("cn_heat_qingdao", "heating-outage", "emergency", day) == wanted


@pytest.mark.parametrize(
    ("day", "days"),
    [(date(2026, 10, 31), 3), (date(2026, 11, 1), 1), (date(2027, 4, 30), 1), (date(2027, 5, 1), 3)],
)
def test_a_tenant_without_heating_waits_one_working_day_in_winter_and_three_in_summer(day: date, days: int) -> None:
    asked = kinds_of("uk_right_to_repair_1994", "heating-outage", "emergency", day)
    assert list(asked.values()) == [(0, days)]


def test_a_toilet_that_does_not_flush_is_a_matter_of_one_day_when_it_is_the_only_one() -> None:
    day = date(2026, 6, 1)
    asked = kinds_of("uk_right_to_repair_1994", "bathroom-fixture", "routine", day)
    assert asked == {"list-3 resolve": (0, 3)}
    asked = kinds_of("uk_right_to_repair_1994", "bathroom-fixture", "routine", day, ("only_toilet",))
    assert asked == {"list-3 resolve": (0, 3), "only-toilet resolve": (0, 1)}


def test_a_law_binds_from_the_day_it_came_into_force() -> None:
    assert kinds_of("uk_awaab_2025", "mould-hygiene", "urgent", date(2025, 10, 26)) == {}
    assert kinds_of("uk_awaab_2025", "mould-hygiene", "urgent", date(2025, 10, 27)) != {}


def test_a_pack_switched_on_and_off_again_leaves_the_policy_as_it_was() -> None:
    document = standard_document()
    before = copy.deepcopy(document)
    changed = with_pack(document, "hk_ha")
    assert document == before
    assert [pack["code"] for pack in changed["packs"]] == ["hk_ha"]
    assert read_policy(changed).packs == (load()["hk_ha"],)
    assert read_policy(without_pack(changed, "hk_ha")) == standard_policy()


def test_switching_a_pack_on_again_replaces_the_copy_of_old() -> None:
    document = with_pack(standard_document(), "cn_12345")
    document["packs"][0]["version"] = "old"
    assert [pack["version"] for pack in with_pack(document, "cn_12345")["packs"]] == [load()["cn_12345"].version]


def test_a_pack_that_does_not_ship_cannot_be_switched_on() -> None:
    with pytest.raises(KeyError, match="there is no pack 'cn_moon'"):
        with_pack(standard_document(), "cn_moon")


def test_a_place_is_in_the_city_or_elsewhere_not_both() -> None:
    with pytest.raises(ValueError, match="'cn_lift_city' and 'cn_lift_elsewhere' are for different places"):
        with_pack(with_pack(standard_document(), "cn_lift_city"), "cn_lift_elsewhere")


def test_what_is_only_remembered_is_not_shipped() -> None:
    assert not [code for code in load() if "cpmi" in code]


def broken(path: str, value: Any) -> dict[str, Any]:
    """A shipped pack with one place set, or taken out when the value is None."""
    document = copy.deepcopy(dict(packs.documents()["uk_right_to_repair_1994"]))
    *way, last = (int(step) if step.isdigit() else step for step in path.split("."))
    place: Any = document
    for step in way:
        place = place[step]
    if value is None:
        del place[last]
    else:
        place[last] = value
    return document


AGAIN = packs.documents()["uk_right_to_repair_1994"]["rules"][0]


@pytest.mark.parametrize(
    ("path", "value", "sentence"),
    [
        ("colour", "red", r"^pack.colour: a pack has no such field"),
        ("code", None, r"^pack.code: None is not a code"),
        ("code", "../etc", r"^pack.code: '../etc' is not a code"),
        ("version", None, r"^pack.version: expected text"),
        ("version", " ", r"^pack.version: expected text"),
        ("source", None, r"^pack.source: expected text"),
        ("country", "England", r"^pack.country: 'England' is not a country"),
        ("choice", 7, r"^pack.choice: 7 is not a code"),
        ("name", {"en": "One tongue"}, r"^pack.name: expected a text for each of zh-CN, en"),
        ("note", "words", r"^pack.note: expected a text for each"),
        ("in_force", "soon", r"^pack.in_force: 'soon' is not a date"),
        ("rules", [], r"^pack.rules: a pack without rules"),
        ("rules", {}, r"^pack.rules: expected a list"),
        ("rules.0.source", None, r"rules\[0\].source: expected text"),
        ("rules.0.confidence", "C", r"rules\[0\].confidence: 'C' is none of A, B"),
        ("rules.0.confidence", None, r"rules\[0\].confidence: '' is none of A, B"),
        ("rules.0.targets", {}, r"rules\[0\].targets: expected an object"),
        ("rules.0.targets.resolve.days", -1, r"targets.resolve.days: -1 is not a whole number"),
        ("rules.1.code", "list-1", r"^pack.rules: two rules are called 'list-1'"),
        (
            "rules.1",
            {**AGAIN, "code": "other", "targets": {"resolve": {"days": 2, "basis": "working"}}},
            r"^pack.rules: 'list-1' and 'other' hold for the same requests and give resolve different targets",
        ),
    ],
)
def test_a_pack_with_a_hole_or_a_contradiction_is_refused(path: str, value: Any, sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        read_pack("pack", broken(path, value))


def test_two_rules_that_say_the_same_do_not_contradict_one_another() -> None:
    document = broken("rules.1", {**AGAIN, "code": "again"})
    assert read_pack("pack", document).rules[1].code == "again"
