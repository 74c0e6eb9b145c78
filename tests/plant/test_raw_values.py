"""Raw values that tell a mode are numbers, written as text."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from checkvalve.plant.site import Site


def test_a_raw_value_is_a_number() -> None:
    assert Site(id="mill", mode_values={"1": "production", "-2.5": "stop"}).mode_values


def test_a_word_in_place_of_a_raw_value_is_refused() -> None:
    with pytest.raises(ValidationError, match="mode_values"):
        Site(id="mill", mode_values={"auto": "production"})
