"""The record of a home: consent and its end, who may see what, every look on record, and filing that takes it over."""

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.exc import DBAPIError

from services.kit import clock, testing
from services.kit.database import transaction

if TYPE_CHECKING:
    from tests.tickets.conftest import Estate


def in_days(days: float) -> str:
    return (datetime.now(UTC) + timedelta(days=days)).isoformat()


def home(estate: "Estate") -> str:
    return f"/households/{estate.home}"


def agreed(kind: str = "infant", days: float = 100, **consent: str) -> dict[str, Any]:
    return {"kind": kind, "until": in_days(days), "consent": consent}


def note(estate: "Estate", name: str = "resident", status: int = 200, **body: Any) -> Any:
    answer = estate.ask("PATCH", name, home(estate), body, If_Match="*")
    assert answer.status_code == status, answer.json
    return answer.json


def fields_of(answer: Any) -> set[str]:
    return {error["field"] for error in answer["errors"]}


def test_a_household_writes_its_own_record_and_the_desk_reads_it(estate: "Estate") -> None:
    fan = {"kind": "ventilation", "model": "XF-200", "installed_on": "2020-01-31", "life_months": 13}
    said = note(
        estate, salutation={"zh-CN": "王女士", "en": "Ms Wang"}, circumstances=[agreed("disability")], equipment=[fan]
    )
    assert said["salutation"] == {"zh-CN": "王女士", "en": "Ms Wang"}
    seen = estate.get("dispatcher", f"{home(estate)}?purpose=call").json
    assert seen["circumstances"][0]["consent"]["by"] == estate.people["resident"].id
    assert seen["circumstances"][0]["valid"] is True
    assert seen["equipment"][0]["due_on"] == "2021-02-28"
    assert seen["equipment"][0]["due"] is True
    assert seen["equipment"][0]["age_months"] >= 70
    assert seen["version"] == 1
    assert seen["tickets"] == {"total": 0, "open": 0, "items": []}
    assert seen["promises"]["made"] == 0
    assert seen["recovery"]["good_since"] is None


def test_an_edit_says_which_version_it_read(estate: "Estate") -> None:
    assert estate.ask("PATCH", "resident", home(estate), {"salutation": {"en": "Ms Wang"}}).status_code == 428
    body = {"salutation": {"en": "Ms Wang"}}
    first = estate.ask("PATCH", "resident", home(estate), body, If_Match='"v0"')
    assert first.headers["ETag"] == '"v1"'
    assert estate.ask("PATCH", "dispatcher", home(estate), body, If_Match='"v0"').status_code == 412
    kept = estate.ask("PATCH", "dispatcher", home(estate), {"equipment": []}, If_Match='"v1"').json
    assert kept["salutation"] == {"zh-CN": None, "en": "Ms Wang"}


@pytest.mark.parametrize(
    ("name", "item", "field"),
    [
        ("resident", {"kind": "illness", "until": in_days(9)}, "circumstances.0.consent"),
        ("dispatcher", {"kind": "illness", "until": in_days(9)}, "circumstances.0.consent"),
        ("dispatcher", agreed(), "circumstances.0.consent.by"),
        ("dispatcher", agreed(by="crew"), "circumstances.0.consent.by"),
        ("dispatcher", agreed(by="neighbour"), "circumstances.0.consent.by"),
        ("resident", agreed(by="neighbour"), "circumstances.0.consent.by"),
        ("resident", agreed(at=in_days(1)), "circumstances.0.consent.at"),
        ("resident", agreed(days=-1), "circumstances.0.until"),
        ("resident", agreed(days=800), "circumstances.0.until"),
        ("resident", agreed("no_water"), "circumstances.0.kind"),
        ("resident", {"kind": "infant", "consent": {}}, "circumstances.0.until"),
    ],
)
def test_without_consent_that_ends_nothing_is_noted(
    estate: "Estate", name: str, item: dict[str, Any], field: str
) -> None:
    item = {**item, "consent": dict(item["consent"])} if "consent" in item else item
    if "by" in item.get("consent", {}):
        item["consent"]["by"] = estate.people[item["consent"]["by"]].id
    answer = note(estate, name, 422, circumstances=[item])
    assert fields_of(answer) == {field}
    assert estate.get("resident", home(estate)).json["circumstances"] == []


@pytest.mark.parametrize("day", ["1899-12-31", "0001-01-01", "9999-12-31", "in two days"])
def test_nothing_is_installed_on_a_day_to_come_or_before_there_was_anything(estate: "Estate", day: str) -> None:
    day = in_days(2)[:10] if day == "in two days" else day
    old = {"kind": "meter", "model": None, "installed_on": "1900-01-01", "life_months": 600}
    new = {**old, "installed_on": in_days(-1)[:10]}
    answer = note(estate, "resident", 422, equipment=[old, {**old, "installed_on": day}])
    assert fields_of(answer) == {"equipment.1.installed_on"}
    assert [one["installed_on"] for one in note(estate, equipment=[old, new])["equipment"]] == [
        "1900-01-01",
        new["installed_on"],
    ]


def test_consent_is_kept_as_it_was_while_nothing_changes(estate: "Estate") -> None:
    item = agreed("elderly_alone")
    note(estate, circumstances=[item])
    bare = {"kind": "elderly_alone", "until": item["until"]}
    again = note(estate, "dispatcher", circumstances=[bare])
    assert again["circumstances"][0]["consent"]["by"] == estate.people["resident"].id
    longer = {**bare, "until": in_days(400)}
    assert fields_of(note(estate, "dispatcher", 422, circumstances=[longer])) == {"circumstances.0.consent"}
    by = estate.people["resident"].id
    told = note(estate, "dispatcher", circumstances=[{**longer, "consent": {"by": by, "at": in_days(-1)}}])
    assert told["circumstances"][0]["until"] == longer["until"]
    assert note(estate, circumstances=[])["circumstances"] == []


def test_filing_takes_over_what_the_household_agreed_to_until_it_ends(estate: "Estate") -> None:
    note(estate, circumstances=[agreed("infant", 10), agreed("illness", 30)])
    assert estate.file("走廊灯不亮")["circumstances"] == ["illness", "infant"]
    for name in ("dispatcher", "crew"):
        filed = estate.file("走廊灯不亮", name, unit_id=estate.home)
        assert filed["circumstances"] == ["illness", "infant"], name
    assert estate.file("走廊灯不亮", "neighbour")["circumstances"] == []
    assert estate.file("卫生间灯坏了", circumstances=["only_toilet"])["circumstances"] == [
        "illness", "infant", "only_toilet",
    ]  # fmt: skip
    with testing.at(clock.now() + timedelta(days=11)):
        assert estate.file("走廊灯不亮")["circumstances"] == ["illness"]
        shown = estate.get("resident", home(estate)).json["circumstances"]
        assert [(item["kind"], item["valid"]) for item in shown] == [("illness", True), ("infant", False)]
    with testing.at(clock.now() + timedelta(days=31)):
        assert estate.file("走廊灯不亮")["circumstances"] == []


def test_a_crew_member_sees_a_record_only_while_they_own_an_open_job_there(estate: "Estate") -> None:
    old = {"kind": "lock_battery", "installed_on": "2024-02-29", "life_months": 12}
    note(
        estate, salutation={"zh-CN": "王女士"}, circumstances=[agreed("infant", 5), agreed("illness")], equipment=[old]
    )
    ticket = estate.file()
    assert estate.get("crew", home(estate)).status_code == 403
    estate.step("crew", ticket, "claim")
    with testing.at(clock.now() + timedelta(days=6)):
        seen = estate.get("crew", home(estate)).json
    assert seen["salutation"]["zh-CN"] == "王女士"
    assert [item["kind"] for item in seen["circumstances"]] == ["illness"]
    assert seen["circumstances"][0]["consent"] is None
    assert seen["equipment"][0]["due_on"] == "2025-02-28"
    assert (seen["promises"], seen["tickets"], seen["recovery"]) == (None, None, None)
    assert estate.get("colleague", home(estate)).status_code == 403
    for verb in ("depart", "arrive", "start", "complete"):
        estate.step("crew", ticket, verb)
    assert estate.get("crew", home(estate)).status_code == 403
    assert estate.ask("PATCH", "crew", home(estate), {}, If_Match="*").status_code == 403


def test_staff_say_why_they_look_and_every_look_is_on_record(estate: "Estate") -> None:
    ticket = estate.file()
    assert fields_of(estate.get("dispatcher", home(estate)).json) == {"purpose"}
    both = f"{home(estate)}?purpose=call&ticket_id={ticket['id']}"
    assert estate.get("dispatcher", both).status_code == 422
    elsewhere = estate.file(name="neighbour")
    strange = estate.get("dispatcher", f"{home(estate)}?ticket_id={elsewhere['id']}")
    assert fields_of(strange.json) == {"ticket_id"}
    assert estate.get("dispatcher", f"{home(estate)}?ticket_id={ticket['id']}").status_code == 200
    assert estate.get("manager", f"{home(estate)}?purpose=planning").status_code == 200
    estate.step("crew", ticket, "claim")
    assert estate.get("crew", home(estate)).status_code == 200
    note(estate, "dispatcher", salutation={"en": "Ms Wang"})
    told = estate.get("manager", f"{home(estate)}/views").json["items"]
    assert [(look["viewer_role"], look["ticket_id"], look["purpose"]) for look in told] == [
        ("dispatcher", None, "correction"),
        ("crew", ticket["id"], None),
        ("manager", None, "planning"),
        ("dispatcher", ticket["id"], None),
    ]
    assert told[-1]["viewer_name"] == "dispatcher badge"
    page = estate.get("resident", f"{home(estate)}/views?limit=3")
    assert [look["id"] for look in page.json["items"]] == [look["id"] for look in told[:3]]
    rest = estate.get("resident", page.headers["Link"].partition(">")[0][1:].removeprefix("/api/v1"))
    assert [look["id"] for look in rest.json["items"]] == [told[-1]["id"]]
    assert estate.get("dispatcher", f"{home(estate)}/views").status_code == 403
    estate.get("resident", home(estate))
    assert estate.get("resident", f"{home(estate)}/views?limit=1").json["items"][0]["purpose"] == "own"
    by_staff = estate.get("resident", f"{home(estate)}/views?by=staff").json["items"]
    assert [look["id"] for look in by_staff] == [look["id"] for look in told]
    assert fields_of(estate.get("resident", f"{home(estate)}/views?by=neighbours").json) == {"by"}


def test_the_record_is_nobody_elses(estate: "Estate", new_estate: Any) -> None:
    note(estate, salutation={"en": "Ms Wang"})
    assert estate.get("neighbour", home(estate)).status_code == 404
    assert estate.ask("PATCH", "neighbour", home(estate), {}, If_Match="*").status_code == 404
    assert estate.get("neighbour", f"{home(estate)}/views").status_code == 404
    estate.join("far", "manager", community_ids=(testing.fresh(),))
    assert estate.get("far", f"{home(estate)}?purpose=call").status_code == 404
    assert estate.get("admin", f"{home(estate)}?purpose=call").status_code == 403
    stranger = new_estate()
    assert stranger.get("manager", f"{home(estate)}?purpose=call").status_code == 404


def test_promises_and_what_went_wrong_are_told_from_history(estate: "Estate") -> None:
    now = clock.now()
    ticket = estate.file()
    estate.step("dispatcher", ticket, "promise", {"promised_at": (now + timedelta(hours=2)).isoformat()})
    for verb in ("claim", "depart", "arrive", "start", "complete"):
        estate.step("crew", ticket, verb)
    estate.step("resident", ticket, "reopen", {"reason": "还在漏"})
    late = estate.file("客厅灯坏了")
    estate.step("dispatcher", late, "promise", {"promised_at": (now + timedelta(hours=1)).isoformat()})
    waiting = estate.file("门锁坏了")
    estate.step("dispatcher", waiting, "promise", {"promised_at": (now + timedelta(days=9)).isoformat()})
    with testing.at(now + timedelta(hours=3)):
        seen = estate.get("manager", f"{home(estate)}?purpose=planning").json
    assert {key: seen["promises"][key] for key in ("made", "kept", "broken", "open")} == {
        "made": 3, "kept": 1, "broken": 1, "open": 1,
    }  # fmt: skip
    assert [item["number"] for item in seen["promises"]["items"]] == [
        waiting["number"], late["number"], ticket["number"],
    ]  # fmt: skip
    assert (seen["tickets"]["total"], seen["tickets"]["open"]) == (3, 3)
    assert seen["recovery"]["reopened"] == seen["recovery"]["gone_wrong"] == 1
    assert seen["recovery"]["good_since"] == 0
    assert seen["recovery"]["answered"] == 0


def test_the_database_too_knows_who_may_see_a_record(
    estate: "Estate", new_estate: Any, web_engine: Engine, worker_engine: Engine
) -> None:
    note(estate, salutation={"en": "Ms Wang"}, circumstances=[agreed()])
    battery = {"kind": "lock_battery", "installed_on": "2024-02-29", "life_months": 12}
    note(estate, equipment=[battery])
    estate.get("dispatcher", f"{home(estate)}?purpose=call")
    ticket = estate.file()
    records = ("households", "household_circumstances", "household_equipment")

    def seen(who: Any, table: str) -> int:
        with transaction(web_engine, who) as db:
            return int(db.execute(text(f"SELECT count(*) FROM {table}")).scalar_one())

    for table in (*records, "household_views"):
        assert seen(None, table) == 0, table
        for name in ("neighbour", "crew", "admin"):
            assert seen(estate.people[name], table) == 0, (table, name)
        for name in ("resident", "manager"):
            assert seen(estate.people[name], table) > 0, (table, name)
        assert seen(new_estate().people["manager"], table) == 0, table
    assert seen(estate.people["dispatcher"], "household_views") == 0
    estate.step("crew", ticket, "claim")
    assert [seen(estate.people["crew"], table) for table in records] == [1, 1, 1]
    assert [seen(estate.people["colleague"], table) for table in records] == [0, 0, 0]
    with transaction(web_engine, estate.people["crew"]) as db:
        assert db.execute(text("DELETE FROM household_circumstances")).rowcount == 0
    assert seen(estate.people["resident"], "household_circumstances") == 1


def test_a_look_is_never_unwritten_nor_written_for_another(
    estate: "Estate", web_engine: Engine, worker_engine: Engine
) -> None:
    estate.get("dispatcher", f"{home(estate)}?purpose=call")
    for engine in (web_engine, worker_engine):
        for change in ("DELETE FROM household_views", "UPDATE household_views SET purpose = 'own'"):
            with pytest.raises(DBAPIError), transaction(engine, estate.people["manager"]) as db:
                db.execute(text(change))
    forged = text(
        "INSERT INTO household_views (id, organisation_id, community_id, unit_id, viewer_id, viewer_role, purpose)"
        " VALUES (:id, :organisation, :community, :home, :viewer, 'manager', 'call')"
    )
    values = {
        "id": testing.fresh(),
        "organisation": estate.organisation_id,
        "community": estate.community_id,
        "home": estate.home,
        "viewer": estate.people["manager"].id,
    }
    with pytest.raises(DBAPIError), transaction(web_engine, estate.people["dispatcher"]) as db:
        db.execute(forged, values)
