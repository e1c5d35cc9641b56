"""Return visits by telephone: what is due, one call with its script, and how it went."""

from typing import Any

from flask import Response, request
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import RadioField, SelectField, TextAreaField

from gateway.web.desk import Refused, desk
from gateway.web.dispatcher import said
from gateway.web.dispatcher.area import DESK, blp
from gateway.web.dispatcher.forms import Moment
from gateway.web.dispatcher.residents import named
from gateway.web.forms import DeskForm
from gateway.web.guard import page_for
from gateway.web.page import go, page

ANSWER = ("answered", "proxy")


class Attempt(DeskForm):
    """How a call went, with what was said."""

    outcome = RadioField(_l("How did it go?"), choices=said.choices("call_outcome"))
    spoken_by = SelectField(_l("Who answered for them"), choices=said.choices("spoken_by", "–"))
    solved = RadioField(_l("Is it really solved?"), choices=[("yes", _l("Yes, it is")), ("no", _l("No, it is not"))])
    satisfaction = RadioField(
        _l("Points, if they give any"), choices=[("", _l("none given")), *((str(n), str(n)) for n in range(1, 6))]
    )
    comment = TextAreaField(_l("What they said, in their words"))
    call_again_at = Moment(_l("Call again at"))

    def told(self, community_id: str) -> dict[str, Any]:
        """Return the attempt as the desk takes it: only what belongs to its outcome."""
        outcome = self.outcome.data or ""
        body: dict[str, Any] = {"outcome": outcome}
        if outcome in ANSWER:
            solved = {"yes": True, "no": False}.get(self.solved.data or "")
            answer: dict[str, Any] = {} if solved is None else {"solved": solved}
            if self.satisfaction.data:
                answer["satisfaction"] = int(self.satisfaction.data)
            if self.comment.data:
                answer["comment"] = self.comment.data.replace("\r\n", "\n").strip()
            body["answer"] = answer
        if outcome == "proxy" and self.spoken_by.data:
            body["spoken_by"] = self.spoken_by.data
        if outcome == "call_later":
            body["call_again_at"] = said.aware(self.call_again_at.data, community_id)
        return {name: value for name, value in body.items() if value is not None}


# The desk's names of what is a field of its own here.
NAMES = {
    "answer": "solved",
    "answer.solved": "solved",
    "answer.satisfaction": "satisfaction",
    "answer.comment": "comment",
}


@blp.get("/calls")
@page_for(*DESK)
def calls() -> Response:
    """List the calls to make: return visits, and the people an emergency's messages did not reach."""
    mine = request.args.get("mine") == "true"
    query = "?mine=true" if mine else ""
    told = desk().several({"visits": f"/callbacks{query}", "tasks": "/phone-tasks", "staff": "/staff"}, forgiving=True)
    return page("dispatcher/calls.html", visits=told["visits"], tasks=told["tasks"], names=_names(told), mine=mine)


def _names(told: dict[str, Any]) -> dict[str, str]:
    """Return what the people to be told by telephone are called: staff by their badges, residents by their logins."""
    people = {one["person_id"] for one in (told["tasks"] or {}).get("items", ())}
    badges = {one["id"]: one["badge"] for one in (told["staff"] or {}).get("items", ()) if one["id"] in people}
    return badges | named(people - badges.keys())


@blp.get("/calls/<uuid:call_id>")
@page_for(*DESK)
def call(call_id: str) -> Response:
    """Show one call with what to say."""
    form = Attempt()
    form.satisfaction.data = ""
    return _show(str(call_id), form)


@blp.post("/calls/<uuid:call_id>/claim")
@page_for(*DESK)
def claim_call(call_id: str) -> Response:
    """Take a call, so that nobody else makes it."""
    desk().post(f"/callbacks/{call_id}/claim")
    return go("dispatcher.call", call_id=call_id)


@blp.post("/calls/<uuid:call_id>/release")
@page_for(*DESK)
def release_call(call_id: str) -> Response:
    """Give a call back to the queue."""
    desk().post(f"/callbacks/{call_id}/release")
    return go("dispatcher.calls", said=_("The call is back in the queue."))


@blp.post("/calls/<uuid:call_id>")
@page_for(*DESK)
def record_call(call_id: str) -> Response:
    """Put on record how a call went."""
    form = Attempt()
    its = desk().get(f"/callbacks/{call_id}")
    try:
        after = desk().post(f"/callbacks/{call_id}/attempts", form.told(its["community_id"]))
    except Refused as refused:
        return _show(str(call_id), form, form.refuse(refused, NAMES))
    over = _("The call is done.") if after["state"] == "ended" else _("Written down; it will be called again.")
    return go("dispatcher.calls", said=over)


def _show(call_id: str, form: Attempt, status: int = 200) -> Response:
    its = desk().get(f"/callbacks/{call_id}")
    ticket = desk().get(f"/tickets/{its['ticket_id']}")
    lines = [{**step, "words": said.named(step["text"])} for step in its["script"]]
    return page("dispatcher/call.html", status, call=its, ticket=dict(ticket), lines=lines, form=form)
