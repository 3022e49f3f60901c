"""What every item is made of: its base, names by language, intervals, and texts that keep to a form."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated, Any, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints, model_serializer, model_validator
from pydantic_core import PydanticCustomError

from iam.apply.schema.moments import Moment
from iam.texts import Wording


def one_of(*names: str) -> AfterValidator:
    """Return the check that a text is one of ``names``."""

    def check(value: str) -> str:
        if value not in names:
            raise PydanticCustomError("one_of", "unknown value", {"allowed": ", ".join(names)})
        return value

    return AfterValidator(check)


def _sorted(values: Iterable[str]) -> list[str]:
    return sorted(set(values))


Key = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$")]
Text = Annotated[str, StringConstraints(min_length=1, max_length=400, strip_whitespace=True)]
Code = Annotated[str, StringConstraints(pattern=r"^[^\s:@]{1,100}$")]
Right = Annotated[str, StringConstraints(pattern=r"^[^\s:@]{1,100}:[^\s:@]{1,100}$")]
Login = Annotated[str, StringConstraints(pattern=r"^\S{1,200}$")]
Sorted = AfterValidator(_sorted)
Keys = Annotated[list[Key], Sorted]
Codes = Annotated[list[Code], Sorted]
Rights = Annotated[list[Right], Sorted]
Logins = Annotated[list[Login], Sorted]


class Item(BaseModel):
    """Base of everything that can be stated."""

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True, populate_by_name=True, strict=False)


class Names(Item):
    """A name in Finnish, and in Swedish and English where they differ."""

    fi: Text
    sv: Text = ""
    en: Text = ""

    @model_validator(mode="after")
    def _filled(self) -> Self:
        self.sv, self.en = self.sv or self.fi, self.en or self.fi
        return self


class Worded(Names):
    """A text, or the same by language: one that is alike in each is written as the text."""

    @model_validator(mode="before")
    @classmethod
    def _of_text(cls, value: Any) -> Any:
        return {"fi": value} if isinstance(value, str) else value

    @model_serializer
    def said(self) -> Wording:
        """The text, or the names by language."""
        names = {"fi": self.fi, "sv": self.sv, "en": self.en}
        return names if len(set(names.values())) > 1 else self.fi


class Dated(Item):
    """Something that holds from a day to a last day."""

    from_: Moment = Field(None, alias="from")
    to: Moment = None
