"""A word that a list may be asked for is explained where it is asked for: in the document."""

import re

import pytest
from marshmallow.validate import OneOf

from services.tickets.schemas.input import TicketQuery


@pytest.mark.parametrize("name", ["verdict", "promise", "quality"])
def test_every_word_of_a_filter_is_explained(name: str) -> None:
    field = TicketQuery().fields[name]
    (known,) = field.validators
    assert isinstance(known, OneOf)
    assert set(re.findall("`(.*?)`", field.metadata["description"])) == set(known.choices)
