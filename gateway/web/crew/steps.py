"""What whoever holds a job may do from each status, and where that leads: what a phone shows without signal.

The desk decides; this is what it will say, kept equal to its own table by a test.
"""

# Where a step leads, as far as whoever takes it goes on with the job.
LEADS_TO = {
    "claim": "claimed",
    "depart": "on_the_way",
    "arrive": "on_site",
    "start": "in_progress",
    "pause": "waiting",
    "resume": "in_progress",
    "complete": "completed",
}
# After these the job is somebody else's.
GIVES_AWAY = ("release", "assign", "escalate", "join")
_ALWAYS = ("release", "assign", "escalate", "promise", "comment", "photograph", "part", "propose", "agree", "call_off")
HOLDING = {
    "claimed": ("depart", "arrive", "start", *_ALWAYS),
    "assigned": ("depart", "arrive", "start", *_ALWAYS),
    "reopened": ("claim", "depart", "arrive", "start", *_ALWAYS),
    "on_the_way": ("arrive", "start", *_ALWAYS),
    "on_site": ("start", "pause", "make_safe", *_ALWAYS),
    "in_progress": ("complete", "pause", "make_safe", *_ALWAYS),
    "waiting": ("resume", "make_safe", *_ALWAYS),
    "completed": ("comment", "photograph"),
}
# The one step that comes next, offered first and large.
NEXT = {
    "filed": "claim",
    "acknowledged": "claim",
    "claimed": "depart",
    "assigned": "depart",
    "reopened": "depart",
    "on_the_way": "arrive",
    "on_site": "start",
    "in_progress": "complete",
    "waiting": "resume",
}
# What the desk's addresses call a step, where it is not by its name.
ADDRESSES = {"make_safe": "make-safe", "call_off": "call-off", "comment": "comments", "photograph": "photos"}
# The steps of a complaint that a crew has: which one comes next is for the desk to say.
CASE = ("identify", "assess", "offer", "choose", "act", "settle", "reply")
CASE_LEADS_TO = {"settle": "completed", "reply": "completed"}
ACTS = (*LEADS_TO, *GIVES_AWAY, "make_safe", "promise", "comment", "photograph", "part", "propose", "agree", "call_off")


def next_step(status: str, actions: list[str]) -> str | None:
    """Return the step to offer first: the one that comes next, where the desk lets this person take it."""
    step = NEXT.get(status)
    if step == "depart" and step not in actions and "claim" in actions:
        return "claim"
    return step if step in actions else None
