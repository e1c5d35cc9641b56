"""What is typed for a number is a number, or goes to the desk as it was typed, to be refused beside its field."""

import pytest

from gateway.web.forms import number


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("3", 3),
        (" 12 ", 12),
        ("007", 7),
        ("", ""),
        (None, ""),
        ("-1", "-1"),
        ("1.5", "1.5"),
        ("²", "²"),
        ("①", "①"),
        ("٣", "٣"),
        ("9" * 5000, "9" * 5000),
    ],
    ids=["digit", "spaces", "zeros", "empty", "none", "negative", "part", "raised", "circled", "arabic", "endless"],
)
def test_only_plain_digits_are_a_number(typed: str | None, meant: int | str) -> None:
    assert number(typed) == meant
