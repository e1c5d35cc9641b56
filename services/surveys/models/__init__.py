"""The tables of the surveys service."""

from services.kit import erasures as kit_erasures
from services.kit import exports as kit_exports
from services.kit import inbox as kit_inbox
from services.kit import outbox as kit_outbox
from services.kit.http import effects
from services.surveys.answering import AnsweredBy
from services.surveys.models.answers import answer_items, answers
from services.surveys.models.callbacks import call_attempts, callbacks, draws, sampling_rules
from services.surveys.models.campaigns import (
    campaign_answer_items,
    campaign_answers,
    campaign_estimates,
    campaign_households,
    campaigns,
)
from services.surveys.models.columns import Id, Moment, metadata, one_of, organisation
from services.surveys.models.outcomes import clock_outcomes, ticket_steps
from services.surveys.models.people import people
from services.surveys.models.readings import answer_views
from services.surveys.models.visits import State, Turn, return_visits, ticket_turns

__all__ = [
    "AnsweredBy",
    "Id",
    "Moment",
    "State",
    "Turn",
    "answer_items",
    "answer_views",
    "answers",
    "call_attempts",
    "callbacks",
    "campaign_answer_items",
    "campaign_answers",
    "campaign_estimates",
    "campaign_households",
    "campaigns",
    "clock_outcomes",
    "draws",
    "erasure_passes",
    "exports",
    "idempotency_keys",
    "inbox",
    "metadata",
    "one_of",
    "organisation",
    "outbox",
    "people",
    "return_visits",
    "sampling_rules",
    "ticket_steps",
    "ticket_turns",
]

erasure_passes = kit_erasures.define(metadata)
exports = kit_exports.define(metadata)
outbox = kit_outbox.define(metadata)
inbox = kit_inbox.define(metadata)
idempotency_keys = effects.define(metadata)
