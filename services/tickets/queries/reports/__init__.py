"""What managers audit the service by: levels kept and missed, waiting, and the need levels a community attains."""

from services.tickets.queries.reports.asked import GROUPINGS, NONE, Asked, zone_of
from services.tickets.queries.reports.attainment import attainment_report
from services.tickets.queries.reports.pauses import PAUSE_GROUPINGS, pause_report
from services.tickets.queries.reports.promises import BECAME
from services.tickets.queries.reports.quality import LISTED
from services.tickets.queries.reports.sla import sla_report
from services.tickets.queries.reports.tables import table_of
from services.tickets.queries.reports.waits import WAIT_GROUPINGS, wait_report

__all__ = [
    "BECAME",
    "GROUPINGS",
    "LISTED",
    "NONE",
    "PAUSE_GROUPINGS",
    "WAIT_GROUPINGS",
    "Asked",
    "attainment_report",
    "pause_report",
    "sla_report",
    "table_of",
    "wait_report",
    "zone_of",
]
