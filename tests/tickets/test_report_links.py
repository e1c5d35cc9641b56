"""Behind every figure is a link, and its list is exactly the tickets that were counted."""

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import pytest

from services.tickets.sla.clocks import Clock
from tests.tickets import recounting
from tests.tickets.month import lived_through
from tests.tickets.recounting import Told, follow, ids
from tests.tickets.test_report import GROUPINGS, recounted, report

if TYPE_CHECKING:
    from tests.tickets.conftest import Estate

COUNTED_AS = {
    "met": ("met",),
    "breached": ("breached", "open_overdue"),
    "open_overdue": ("open_overdue",),
    "open_in_time": ("open_in_time",),
    "unknown": ("unknown",),
    "void": ("void",),
    "decided": ("met", "breached", "open_overdue"),
}
QUALITIES: dict[str, Callable[[Told], bool]] = {
    "finished": lambda job: job.done,
    "counted": lambda job: job.counted,
    "flawless": lambda job: job.flawless,
    "flawed": lambda job: job.flawed,
    "decided": lambda job: job.flawed or job.flawless,
    "undecided": lambda job: job.done and not job.flawed and not job.flawless,
    "missed_clock": lambda job: job.missed,
    "broken_promise": lambda job: "broken" in job.promises(),
    "was_reopened": lambda job: job.reopened,
    "unhappy": lambda job: job.unhappy,
    "unanswered": lambda job: job.flawless and job.row["solved"] is None and job.row["status"] != "confirmed",
}


@pytest.mark.parametrize("grouping", GROUPINGS)
def test_every_link_lists_exactly_the_tickets_that_were_counted(estate: "Estate", grouping: str) -> None:
    _, before = lived_through(estate)
    found = report(estate, group_by=grouping, **{"from": before.isoformat()})
    every = recounted(estate, found)
    followed = 0
    for group in found["groups"]:
        followed += clocks_are_listed(estate, group, every, grouping)
        if grouping != "rule":
            jobs = [job for job in every if recounting.group_key(grouping, job, None) == group["key"]]
            wholes_are_listed(estate, group, jobs)
    assert followed


def clocks_are_listed(estate: "Estate", group: dict[str, Any], every: list[Told], grouping: str) -> int:
    """Follow the link of every count of a group that is not nothing; returns how many."""
    followed = 0
    for kind, figures in group["clocks"].items():
        for name, counted_as in COUNTED_AS.items():
            behind = [
                job.row["id"]
                for job in every
                for clock in job.judged
                if clock.kind == kind
                and recounting.verdict(clock) in counted_as
                and recounting.group_key(grouping, job, clock) == group["key"]
            ]
            assert len(behind) == figures[name]
            assert len(set(behind)) == figures["tickets_counted"][name]
            if behind or name == "met":
                assert follow(estate, figures["tickets"][name]) == set(behind), (group["key"], kind, name)
                followed += 1
        times_are_listed(estate, group, kind, [*of_group(every, group["key"], grouping, kind)])
    return followed


def of_group(every: list[Told], key: str | None, grouping: str, kind: str) -> Iterator[tuple[Told, Clock]]:
    """Yield the clocks of a kind in a group, each with its job."""
    for job in every:
        for clock in job.judged:
            if clock.kind == kind and recounting.group_key(grouping, job, clock) == key:
                yield job, clock


def times_are_listed(estate: "Estate", group: dict[str, Any], kind: str, within: list[tuple[Told, Clock]]) -> None:
    """Follow the links of what a kind of clock took: every clock that ended and was not given up has such a time."""
    figures = group["clocks"][kind]
    for name, spread in (("timed_contract", figures["contract"]), ("timed_lived", figures["lived"])):
        timed = [
            job.row["id"]
            for job, clock in within
            if clock.stopped_at is not None
            and clock.state != "void"
            and (name == "timed_lived" or clock.elapsed_seconds is not None)
        ]
        assert (spread["n"], figures["tickets_counted"][name]) == (len(timed), len(set(timed))), (kind, name)
        if timed:
            assert follow(estate, figures["tickets"][name]) == set(timed), (group["key"], kind, name)


def wholes_are_listed(estate: "Estate", group: dict[str, Any], jobs: list[Told]) -> None:
    """Follow the links of what is said of jobs as wholes."""
    assert follow(estate, group["tickets"]) == ids(jobs, lambda job: True)
    flawless = group["flawless"]
    for name, is_so in QUALITIES.items():
        behind = ids(jobs, is_so)
        assert {**flawless, **flawless["flawed_by"]}[name] == len(behind)
        assert follow(estate, flawless["tickets"][name]) == behind, (group["key"], name)
    for name, link in group["promises"]["tickets"].items():
        became = {"kept", "broken"} if name == "decided" else {name}
        promised = ids(jobs, lambda job, became=became: not became.isdisjoint(job.promises()))  # type: ignore[misc]
        assert follow(estate, link) == promised, (group["key"], name)
        assert group["promises"]["tickets_counted"][name] == len(promised)
    resolved = group["resolution"]
    assert follow(estate, resolved["tickets"]) == ids(jobs, lambda job: job.reopened)
    for name, link in resolved["timed"].items():
        which, clock = name.split("_")
        took = ids(jobs, lambda job, name=name: recounting.times(job)[name] is not None)  # type: ignore[misc]
        assert follow(estate, link) == took, (group["key"], name)
        assert resolved[which][clock]["n"] == len(took)


def test_what_was_carried_over_is_listed_too(estate: "Estate") -> None:
    _, before = lived_through(estate)
    since = before.isoformat()
    for grouping in ("need_level", "community", "crew", "rule", "organisation"):
        found = report(estate, group_by=grouping, **{"from": since})
        early = recounted(estate, {**found, "from": None, "to": since})
        listed = 0
        for group in found["groups"]:
            for kind, figures in group["clocks"].items():
                late = [
                    job.row["id"]
                    for job in early
                    for clock in job.judged
                    if clock.kind == kind
                    and recounting.verdict(clock) == "open_overdue"
                    and recounting.group_key(grouping, job, clock) == group["key"]
                ]
                assert figures["carried_over"]["open_overdue"] == len(late)
                assert follow(estate, figures["carried_over"]["tickets"]) == set(late)
                listed += len(late)
        total = sum(figures["carried_over"]["open_overdue"] for figures in found["total"]["clocks"].values())
        assert total == listed > 3


def test_a_question_narrowed_keeps_its_narrowing_in_its_links(estate: "Estate") -> None:
    community, _ = lived_through(estate)
    asked = {"community_id": community, "work_type": "complaint", "rule": "call-after-complaint", "policy_version": ""}
    found = report(estate, **{name: value for name, value in asked.items() if value})
    figures = found["total"]["clocks"]["callback"]
    assert (found["total"]["filed"], figures["open_overdue"]) == (1, 1)
    assert len(follow(estate, figures["tickets"]["open_overdue"])) == 1
    assert found["total"]["clocks"]["resolve"]["decided"] == 0
    for name, value in (("crew_id", estate.people["colleague"].id), ("crew_id", "none"), ("need_level", "1")):
        narrowed = report(estate, **{name: value})
        assert narrowed["total"]["filed"] > 0
        assert len(follow(estate, narrowed["total"]["tickets"])) == narrowed["total"]["filed"]
        assert {found[name] for found in (narrowed,)} == {value}


def test_a_manager_of_one_community_follows_links_to_its_tickets_only(estate: "Estate") -> None:
    community, _ = lived_through(estate)
    estate.join("local", "manager", community_ids=(community,))
    found = report(estate, "local", group_by="organisation")
    assert 0 < found["total"]["filed"] < report(estate, group_by="organisation")["total"]["filed"]
    listed = follow(estate, found["total"]["tickets"], "local")
    assert len(listed) == found["total"]["filed"]
    flawed = found["total"]["flawless"]
    assert len(follow(estate, flawed["tickets"]["flawed"], "local")) == flawed["flawed"] > 0
