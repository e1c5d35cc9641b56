"""What became of an estimate: it is judged when its window is over, whatever had happened by then."""

from datetime import datetime

WITHIN, EARLY, LATE, WITHDRAWN, PENDING = "within", "early", "late", "withdrawn", "pending"
OUTCOMES = (WITHIN, EARLY, LATE, WITHDRAWN, PENDING)
JUDGED = (WITHIN, EARLY, LATE)

# What is said of a share against the probability that was stated.
AS_STATED, TOO_NARROW, TOO_WIDE, NO_EVIDENCE = "as_stated", "too_narrow", "too_wide", "no_evidence"
VERDICTS = (AS_STATED, TOO_NARROW, TOO_WIDE, NO_EVIDENCE)
LEAST_JUDGED = 20


def outcome(
    low_at: datetime, high_at: datetime, ended_at: datetime | None, withdrawn_at: datetime | None, asof: datetime
) -> str:
    """Return within, early, late, withdrawn or pending.

    Until its window is over an estimate is pending, even where the wait has ended: those that end soon would be judged
    and those that do not would not. One still waiting when the window is over is late, ended or not. A request
    withdrawn before that is censored: nobody knows.
    """
    if asof <= high_at:
        return PENDING
    if ended_at is not None and ended_at <= asof:
        return EARLY if ended_at < low_at else WITHIN if ended_at <= high_at else LATE
    return WITHDRAWN if withdrawn_at is not None and withdrawn_at <= high_at else LATE


def verdict(judged: int, low: float | None, high: float | None, stated: float, expected: float | None) -> str:
    """Return what the interval (`low`, `high`) of the share within says of the probability that was stated.

    Too wide is held against `expected`, the mean of what the windows were to hold exactly, which is never less.
    """
    if judged < LEAST_JUDGED or low is None or high is None:
        return NO_EVIDENCE
    if high < stated:
        return TOO_NARROW
    return TOO_WIDE if low > (stated if expected is None else expected) else AS_STATED
