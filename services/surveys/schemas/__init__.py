"""What the surveys routes take and give."""

from services.surveys.schemas.callbacks import AttemptIn, Callback, CallbackInFull, CallbackPage, Callbacks
from services.surveys.schemas.sampling import SamplingIn, SamplingOut
from services.surveys.schemas.surveys import AnswerIn, AnswerOut, Question, ReturnVisit, ReturnVisits, SurveyOut

__all__ = [
    "AnswerIn",
    "AnswerOut",
    "AttemptIn",
    "Callback",
    "CallbackInFull",
    "CallbackPage",
    "Callbacks",
    "Question",
    "ReturnVisit",
    "ReturnVisits",
    "SamplingIn",
    "SamplingOut",
    "SurveyOut",
]
