"""Managers read who of the staff looked at homes' records and took out case files and reports."""

from collections.abc import Callable

import pytest
from sqlalchemy import Engine

from services.kit.testing import fresh
from services.tickets.models import exports
from tests.tickets.conftest import Estate


def looks(estate: Estate, name: str = "manager", query: str = "") -> list[dict[str, object]]:
    answer = estate.get(name, f"/looks{query}")
    assert answer.status_code == 200, answer.text
    return answer.get_json()["items"]


def test_every_look_is_there_with_who_when_what_and_why(estate: Estate) -> None:
    ticket = estate.file()
    assert estate.get("dispatcher", f"/households/{estate.home}?purpose=call").status_code == 200
    assert estate.get("resident", f"/households/{estate.home}").status_code == 200
    assert estate.get("manager", f"/tickets/{ticket['id']}/case-file").status_code == 200
    period = "from=2026-01-01T00:00:00Z&to=2026-02-01T00:00:00Z"
    assert estate.get("manager", f"/reports/sla?{period}&format=csv").status_code == 200
    assert estate.get("manager", f"/reports/sla?{period}").status_code == 200
    report, case, home = looks(estate)
    assert (home["what"], home["viewer_name"], home["reason"]) == ("household", "dispatcher badge", "call")
    assert (home["unit_id"], home["subject"]) == (estate.home, "1栋 101")
    assert (case["what"], case["subject"], case["ticket_id"]) == ("case_file", ticket["number"], ticket["id"])
    assert (report["what"], report["subject"], report["viewer_id"]) == ("report", "sla", estate.people["manager"].id)


def test_looks_are_paged_and_narrowed_to_a_person(estate: Estate) -> None:
    for name in ("dispatcher", "manager", "dispatcher"):
        estate.get(name, f"/households/{estate.home}?purpose=call")
    first = estate.get("manager", "/looks?limit=2")
    rest = first.headers["Link"].partition("<")[2].partition(">")[0].removeprefix("/api/v1")
    assert [len(first.get_json()["items"]), len(estate.get("manager", rest).get_json()["items"])] == [2, 1]
    assert len(looks(estate, query=f"?viewer_id={estate.people['dispatcher'].id}")) == 2


def test_looks_are_narrowed_to_a_home_with_the_case_files_of_its_requests(estate: Estate) -> None:
    estate.get("dispatcher", f"/households/{estate.home}?purpose=call")
    estate.get("manager", f"/tickets/{estate.file()['id']}/case-file")
    estate.get("manager", "/reports/sla?from=2026-01-01T00:00:00Z&to=2026-02-01T00:00:00Z&format=csv")
    assert [one["what"] for one in looks(estate, query=f"?unit_id={estate.home}")] == ["case_file", "household"]
    assert looks(estate, query=f"?unit_id={fresh()}") == []


def test_a_manager_sees_those_of_their_communities(estate: Estate, new_estate: Callable[[], Estate]) -> None:
    estate.get("dispatcher", f"/households/{estate.home}?purpose=call")
    estate.get("manager", f"/tickets/{estate.file()['id']}/case-file")
    estate.join("elsewhere", "manager", community_ids=(fresh(),))
    assert looks(estate, "elsewhere") == []
    assert looks(new_estate()) == []


@pytest.mark.parametrize("name", ["resident", "crew", "dispatcher", "admin"])
def test_nobody_else_reads_them(estate: Estate, name: str) -> None:
    assert estate.get(name, "/looks").status_code == 403


def test_what_was_taken_out_stays_on_record(estate: Estate, web_engine: Engine) -> None:
    estate.get("manager", f"/tickets/{estate.file()['id']}/case-file")
    for statement in (exports.delete(), exports.update().values(report="x")):
        with pytest.raises(Exception, match="permission denied"), web_engine.begin() as db:
            db.execute(statement)
