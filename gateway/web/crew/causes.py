"""Jobs with one cause: what goes along with a job, and what is open nearby that may have the same."""

from typing import Any

from gateway.web.crew.steps import NEXT
from gateway.web.desk import Desk


def same_cause(asked: Desk, ticket: dict[str, Any], *, mine: bool) -> list[dict[str, Any]]:
    """Return open reports like a job, where it may be joined to them or they to it; each says what it `can` do.

    A job that nobody has goes along with another; what nobody has comes along with one's own. Whether the desk takes
    it is for the desk to say.
    """
    joins = "join" in ticket["actions"]
    if ticket["joined_to"] or not (joins or mine):
        return []
    place = {"unit_id": ticket["unit_id"]} if ticket["unit_id"] else {"community_id": ticket["community_id"]}
    query = "&".join(f"{name}={value}" for name, value in {"catalogue_code": ticket["catalogue_code"], **place}.items())
    found = asked.several({"similar": f"/similar?{query}"}, forgiving=True)["similar"]
    others = [one for one in found["items"] if one["ticket_id"] != ticket["id"]] if found else []
    if joins:
        return [{**one, "can": "lead"} for one in others]
    return [{**one, "can": "come"} for one in others if NEXT.get(one["status"]) == "claim"]
