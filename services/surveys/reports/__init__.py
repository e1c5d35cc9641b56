"""What managers learn from what households said, and from what was promised and delivered."""

from services.surveys.reports.asked import Asked
from services.surveys.reports.gaps import gaps_report
from services.surveys.reports.opinions import campaign_report
from services.surveys.reports.recovery import recovery_page
from services.surveys.reports.satisfaction import satisfaction_report

__all__ = [
    "Asked",
    "campaign_report",
    "gaps_report",
    "recovery_page",
    "satisfaction_report",
]
