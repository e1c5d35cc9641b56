"""What every page of a crew carries for its scripts: whose phone it is, the words, and where each step leads."""

from functools import cache
from typing import Any

from flask import Response

from gateway.web import words
from gateway.web.crew.said import SAID
from gateway.web.crew.steps import ADDRESSES, CASE, CASE_LEADS_TO, GIVES_AWAY, HOLDING, LEADS_TO, NEXT
from gateway.web.language import language
from gateway.web.page import page
from gateway.web.session import signed_in
from services.kit import clock as time


def crew_page(template: str, status: int = 200, **values: Any) -> Response:
    """Return a page of the crew with what its scripts need."""
    carried = {**_words(language()), "person": signed_in().id}
    return page(template, status, **values, script_data=carried, asked_at=time.now())


@cache
def _words(_language: str) -> dict[str, Any]:
    """Return the words in the language of this page; they are the same for everybody."""
    return {
        "said": {name: str(sentence) for name, sentence in SAID.items()},
        "status": _kind("status"),
        "action": _kind("action"),
        "reason": _kind("waiting_reason"),
        "urgency": _kind("urgency"),
        "need_level": _kind("need_level"),
        "role": _kind("role"),
        "complaint_step": _kind("complaint_step"),
        "steps": {
            "leads_to": {**LEADS_TO, **CASE_LEADS_TO},
            "gives_away": GIVES_AWAY,
            "holding": HOLDING,
            "next": NEXT,
            "addresses": {**ADDRESSES, **{step: f"complaint/{step}" for step in CASE}},
        },
    }


def _kind(kind: str) -> dict[str, list[str]]:
    return {code: [str(word.name), word.sign, word.tone] for code, word in words.all_of(kind).items()}
