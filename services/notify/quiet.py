"""When a person wants to be left in peace: pure arithmetic on local wall-clock times."""

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo


def quiet_end(now: datetime, zone: str, quiet_from: time | None, quiet_until: time | None) -> datetime | None:
    """Return the moment (UTC) the quiet hours end in which `now` lies, or None outside them.

    The hours are what the wall clock of `zone` shows, so a night on which the clock changes is an hour longer or
    shorter. Equal ends mean no quiet hours.
    """
    if quiet_from is None or quiet_until is None or quiet_from == quiet_until:
        return None
    local = now.astimezone(ZoneInfo(zone))
    clock = local.time()
    over_midnight = quiet_from > quiet_until
    evening = clock >= quiet_from
    morning = clock < quiet_until
    if not (evening or morning if over_midnight else evening and morning):
        return None
    day = local.date() + timedelta(days=1) if over_midnight and evening else local.date()
    end = datetime.combine(day, quiet_until, tzinfo=ZoneInfo(zone))
    if end.astimezone(UTC) <= now:
        # The clock went back and shows this hour a second time: the end is its second showing.
        end = end.replace(fold=1)
    return end.astimezone(UTC)


def digest_moment(after: datetime, zone: str, digest_at: time) -> datetime:
    """Return the first moment (UTC), not before `after`, at which the wall clock of `zone` shows `digest_at`."""
    local = after.astimezone(ZoneInfo(zone))
    for days in range(3):
        moment = datetime.combine(local.date() + timedelta(days=days), digest_at, tzinfo=ZoneInfo(zone)).astimezone(UTC)
        if moment >= after:
            return moment
    raise AssertionError("a day has every hour of the clock, or the next one has it")
