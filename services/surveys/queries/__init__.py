"""Reads for the routes; row-level security narrows each to what the caller may see."""

from services.surveys.queries.callbacks import CallFilter, attempts_of, badge_of, call_of, list_calls
from services.surveys.queries.sampling import newest_rule
from services.surveys.queries.visits import list_open_visits, own_visit, visit_behind

__all__ = [
    "CallFilter",
    "attempts_of",
    "badge_of",
    "call_of",
    "list_calls",
    "list_open_visits",
    "newest_rule",
    "own_visit",
    "visit_behind",
]
