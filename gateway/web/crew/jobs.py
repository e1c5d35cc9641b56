"""What a crew member has to do, by what is due first, and what there is to take."""

from flask import Response, request

from gateway.web.crew.area import blp
from gateway.web.crew.deadlines import deadlines, left
from gateway.web.crew.showing import crew_page
from gateway.web.crew.steps import next_step
from gateway.web.desk import desk
from gateway.web.guard import page_for

ON_A_PAGE = 20


@blp.get("")
@page_for("crew")
def jobs() -> Response:
    """List the jobs of whoever is signed in, the nearest deadline first."""
    told = desk().several({"jobs": "/jobs", "pool": "/pool?limit=1"})
    shown = [
        {
            **job["ticket"],
            "building": job["building_name"],
            "timezone": job["timezone"],
            "deadlines": deadlines(job["clocks"]),
            "next": next_step(job["ticket"]["status"], job["ticket"]["actions"]),
        }
        for job in told["jobs"]["items"]
    ]
    return crew_page("crew/jobs.html", jobs=shown, open_jobs=bool(told["pool"]["items"]))


@blp.get("/pool")
@page_for("crew")
def pool() -> Response:
    """List the jobs nobody has that whoever is signed in can take, most pressing first, each with why."""
    found = desk().get("/pool", limit=ON_A_PAGE, after=request.args.get("after"))
    jobs = [{**job, "left": left(job["next_due_at"]) if job["next_due_at"] else None} for job in found["items"]]
    return crew_page("crew/pool.html", jobs=jobs, after=found.after)
