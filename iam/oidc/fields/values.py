"""What a setting of a client may be: how a value that a client sends is read, and which values are permitted; pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal
from urllib.parse import urlsplit

from iam.tokens import key_set

LONGEST_TEXT, MOST = 400, 20
"""Characters of a text that people are shown; texts in a list."""
_LONGEST_ADDRESS = 2048


class BadValue(ValueError):
    """A value that cannot be read; ``str()`` says what it is not, and repeats nothing of it."""


class Values:
    """Anything: what the rules of ``clients.rules`` judge, or what no client sends."""

    annotation: Any = dict[str, Any]
    """The type that a declaration is held to before ``permits`` is asked."""

    def read(self, given: Any) -> Any:
        """Return a value that a client sent as it is kept; raises ``BadValue``."""
        return given

    def permits(self, value: Any) -> bool:
        """Whether the setting may be this, however it was stated."""
        return True


@dataclass(frozen=True, slots=True)
class Choice(Values):
    """One of the texts ``known``."""

    known: Sequence[str]

    @property
    def annotation(self) -> Any:
        """Exactly these texts."""
        return Literal[tuple(self.known)]

    def read(self, given: Any) -> str:
        """Return the text; raises ``BadValue`` for another."""
        if not self.permits(given):
            raise BadValue("This is not supported.")
        return str(given)

    def permits(self, value: Any) -> bool:
        """Whether it is among them."""
        return isinstance(value, str) and value in self.known


class Texts(Values):
    """Texts in the order in which they are stated, each once."""

    annotation = list[str]

    def read(self, given: Any) -> list[str]:
        """Return the texts; raises ``BadValue`` for anything but a list of texts."""
        if not isinstance(given, list) or not all(isinstance(one, str) for one in given):
            raise BadValue("This is no list of texts.")
        return list(dict.fromkeys(given))


@dataclass(frozen=True, slots=True)
class Choices(Values):
    """Some of the texts ``known``; kept in alphabetical order."""

    known: Sequence[str]

    @property
    def annotation(self) -> Any:
        """A list of exactly these texts."""
        return list[Literal[tuple(self.known)]]  # type: ignore[misc]

    def read(self, given: Any) -> list[str]:
        """Return them; raises ``BadValue`` where one is not among them."""
        texts = Texts().read(given)
        if not set(texts) <= set(self.known):
            raise BadValue("This is not supported.")
        return sorted(texts)


class PlainText(Values):
    """A text of ASCII, which the rules of a registration judge further."""

    annotation = str

    def read(self, given: Any) -> str:
        """Return the text; raises ``BadValue`` where it is none, or empty."""
        if not (isinstance(given, str) and given.isascii() and given.isprintable() and given):
            raise BadValue("This is no text that can stand here.")
        return given


class Flag(Values):
    """True or false."""

    annotation = bool

    def read(self, given: Any) -> bool:
        """Return it; raises ``BadValue`` for anything else, as a number."""
        if not isinstance(given, bool):
            raise BadValue("This is neither true nor false.")
        return given

    def permits(self, value: Any) -> bool:
        """Whether it is one of the two."""
        return isinstance(value, bool)


class PublicKeys(Values):
    """A JWK set of public keys."""

    def read(self, given: Any) -> dict[str, Any]:
        """Return the keys with their known members only; raises ``BadValue``."""
        try:
            return {"keys": key_set.public_keys(given)}
        except key_set.BadKeys as error:
            raise BadValue(str(error)) from None


@dataclass(frozen=True, slots=True)
class Seconds(Values):
    """A whole number of seconds, at most ``most``. Not even a declaration may put it in quotes."""

    most: int
    annotation = Any

    def permits(self, value: Any) -> bool:
        """Whether it is a number between none and ``most``; true and false are no numbers here."""
        return type(value) is int and 0 <= value <= self.most


class ShownText(Values):
    """A text that people are shown: on one line, not empty."""

    annotation = str

    def permits(self, value: Any) -> bool:
        """Whether it is such a text."""
        return isinstance(value, str) and 0 < len(value) <= LONGEST_TEXT and value.isprintable()


@dataclass(frozen=True, slots=True)
class ShownTexts(Values):
    """A list of texts that people are shown, or of some ``known`` ones where these are named."""

    known: Sequence[str] = ()
    annotation = list[str]

    def permits(self, value: Any) -> bool:
        """Whether it is such a list."""
        listed = isinstance(value, list) and len(value) <= MOST and all(map(ShownText().permits, value))
        return listed and (not self.known or all(one in self.known for one in value))


class PageAddress(Values):
    """An address that a person's browser may be shown: of the web, whole, and of nobody in particular."""

    annotation = str

    def permits(self, value: Any) -> bool:
        """Whether it is such an address."""
        if not isinstance(value, str) or len(value) > _LONGEST_ADDRESS or not value.isascii():
            return False
        if not value.isprintable() or " " in value or "\\" in value:
            return False
        try:
            parts = urlsplit(value)
            _ = parts.port
        except ValueError:
            return False
        return parts.scheme == "https" and bool(parts.hostname) and "@" not in parts.netloc
