"""The pages of crews: made to work without signal, see static/, and by plain forms where no script runs."""

from gateway.web.crew import acts, complaint, job, jobs, outbox
from gateway.web.crew.area import NAVIGATION, blp

# Each module of pages, so that its views are registered.
PAGES = (acts, complaint, job, jobs, outbox)

__all__ = ["NAVIGATION", "PAGES", "blp"]
