"""What is wrong with what was written is told in words for whoever wrote it."""

from __future__ import annotations

from typing import Annotated

import pytest
from pydantic import BaseModel, StringConstraints, ValidationError

from iam.wording import faults


class Named(BaseModel):
    """Something with a key."""

    key: Annotated[str, StringConstraints(pattern="^[a-z]+$")]


@pytest.mark.parametrize(("written", "told"), [("", "This is empty."), ("Ä", "This has characters")])
def test_a_field_left_empty_is_called_empty_whatever_form_it_should_have(written: str, told: str) -> None:
    with pytest.raises(ValidationError) as wrong:
        Named.model_validate({"key": written})
    (found,) = faults(wrong.value, Named)
    assert found.message.startswith(told)
