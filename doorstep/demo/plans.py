"""What is going to happen to each request of the demo: a pure plan, so that every path is walked in every run."""

from dataclasses import dataclass

PAUSES = ("parts", "access", "resident_choice", "third_party", "weather", "approval")


@dataclass(frozen=True)
class Plan:
    """One request's way. `kept_by_desk` jobs are left alone by the crews until the desk has dealt with them.

    `answers` None means that the household does not answer the survey; `solved` is what it says the first time.
    """

    acknowledge: bool
    assign: bool
    decline: bool
    promise: bool
    cancel: bool
    comment: bool
    remark: bool
    release: bool
    hand_over: bool
    pause: str | None
    confirm: bool
    reopen: bool
    answers: bool
    solved: bool
    satisfaction: int | None

    @property
    def kept_by_desk(self) -> bool:
        """True where the desk gives the job to somebody by name, or turns it down."""
        return self.assign or self.decline


def plan(number: int) -> Plan:
    """Return the plan of the n-th request. The strides share no factor, so that the paths mix."""
    decline = number % 41 == 17
    cancel = number % 23 == 7 and not decline
    assign = number % 11 == 4 and not decline and not cancel
    reopen = number % 29 == 11
    answers = number % 4 != 2 and not reopen
    solved = number % 7 != 3
    return Plan(
        acknowledge=number % 3 == 0,
        assign=assign,
        decline=decline,
        promise=number % 9 == 0,
        cancel=cancel,
        comment=number % 13 == 5,
        remark=number % 17 == 9,
        release=number % 19 == 2 and not assign,
        hand_over=number % 31 == 13,
        pause=PAUSES[number // 5 % len(PAUSES)] if number % 5 == 1 else None,
        confirm=number % 6 == 5,
        reopen=reopen,
        answers=answers,
        solved=solved,
        satisfaction=None if number % 10 == 8 else number % 3 + 3 if solved else 1 + number % 2,
    )
