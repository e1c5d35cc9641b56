"""The tables of the tickets service."""

from services.kit import inbox as kit_inbox
from services.kit import outbox as kit_outbox
from services.kit.http import effects
from services.tickets.models.announcements import announcement_readers, announcement_steps, announcements
from services.tickets.models.catalogues import catalogue_versions
from services.tickets.models.clocks import clocks, firings
from services.tickets.models.columns import Id, Moment, metadata
from services.tickets.models.complaints import complaint_words, complaints
from services.tickets.models.contacts import contact_views
from services.tickets.models.erasures import erasure_passes, photo_removals
from services.tickets.models.exports import exports
from services.tickets.models.gatherings import gatherings, sign_ups, volunteer_hours, volunteers
from services.tickets.models.households import (
    household_circumstances,
    household_equipment,
    household_views,
    households,
)
from services.tickets.models.mail import addresses, mailboxes, mails
from services.tickets.models.places import (
    UNIT_NAME,
    buildings,
    calendars,
    communities,
    people,
    place_changes,
    policies,
    units,
)
from services.tickets.models.plans import plan_checkpoints, plan_occurrences, plans, ticket_checkpoints
from services.tickets.models.preferences import resident_preferences
from services.tickets.models.shifts import days_off, shifts
from services.tickets.models.spots import spots, ticket_contacts
from services.tickets.models.tickets import NAMED_TICKETS, history, photos, refilings, remarks, tickets
from services.tickets.models.waits import wait_curves, wait_estimates

__all__ = [
    "NAMED_TICKETS",
    "UNIT_NAME",
    "Id",
    "Moment",
    "addresses",
    "announcement_readers",
    "announcement_steps",
    "announcements",
    "buildings",
    "calendars",
    "catalogue_versions",
    "clocks",
    "communities",
    "complaint_words",
    "complaints",
    "contact_views",
    "days_off",
    "erasure_passes",
    "exports",
    "firings",
    "gatherings",
    "history",
    "household_circumstances",
    "household_equipment",
    "household_views",
    "households",
    "idempotency_keys",
    "inbox",
    "mailboxes",
    "mails",
    "metadata",
    "outbox",
    "people",
    "photo_removals",
    "photos",
    "place_changes",
    "plan_checkpoints",
    "plan_occurrences",
    "plans",
    "policies",
    "refilings",
    "remarks",
    "resident_preferences",
    "shifts",
    "sign_ups",
    "spots",
    "ticket_checkpoints",
    "tickets",
    "units",
    "ticket_contacts",
    "volunteer_hours",
    "volunteers",
    "wait_curves",
    "wait_estimates",
]

outbox = kit_outbox.define(metadata)
inbox = kit_inbox.define(metadata)
idempotency_keys = effects.define(metadata)
