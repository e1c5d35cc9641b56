"""Opinion campaigns: what this home is asked, answered once."""

from typing import Any

from flask import Response, request
from flask_babel import gettext as _

from gateway.web.desk import Refused, Told, desk
from gateway.web.guard import page_for
from gateway.web.page import go, page
from gateway.web.resident.area import blp
from gateway.web.resident.requests import refusal_of


@blp.get("/opinions")
@page_for("resident")
def opinions() -> Response:
    """List what this home was asked for its opinion on."""
    return page("resident/opinions.html", campaigns=desk().get("/campaigns", limit=20)["items"])


@blp.get("/opinions/<uuid:campaign_id>")
@page_for("resident")
def opinion(campaign_id: str) -> Response:
    """Ask the questions of one campaign."""
    return page("resident/opinion.html", it=desk().get(f"/campaigns/{campaign_id}"), given={})


@blp.post("/opinions/<uuid:campaign_id>")
@page_for("resident")
def give_opinion(campaign_id: str) -> Response:
    """Take the home's answers."""
    campaign = desk().get(f"/campaigns/{campaign_id}")
    waiting = [home["unit_id"] for home in campaign["homes"] if home["answered_at"] is None]
    body = {"answers": _answers(campaign), "unit_id": request.form.get("unit_id") or next(iter(waiting), None)}
    try:
        receipt = desk().post(f"/campaigns/{campaign_id}/answers", body)
    except Refused as refused:
        sentence = refusal_of(refused)
        return page("resident/opinion.html", refused.status, it=campaign, given=request.form, sentence=sentence)
    return go("resident.opinions", said=receipt.get("message") or _("Thank you."))


def _answers(campaign: Told) -> dict[str, Any]:
    """Return the form as the API takes it: a scale is a number, words are words; what was left out is not sent."""
    said: dict[str, Any] = {}
    for question in campaign["questions"]:
        words = request.form.get(question["name"], "").replace("\r\n", "\n").strip()
        if question["kind"] == "scale" and words.isascii() and words.isdigit():
            said[question["name"]] = int(words[:4])
        elif words:
            said[question["name"]] = words
    return said
