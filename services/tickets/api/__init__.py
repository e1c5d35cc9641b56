"""The tickets service over HTTP: parse, one command or query, dump."""

from services.tickets.api.announcements import announcements
from services.tickets.api.appointments import appointments
from services.tickets.api.board import board
from services.tickets.api.catalogues import catalogues
from services.tickets.api.complaints import complaints
from services.tickets.api.contacts import contacts
from services.tickets.api.desk import desk
from services.tickets.api.gatherings import gatherings
from services.tickets.api.households import households
from services.tickets.api.joining import joining
from services.tickets.api.looks import looks
from services.tickets.api.mail import mail
from services.tickets.api.photos import photos
from services.tickets.api.place_imports import place_imports
from services.tickets.api.places import places
from services.tickets.api.plans import plans
from services.tickets.api.proofs import proofs
from services.tickets.api.reports import reports
from services.tickets.api.shifts import shifts
from services.tickets.api.spots import spots
from services.tickets.api.steps import steps
from services.tickets.api.terms import terms
from services.tickets.api.tickets import tickets
from services.tickets.api.visitors import visitors

BLUEPRINTS = (
    tickets, steps, appointments, photos, proofs, terms, households, complaints, desk, reports, plans, gatherings,
    shifts, looks, places, place_imports, announcements, joining, spots, visitors, contacts, mail, catalogues, board,
)  # fmt: skip

__all__ = ["BLUEPRINTS"]
