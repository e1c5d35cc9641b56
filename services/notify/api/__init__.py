"""The notify service over HTTP: parse, one command or query, dump."""

from services.notify.api.notices import APPRISE, blp

__all__ = ["APPRISE", "blp"]
