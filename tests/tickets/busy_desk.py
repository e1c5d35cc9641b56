"""A desk that has worked for two days: one ticket for each way in which clocks come out."""

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy import Engine

from services.kit import clock, testing
from services.tickets import timers

if TYPE_CHECKING:
    from tests.tickets.conftest import Estate

BURST = "水管爆了，水漫到客厅"


def sweep(engine: Engine) -> None:
    """End the pauses that are over and fire what is due, as the worker does."""
    timers.expire_pauses(engine, lambda: None)
    timers.fire_due(engine, lambda: None)


def step(estate: "Estate", name: str, ticket: dict[str, Any], verb: str, ago: timedelta, body: Any = None) -> Any:
    """Take a step a while ago."""
    headers = {"If_Match": "*"} if verb in ("override", "reevaluate") else {}
    with testing.at(clock.now() - ago):
        return estate.step(name, ticket, verb, body, **headers)


def busy(estate: "Estate", engine: Engine) -> dict[str, dict[str, Any]]:
    """Let a desk work for two days: jobs breached, paused and expired, corrected, moved to new terms, reopened, let go
    and cancelled.

    Timers look at the real clock, so whatever happens after they looked happens now.
    """
    hours = {number: timedelta(hours=number) for number in range(50)}
    with testing.at(clock.now() - hours[48]):
        found = {
            name: estate.file(BURST)
            for name in ("breached", "paused", "corrected", "moved", "reopened", "let go", "cancelled")
        }
    for name in ("paused", "reopened", "let go"):
        for verb in ("claim", "start"):
            found[name] = step(estate, "crew", found[name], verb, hours[47])
    until = (clock.now() - hours[20]).isoformat()
    pause = {"reason": "parts", "note": "等阀门", "until": until}
    found["paused"] = step(estate, "crew", found["paused"], "pause", hours[46], pause)
    found["reopened"] = step(estate, "crew", found["reopened"], "complete", hours[46], {"note": "换了阀门"})
    found["reopened"] = step(estate, "resident", found["reopened"], "reopen", hours[30], {"reason": "还在漏"})
    found["let go"] = step(estate, "crew", found["let go"], "release", hours[40], {"reason": "有急事"})
    sweep(engine)
    milder = {"reason": "看过现场", "urgency": "routine"}
    found["corrected"] = step(estate, "dispatcher", found["corrected"], "override", hours[0], milder)
    new_terms(estate)
    found["moved"] = step(estate, "manager", found["moved"], "reevaluate", hours[0], {"reason": "新合同"})
    found["cancelled"] = step(estate, "resident", found["cancelled"], "cancel", hours[0])
    sweep(engine)
    return found


def new_terms(estate: "Estate") -> None:
    """Give the community a policy of its own, with a statute in it, and another calendar."""
    where = f"/communities/{estate.community_id}"
    assert estate.put("manager", f"{where}/packs/uk_awaab_2025", {}, If_Match="*").status_code == 200
    daily = {"tz": "Asia/Shanghai", "hours": {day: [["00:00", "24:00"]] for day in ("mon", "wed", "sun")}}
    answer = estate.put("manager", f"{where}/calendar", {"document": daily, "note": "新合同"}, If_Match="*")
    assert answer.status_code == 200, answer.json
