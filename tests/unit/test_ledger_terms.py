"""What a change of terms does to running clocks where new terms count from the change, and to pauses taken back."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from services.tickets import service_levels
from services.tickets.books import Books
from services.tickets.sla.clocks import BREACHED, VOID, Clock
from services.tickets.sla.policy import Policy, read_policy, standard_document, standard_policy
from tests.unit.test_ledger import COMMUNITY, LIBRARY, MONDAY, clocks, entry, filed, moved


def from_switch(version: str, hours: int = 24) -> Policy:
    """Return a policy of its own whose new terms count from the change of terms."""
    document = standard_document() | {"version": version}
    document["switches"] = {**document["switches"], "switched_policy": "from_switch"}
    document["classes"]["standard"]["urgent"]["resolve"] = {"seconds": hours * 3600, "basis": "clock"}
    return read_policy(document)


SWITCHING = Books(
    {**LIBRARY.policies, "own-2": from_switch("own-2"), "own-3": from_switch("own-3", 30)}, LIBRARY.calendars
)


def switching(*entries: Mapping[str, Any], hours: float) -> dict[tuple[str, int], Clock]:
    found = service_levels.clocks_of(entries, COMMUNITY, SWITCHING, MONDAY + timedelta(hours=hours))
    return {(clock.kind, clock.generation): clock for clock in found}


def test_a_correction_that_means_nothing_to_a_clock_gives_it_no_new_time() -> None:
    """A dispatcher who corrects the need level or tells of a baby, again and again, under terms from the switch."""
    again = [
        moved(50 * number, circumstances=[[], ["infant"]] if number % 2 else [["infant"], []]) for number in range(1, 6)
    ]
    levels = [moved(50 * number + 10, need_level=[number, number + 1]) for number in range(1, 4)]
    story = sorted([*again, *levels], key=lambda one: one["at"])
    found = switching(filed(policy_version="own-2"), *story, hours=24.5)
    assert [key for key in found if key[0] in ("resolve", "attend")] == [("attend", 1), ("resolve", 1)]
    assert (found["resolve", 1].state, found["resolve", 1].breached_at) == (BREACHED, MONDAY + timedelta(hours=24))
    assert found["attend", 1].breached_at == MONDAY + timedelta(hours=2)


def test_new_terms_from_the_switch_begin_only_the_clocks_they_change_anew() -> None:
    harder = moved(60, "reevaluate", policy_version=["own-2", "own-3"])
    found = switching(filed(policy_version="own-2"), harder, hours=1.5)
    assert [key for key in found if key[0] in ("resolve", "attend")] == [("attend", 1), ("resolve", 1), ("resolve", 2)]
    assert (found["resolve", 1].state, found["resolve", 2].due_at) == (VOID, MONDAY + timedelta(hours=31))
    # Another calendar changes what is counted in its hours, and nothing else.
    elsewhere = moved(60, "reevaluate", calendar_version=[1, 2])
    found = switching(filed(policy_version="own-2"), elsewhere, hours=1.5)
    assert {kind for kind, generation in found if generation == 2} == set()
    routine = filed(policy_version="own-2", urgency="routine")
    found = switching(routine, elsewhere, hours=1.5)
    assert {kind for kind, generation in found if generation == 2} >= {"resolve"}
    assert ("attend", 2) not in found


def test_an_earlier_correction_ends_no_clock_because_a_later_policy_counts_from_the_switch() -> None:
    version = standard_policy().version
    story = (
        filed(),
        moved(60, urgency=["urgent", "routine"]),
        moved(90, urgency=["routine", "urgent"]),
        moved(60 * 26, "reevaluate", policy_version=[version, "own-3"]),
    )
    found = switching(*story, hours=27)
    missed = found["resolve", 1]
    assert (missed.state, missed.breached_at) == (BREACHED, MONDAY + timedelta(hours=24))
    assert missed.stopped_at == MONDAY + timedelta(hours=26)
    assert found["resolve", 2].due_at == MONDAY + timedelta(hours=56)


def test_a_pause_taken_back_after_the_terms_changed_gave_no_credit_under_the_old_ones() -> None:
    pause = entry(60, "pause", "waiting", until=(MONDAY + timedelta(hours=25)).isoformat(), waiting_reason="parts")
    story = [filed(), pause, moved(60 * 24 + 30, urgency=["urgent", "routine"])]
    story[2]["status"] = "waiting"
    refused = entry(60 * 26, "disallow", "in_progress", "dispatcher", pause=2)
    numbered = [{**one, "seq": number} for number, one in enumerate([*story, refused], start=1)]
    assert clocks(*numbered[:3], hours=25)["resolve", 1].breached_at is None
    assert clocks(*numbered, hours=27)["resolve", 1].breached_at == MONDAY + timedelta(hours=24)
