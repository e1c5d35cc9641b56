"""What can be read of tickets, within what row-level security lets the caller see."""

from services.tickets.queries.desk import communities_of, corrections_of, places_of, pool, staff_of
from services.tickets.queries.jobs import jobs_of
from services.tickets.queries.refused import acted_at, ticket_in_short
from services.tickets.queries.reports import attainment_report, pause_report, sla_report, table_of, wait_report, zone_of
from services.tickets.queries.term_previews import preview_calendar, preview_pack, preview_policy
from services.tickets.queries.term_versions import term_versions
from services.tickets.queries.terms import calendar_view, pack_views, policy_version, policy_view
from services.tickets.queries.tickets import (
    TicketFilter,
    clocks_of,
    comments_of,
    history_of,
    list_tickets,
    photos_of,
    ticket_row,
)
from services.tickets.queries.views import ticket_view
from services.tickets.queries.waits import all_waits_of, wait_view, waits_of

__all__ = [
    "acted_at",
    "TicketFilter",
    "all_waits_of",
    "calendar_view",
    "attainment_report",
    "clocks_of",
    "comments_of",
    "communities_of",
    "corrections_of",
    "history_of",
    "jobs_of",
    "list_tickets",
    "pack_views",
    "pause_report",
    "photos_of",
    "places_of",
    "policy_version",
    "policy_view",
    "pool",
    "preview_calendar",
    "preview_pack",
    "preview_policy",
    "sla_report",
    "staff_of",
    "table_of",
    "term_versions",
    "ticket_in_short",
    "ticket_row",
    "ticket_view",
    "wait_report",
    "wait_view",
    "waits_of",
    "zone_of",
]
