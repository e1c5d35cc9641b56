"""How alike two complaints are, what the first contact is, and shares that say what they are made of."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binomtest

from services.tickets.complaints.codes import SEVERITIES
from services.tickets.complaints.figures import share
from services.tickets.complaints.limits import APPROVAL, FIRST_CONTACT, approval_due_at, on_first_contact
from services.tickets.complaints.similarity import INDEXED_WORDS, indexed, jaccard, words_of

NOON = datetime(2026, 11, 22, 4, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("电梯坏了", ["电梯", "梯坏", "坏了"]),
        ("电梯,坏", ["电梯", "坏"]),
        ("The lift is stuck again", ["lift", "stuck"]),
        ("Ｌｉｆｔ电梯 12", ["lift", "电梯"]),
        ("", []),
        ("？！12", []),
    ],
)
def test_what_a_text_is_compared_by(text: str, words: list[str]) -> None:
    assert list(words_of(text)) == words


def test_the_same_trouble_is_more_alike_than_another() -> None:
    said = words_of("保安态度恶劣，在门口骂人").keys()
    assert jaccard(said, words_of("门口保安骂人，态度很恶劣").keys()) > 0.35
    assert jaccard(said, words_of("物业费收得太高").keys()) == 0


@given(st.text(), st.text())
def test_likeness_is_a_share_and_the_same_both_ways(one: str, other: str) -> None:
    first, second = words_of(one).keys(), words_of(other).keys()
    assert 0 <= jaccard(first, second) == jaccard(second, first) <= 1
    assert not first or jaccard(first, first) == 1


@given(st.text(max_size=3000))
def test_no_text_fills_the_index(text: str) -> None:
    found = indexed(text)
    assert len(found) == len(set(found)) <= INDEXED_WORDS


@given(st.integers(0, 400), st.integers(1, 400))
def test_the_interval_is_wilsons(count: int, n: int) -> None:
    count = min(count, n)
    told = share(count, n)
    low, high = binomtest(count, n).proportion_ci(0.95, "wilson")
    assert (told["n"], told["count"], told["share"]) == (n, count, count / n)
    assert told["low"] == pytest.approx(low, abs=1e-9)
    assert told["high"] == pytest.approx(high, abs=1e-9)


def test_of_nothing_there_is_no_share() -> None:
    assert share(0, 0) == {"n": 0, "count": 0, "share": None, "low": None, "high": None}


@pytest.mark.parametrize(
    ("by", "after", "actions", "first"),
    [
        ("a", FIRST_CONTACT, ["file", "identify", "assess"], True),
        ("a", FIRST_CONTACT + timedelta(seconds=1), [], False),
        ("b", timedelta(minutes=1), [], False),
        ("a", timedelta(minutes=1), ["escalate"], False),
        ("a", timedelta(minutes=1), ["arrive"], False),
    ],
)
def test_what_the_first_contact_is(by: str, after: timedelta, actions: list[str], first: bool) -> None:
    found = on_first_contact(heard_by="a", heard_at=NOON, settled_by=by, settled_at=NOON + after, actions=actions)
    assert found is first


def test_the_graver_the_sooner_it_is_approved() -> None:
    assert set(APPROVAL) == set(SEVERITIES)
    assert APPROVAL["grave"] < APPROVAL["serious"] < APPROVAL["minor"]
    assert approval_due_at(NOON, "grave") == NOON + APPROVAL["grave"]
