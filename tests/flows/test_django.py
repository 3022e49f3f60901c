"""A Django site with mozilla-django-oidc signs people in, keeps their session, and is told by back-channel when it
ends."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from typing import TYPE_CHECKING

import jwt
import pytest
import requests
from cryptography.hazmat.primitives.asymmetric import rsa

from tests.relying.django_server import ROOT
from tests.relying.person import Person

if TYPE_CHECKING:
    from tests.relying.provider import Relying

pytest_plugins = ("tests.relying.provider",)
pytestmark = pytest.mark.services


@pytest.fixture(scope="module")
def site(relying: Relying) -> Iterator[Relying]:
    """The site, started, and its provider."""
    with relying.site:
        yield relying


class Visitor:
    """A person who uses the site."""

    def __init__(self, relying: Relying, login: str = "anna") -> None:
        self.provider, self.site = relying.provider, relying.site
        self.person = Person(login, self.provider.issuer, self.provider.ca_file)

    def open(self) -> requests.Response:
        """Open the site's front page."""
        return self.person.get(f"{self.site.url}/")

    def sign_in(self) -> dict[str, object]:
        """Go from the front page to the provider and back; return what the site then shows."""
        asked = self.open()
        assert asked.headers["Location"] == "/oidc/authenticate/?next=/"
        sent = self.person.get(self.site.url + asked.headers["Location"])
        back = self.person.visit(sent.headers["Location"])
        arrived = self.person.get(back.url)
        assert arrived.headers["Location"] == "/", self.site.log_tail()
        return self.shown()

    def shown(self) -> dict[str, object]:
        """Return what the front page tells of the one who is signed in."""
        page = self.open()
        assert page.status_code == 200, self.site.log_tail()
        told: dict[str, object] = page.json()
        return told

    @property
    def is_known(self) -> bool:
        """Whether the site shows its front page without a sign-in."""
        return self.open().status_code == 200


def test_a_person_signs_in_to_django_and_keeps_her_session(site: Relying) -> None:
    anna = Visitor(site)
    told = anna.sign_in()
    assert (told["name"], told["roles"]) == ("Anna Esimerkki", ["opettaja@koivu"])
    assert [anna.shown()["username"] for _ in range(3)] == [told["username"]] * 3
    assert told["username"] != "anna"
    again, eero = Visitor(site).sign_in(), Visitor(site, "eero").sign_in()
    assert again["username"] == told["username"] != eero["username"]


def test_signing_out_at_the_provider_ends_the_session_in_django_and_nobody_elses(site: Relying) -> None:
    anna, elsewhere = Visitor(site), Visitor(site)
    anna.sign_in()
    elsewhere.sign_in()
    anna.person.visit(f"{anna.provider.issuer}/logout")
    assert anna.is_known
    site.work()
    assert not anna.is_known
    assert elsewhere.is_known


def test_signing_out_of_django_signs_her_out_at_the_provider(site: Relying) -> None:
    anna = Visitor(site)
    form = {"csrfmiddlewaretoken": str(anna.sign_in()["csrf"])}
    sent = anna.person.post(f"{anna.site.url}/oidc/logout/", form)
    left = anna.person.visit(sent.headers["Location"])
    assert (left.url, left.pages) == (f"{anna.site.url}/open", [])
    assert not anna.is_known
    assert anna.person.get(f"{anna.provider.issuer}/account").headers["Location"].startswith("/login")


def test_a_logout_token_that_somebody_else_made_ends_nothing(site: Relying) -> None:
    anna = Visitor(site)
    anna.sign_in()
    now = int(time.time())
    claims = {
        "iss": anna.provider.issuer,
        "aud": anna.site.client_id,
        "iat": now,
        "exp": now + 60,
        "jti": "1",
        "sid": "1",
        "events": {"http://schemas.openid.net/event/backchannel-logout": {}},
    }
    published = anna.person.get(f"{anna.provider.issuer}/oauth2/jwks").json()["keys"]
    (kid,) = (key["kid"] for key in published if key["alg"] == "RS256")
    forged = jwt.encode(claims, rsa.generate_private_key(65537, 2048), "RS256", {"typ": "logout+jwt", "kid": kid})
    for token in (forged, "", "a.b.c"):
        answer = anna.person.post(f"{anna.site.url}/oidc/logged-out", {"logout_token": token})
        assert answer.status_code == 400, token
    assert anna.is_known


def test_the_code_in_the_documentation_is_the_sites_own() -> None:
    page = (ROOT / "docs" / "relying-party" / "django.md").read_text(encoding="utf-8")
    folder = ROOT / "tests" / "relying" / "django_site"
    written = "\n".join(path.read_text(encoding="utf-8") for path in folder.glob("*.py"))
    written = written.replace("tests.relying.django_site", "intra")
    blocks = re.findall(r"```python\n(.*?)```", page, re.DOTALL)
    assert len(blocks) >= 3
    assert [block for block in blocks if block.strip() not in written] == []
