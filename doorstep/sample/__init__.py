"""The sample organisation and what fills it: for a first look, for the demo and for tests, never for production."""

from doorstep.sample.loading import is_empty, is_loaded, load, refuse_in_production
from doorstep.sample.organisation import HUATING, LOGINS, OTHER, PASSWORD

__all__ = [
    "HUATING",
    "LOGINS",
    "OTHER",
    "PASSWORD",
    "is_empty",
    "is_loaded",
    "load",
    "refuse_in_production",
]
