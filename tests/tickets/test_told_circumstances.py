"""Who lives there and what the home lacks: told with the request or by its words, and part of its targets."""

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.tickets.conftest import Estate


def attend_rule(estate: "Estate", ticket: dict[str, object]) -> str:
    clocks = estate.get("resident", f"/tickets/{ticket['id']}/clocks").json["items"]
    return str(next(clock["rule"] for clock in clocks if clock["clock"] == "attend"))


def test_circumstances_that_were_told_tighten_the_targets(estate: "Estate") -> None:
    plain = estate.file("停水了", catalogue_code="water-outage")
    told = estate.file("停水了", catalogue_code="water-outage", circumstances=["infant"])
    assert told["circumstances"] == ["infant", "no_water"], "what was told, and what the words say themselves"
    assert attend_rule(estate, told) == "vulnerable-without-supply"
    assert attend_rule(estate, plain) != "vulnerable-without-supply"


def test_the_words_tell_of_them_too(estate: "Estate") -> None:
    ticket = estate.file("独居老人家里停水了，请尽快", catalogue_code="water-outage")
    assert "elderly_alone" in ticket["circumstances"]
    assert attend_rule(estate, ticket) == "vulnerable-without-supply"


@pytest.mark.parametrize("told", [["pets"], "infant", [1], [None]])
def test_what_is_no_circumstance_is_refused_by_name(estate: "Estate", told: object) -> None:
    answer = estate.post("resident", "/tickets", {"description": "停水了", "circumstances": told})
    assert answer.status_code == 422
    assert answer.json["errors"][0]["field"].startswith("circumstances")
