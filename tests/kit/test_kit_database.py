"""What the database refuses is told without the values that were refused."""

import io
import traceback

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.exc import IntegrityError

WORDS = "王女士 13900001234"


@pytest.mark.parametrize(
    "refused",
    [
        "INSERT INTO words VALUES (:words, 0)",
        "INSERT INTO words VALUES (:words, NULL)",
        "INSERT INTO words SELECT :words, 1 FROM generate_series(1, 2)",
    ],
)
def test_a_refusal_does_not_quote_the_row(owner: Engine, refused: str) -> None:
    with owner.connect() as db:
        db.execute(text("CREATE TEMPORARY TABLE words (said text UNIQUE, n integer NOT NULL CHECK (n > 0))"))
        with pytest.raises(IntegrityError) as caught:
            db.execute(text(refused), {"words": WORDS})
    told = io.StringIO()
    traceback.print_exception(caught.value, file=told)
    assert "constraint" in str(caught.value.orig)
    assert WORDS not in told.getvalue() + str(caught.value) + repr(caught.value) + repr(caught.value.orig)
