"""What becomes of a time that is due: filed, filed late, or left out with the reason on record."""

from datetime import datetime, timedelta

from services.tickets.plans import kinds

# So long after its time a plan's ticket still counts as filed in time: a restart of the worker is no downtime.
IN_TIME = timedelta(minutes=30)


def file_at(occurs_at: datetime, lead_hours: int) -> datetime:
    """Return when the ticket for an occurrence is to be filed."""
    return occurs_at - timedelta(hours=lead_hours)


def outcome_of(
    occurs_at: datetime, lead_hours: int, now: datetime, *, state: str, if_missed: str, late_hours: int
) -> tuple[str, str | None]:
    """Return what is to become of a due occurrence, and why where it is not filed.

    One whose own time is still to come is filed however little of its lead time is left. One that was missed is filed
    late within `late_hours` of its time where the plan says so.
    """
    if state == kinds.PAUSED:
        return kinds.SKIPPED, kinds.RESTED
    if now <= max(occurs_at, file_at(occurs_at, lead_hours) + IN_TIME):
        in_time = now <= file_at(occurs_at, lead_hours) + IN_TIME
        return (kinds.FILED if in_time else kinds.FILED_LATE), None
    if if_missed == kinds.FILE and now - occurs_at <= timedelta(hours=late_hours):
        return kinds.FILED_LATE, None
    return kinds.SKIPPED, kinds.MISSED
