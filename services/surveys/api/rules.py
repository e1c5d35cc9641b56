"""The rules of this installation, as the views reach them."""

from flask import current_app

from services.surveys.visiting import Rules

RULES = "survey_rules"


def rules() -> Rules:
    """Return how this installation asks households."""
    found: Rules = current_app.extensions[RULES]
    return found
