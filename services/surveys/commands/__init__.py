"""What changes a return visit, its answer and its call. A command checks, refuses by name, or changes; none commits."""

from services.surveys.commands.answers import answer_by_link, answer_by_login
from services.surveys.commands.attempts import Attempt, record_attempt
from services.surveys.commands.callbacks import BATCH, claim, lapse_due, release
from services.surveys.commands.draws import draw_silent_due
from services.surveys.commands.people import remember_person
from services.surveys.commands.sampling import set_sampling
from services.surveys.commands.visits import expire_due, invite_due, note_reached, note_turn, schedule_visit

__all__ = [
    "BATCH",
    "Attempt",
    "answer_by_link",
    "answer_by_login",
    "claim",
    "draw_silent_due",
    "expire_due",
    "invite_due",
    "lapse_due",
    "note_reached",
    "note_turn",
    "record_attempt",
    "release",
    "remember_person",
    "schedule_visit",
    "set_sampling",
]
