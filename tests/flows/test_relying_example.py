"""The worked example of the documentation does what it says: in, out, and out from the other side."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest
import requests

from tests.relying.example_server import FILE, Example
from tests.relying.person import Person

if TYPE_CHECKING:
    from tests.relying.provider import Relying

pytest_plugins = ("tests.relying.provider",)
pytestmark = pytest.mark.services


@pytest.fixture(scope="module")
def world(relying: Relying) -> Iterator[Relying]:
    """The example, started, and its provider."""
    with relying.example:
        yield relying


@pytest.fixture
def example(world: Relying) -> Example:
    return world.example


@pytest.fixture
def anna(world: Relying) -> Person:
    """Anna, signed in to the example."""
    person, example = Person("anna", world.provider.issuer, world.provider.ca_file), world.example
    back = person.visit(person.get(f"{example.url}/sign-in").headers["Location"])
    assert person.get(back.url).headers["Location"] == "/", example.log_tail()
    return person


def front(example: Example, person: Person) -> str:
    return person.get(f"{example.url}/").text


def test_the_example_has_at_most_a_hundred_and_twenty_lines() -> None:
    assert len(FILE.read_text(encoding="utf-8").splitlines()) <= 120


def test_a_person_signs_in_to_the_example_and_sees_her_roles(example: Example, anna: Person) -> None:
    assert "<h1>Anna Esimerkki</h1>" in front(example, anna)
    assert "<li>opettaja@koivu</li>" in front(example, anna)


def test_signing_out_of_the_example_signs_her_out_at_the_provider(example: Example, anna: Person) -> None:
    csrf = re.search(r'name="csrf" value="([^"]+)"', front(example, anna))
    assert csrf is not None
    assert anna.post(f"{example.url}/sign-out", {"csrf": "guessed"}).status_code == 400
    left = anna.visit(anna.post(f"{example.url}/sign-out", {"csrf": csrf[1]}).headers["Location"])
    assert (left.url, left.pages) == (f"{example.url}/", [])
    assert "Sign in" in front(example, anna)
    assert anna.get(f"{anna.issuer}/account").headers["Location"].startswith("/login")


def test_signing_out_at_the_provider_signs_her_out_of_the_example(world: Relying, anna: Person) -> None:
    anna.visit(f"{anna.issuer}/logout")
    assert "Anna Esimerkki" in front(world.example, anna)
    world.work()
    assert "Sign in" in front(world.example, anna), world.example.log_tail()


@pytest.mark.parametrize("wrong", ["", "a.b.c", "eyJhbGciOiJub25lIn0.e30."])
def test_what_is_no_logout_token_ends_nothing(example: Example, anna: Person, wrong: str) -> None:
    assert requests.post(f"{example.url}/logged-out", {"logout_token": wrong}, timeout=20).status_code == 400
    assert "Anna Esimerkki" in front(example, anna)


def test_an_answer_that_was_not_asked_for_signs_nobody_in(world: Relying) -> None:
    example = world.example
    eero = Person("eero", world.provider.issuer, world.provider.ca_file)
    assert (
        eero.get(f"{example.url}/callback?code=avc_guessed&state=guessed&iss=https://other.example").status_code == 400
    )
    assert eero.get(f"{example.url}/callback?code=avc_guessed&state=guessed&iss={eero.issuer}").status_code >= 400
    assert "Sign in" in front(example, eero)
