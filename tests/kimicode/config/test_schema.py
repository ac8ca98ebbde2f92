"""What a setting accepts, and what it says of values that it does not."""

import pytest
from pydantic import ValidationError

from kimicode.config.schema import ModelSettings


def test_fields_of_ones_own_may_be_added_to_requests():
    body = {"top_k": 40, "guided": {"regex": "a+"}}
    assert ModelSettings(extra_body=body).extra_body == body


@pytest.mark.parametrize("name", ["model", "messages", "tools", "stream", "stream_options"])
def test_but_not_in_place_of_those_that_kimicode_writes(name):
    with pytest.raises(ValidationError, match=f"must not hold {name}, which kimicode writes itself"):
        ModelSettings(extra_body={name: []})
