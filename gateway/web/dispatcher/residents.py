"""What residents are called at the desk: the login, which is often the number to call, and the home."""

from collections.abc import Iterable

from gateway.web.desk import desk

MOST = 100


def named(ids: Iterable[str | None]) -> dict[str, str]:
    """Return what residents are called by their ids; who left, or is beyond the caller's reach, is not among them."""
    wanted = sorted({one for one in ids if one})[:MOST]
    if not wanted:
        return {}
    people = desk().get("/residents", id=wanted, limit=MOST)["items"]
    units = sorted({one["units"][0] for one in people if one["units"]})
    homes = {one["id"]: one for one in desk().get("/units", id=units, limit=MOST)["items"]} if units else {}
    return {one["id"]: " · ".join([one["login"], *_home(homes, one["units"])]) for one in people}


def _home(homes: dict[str, dict[str, str]], units: list[str]) -> list[str]:
    return [f"{homes[unit]['building']} {homes[unit]['name']}" for unit in units[:1] if unit in homes]
