"""The queue of calls for the desk: see what is due, take one, say how it went, or give it back."""

from datetime import datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from flask import Response
from flask_smorest import Blueprint
from sqlalchemy import Connection

from services.kit import clock
from services.kit.http import Answer, access, one_effect, page_link, respond, scoped
from services.kit.http.problems import wants
from services.kit.identity import current_actor
from services.surveys import commands, queries, question_sets, scripts
from services.surveys.answering import Said
from services.surveys.api.rules import rules
from services.surveys.calling import State, possible_at
from services.surveys.queries import CallFilter
from services.surveys.schemas import AttemptIn, Callback, CallbackInFull, CallbackPage, Callbacks

callbacks = Blueprint("callbacks", __name__, description="Return visits by telephone")

CALLERS = ("dispatcher", "manager")


@callbacks.route("/callbacks", methods=["GET"])
@access(*CALLERS)
@callbacks.arguments(CallbackPage, location="query")
@callbacks.alt_response(200, schema=Callbacks)
def list_callbacks(page: dict[str, Any]) -> Response:
    """Return the calls to make, the longest possible first. `mine` asks for those the caller has taken."""
    community_id = page["community_id"] and str(page["community_id"])
    wanted = CallFilter(community_id, current_actor().id if page["mine"] else None)
    with scoped() as db:
        calls, more = queries.list_calls(db, wanted, page["limit"], page["after"])
    now = clock.now()
    return respond(Answer({"items": [call_view(call, now) for call in calls]}, headers=page_link(more)))


@callbacks.route("/callbacks/<uuid:callback_id>", methods=["GET"])
@access(*CALLERS)
@callbacks.alt_response(200, schema=CallbackInFull)
def read_callback(callback_id: UUID) -> Response:
    """Return a call with what to say, in both languages, what to ask, and how it went so far."""
    with scoped() as db:
        call = queries.call_of(db, str(callback_id))
        made = queries.attempts_of(db, call.id)
        caller = queries.badge_of(db, current_actor().id)
    payload = {
        **call_view(call, clock.now()),
        "script": scripts.script(call.number, caller),
        "placeholders": list(scripts.PLACEHOLDERS),
        "questions": question_sets.get(question_sets.RETURN_VISIT).asked(wants()),
        "calls": [_attempt_view(attempt) for attempt in made],
    }
    return respond(Answer(payload, headers={"Vary": "Accept-Language"}))


@callbacks.route("/callbacks/<uuid:callback_id>/claim", methods=["POST"])
@access(*CALLERS)
@callbacks.alt_response(200, schema=Callback)
@one_effect
def claim_callback(db: Connection, callback_id: UUID) -> Answer:
    """Take a call. One of any number of claims wins; the others get 409 with the winner."""
    now, its = clock.now(), rules()
    call = commands.claim(db, current_actor(), str(callback_id), now=now, night=its.night, rules=its.calls)
    return Answer(call_view(call, now))


@callbacks.route("/callbacks/<uuid:callback_id>/release", methods=["POST"])
@access(*CALLERS)
@callbacks.alt_response(200, schema=Callback)
@one_effect
def release_callback(db: Connection, callback_id: UUID) -> Answer:
    """Give a call back to the queue."""
    call = commands.release(db, current_actor(), str(callback_id))
    return Answer(call_view(call, clock.now()))


@callbacks.route("/callbacks/<uuid:callback_id>/attempts", methods=["POST"])
@access(*CALLERS)
@callbacks.arguments(AttemptIn)
@callbacks.alt_response(201, schema=Callback)
@one_effect
def record_attempt(db: Connection, body: dict[str, Any], callback_id: UUID) -> Answer:
    """Put on record how a call went, with what was said where somebody answered."""
    now, its = clock.now(), rules()
    attempt = commands.Attempt(
        body["outcome"],
        called_at=body["called_at"],
        call_again_at=body["call_again_at"],
        said=Said(**body["answer"]) if body["answer"] else None,
        spoken_by=body["spoken_by"],
    )
    call = commands.record_attempt(
        db, current_actor(), str(callback_id), attempt, now=now, night=its.night, rules=its.calls
    )
    return Answer(call_view(call, now), 201)


def call_view(call: Any, now: datetime) -> dict[str, Any]:
    """Return a call as the desk sees it: `possible_at` is when it may be made, by the clock where they live."""
    zone, its = ZoneInfo(call.timezone), rules()
    ended = call.state == State.ENDED
    possible = None if ended else possible_at(now, call.next_call_at, zone, its.night).astimezone(zone)
    return {
        "id": call.id,
        "survey_id": call.survey_id,
        "ticket_id": call.ticket_id,
        "ticket_number": call.number,
        "completion": call.completion,
        "community_id": call.community_id,
        "unit_id": call.unit_id,
        "completed_at": call.completed_at,
        "reason": call.reason,
        "drawn_with": float(call.drawn_with),
        "state": call.state,
        "attempts": call.attempts,
        "attempts_left": 0 if ended else max(0, its.calls.attempts - call.attempts),
        "possible_at": possible,
        "expires_at": call.expires_at,
        "claimed_by": None if call.claimed_by is None else {"id": call.claimed_by, "name": call.caller_name},
        "claimed_until": call.claimed_until,
        "ended_because": call.ended_because,
        "ended_at": call.ended_at,
    }


def _attempt_view(attempt: Any) -> dict[str, Any]:
    return {
        "number": attempt.number,
        "outcome": attempt.outcome,
        "called_by": {"id": attempt.called_by, "name": attempt.caller_name},
        "called_at": attempt.called_at,
        "call_again_at": attempt.call_again_at,
    }
