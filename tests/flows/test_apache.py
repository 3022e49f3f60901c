"""Debian's Apache with mod_auth_openidc, as a municipality puts it before an old application, signs people in against
the provider."""

from __future__ import annotations

import html
import json
import re
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import quote, urljoin, urlsplit

import pytest
import requests
import yaml

from tests.kit.servers.apache import Apache
from tests.kit.worlds.consortium import (
    DECLARATIONS,
    PASSWORDS,
    SCHOOLS,
    SMALL,
    Consortium,
    DemoServer,
    prepared,
    served,
)

pytestmark = pytest.mark.services
CLIENT, SECRET = "vanha-luettelo", "vanhan-luettelon-salaisuus-vain-testeille"
TEACHER = "aino.esimerkki"


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Consortium, DemoServer]]:
    with served(prepared(tmp_path_factory, *SMALL), tmp_path_factory.mktemp("demo")) as pair:
        yield pair


@pytest.fixture(scope="module")
def apache(demo: tuple[Consortium, DemoServer], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Apache]:
    """Apache, whose client is declared while the provider runs."""
    consortium, provider = demo
    server = Apache(provider.issuer, CLIENT, SECRET, scope="openid profile roles groups")
    declare(consortium, server, tmp_path_factory.mktemp("declared") / "clients.yaml")
    with server:
        yield server


def declare(consortium: Consortium, server: Apache, file: Path) -> None:
    """Give the application Wilma one more client: a confidential one."""
    applications = yaml.safe_load((DECLARATIONS / "10-applications.yaml").read_text(encoding="utf-8"))["applications"]
    wilma = next(one for one in applications if one["key"] == "wilma")
    client = {
        "client_id": CLIENT,
        "auth": "client_secret_basic",
        "secret": SECRET,
        "redirect_uris": [server.redirect_uri],
        "post_logout_redirect_uris": [f"{server.url}/open"],
        "grants": ["authorization_code"],
        "id_token_alg": "RS256",
        "pkce": "required",
        "backchannel_logout_uri": f"{server.redirect_uri}?logout=backchannel",
    }
    file.write_text(
        yaml.safe_dump({"applications": [wilma | {"clients": [client]}]}, allow_unicode=True), encoding="utf-8"
    )
    consortium.apply(file)


class Person:
    """A person with a browser that runs no scripts and follows every redirect."""

    def __init__(self) -> None:
        self.http = requests.Session()
        self.http.trust_env = False
        self.http.headers["Accept"] = "text/html"
        self.http.headers["Accept-Language"] = "fi"

    def open(self, address: str) -> requests.Response:
        """Open a page."""
        return self.http.get(address, timeout=20)

    def send(self, page: requests.Response, **fields: str) -> requests.Response:
        """Fill in the page's form and send it."""
        form = re.search(r'<main.*?<form method="post" action="([^"]*)"(.*?)</form>', page.text, re.DOTALL)
        assert form is not None, page.text
        hidden = {
            name: html.unescape(value)
            for name, value in re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', form[2])
        }
        return self.http.post(urljoin(page.url, html.unescape(form[1])), data=hidden | fields, timeout=20)

    def enter(self, page: requests.Response, login: str) -> requests.Response:
        """Sign in as somebody with one capacity, and go on from the page that tells what the application receives, if
        it is shown."""
        page = self.send(page, login=login, password=PASSWORDS[login])
        return self.send(page, decision="continue") if 'action="/consent' in page.text else page

    def sign_in(self, page: requests.Response, school: str) -> requests.Response:
        """Sign in as the teacher and choose a school."""
        page = self.send(page, login=TEACHER, password=PASSWORDS[TEACHER])
        cards = re.findall(
            r'<input type="radio"[^>]* value="([^"]+)"[^>]*>\s*<label[^>]*>(.*?)</label>', page.text, re.DOTALL
        )
        (chosen,) = (value for value, label in cards if SCHOOLS[school] in label)
        return self.send(page, capacity=chosen, decision="continue")


def test_a_teacher_signs_in_through_apache_and_the_old_application_is_told_of_one_school(
    apache: Apache, demo: tuple[Consortium, DemoServer]
) -> None:
    person = Person()
    page = person.open(f"{apache.url}/protected")
    assert page.url.startswith(f"{demo[1].issuer}/login"), apache.log_tail()
    arrived = person.sign_in(page, "KOIVU")
    assert arrived.url == f"{apache.url}/protected", apache.log_tail()
    told = arrived.json()
    assert told["REMOTE_USER"] == told["OIDC_CLAIM_sub"]
    assert told["OIDC_CLAIM_iss"] == demo[1].issuer
    assert told["OIDC_CLAIM_name"] == "Aino Esimerkki"
    assert told["OIDC_CLAIM_roles"] == "opettaja@KOIVU"
    assert json.loads(told["OIDC_CLAIM_capacity"])["organisation"] == {"key": "KOIVU", "name": SCHOOLS["KOIVU"]}
    assert "@RANTA" not in arrived.text
    assert person.open(f"{apache.url}/protected").json()["REMOTE_USER"] == told["REMOTE_USER"]


def test_the_same_person_is_the_same_to_the_old_application_the_next_time(apache: Apache) -> None:
    seen = set()
    for _ in range(2):
        person = Person()
        page = person.enter(person.open(f"{apache.url}/protected"), "eero.malli")
        assert page.json()["OIDC_CLAIM_roles"] == "rehtori@KOIVU"
        seen.add(page.json()["REMOTE_USER"])
    assert len(seen) == 1


def test_signing_out_of_the_old_application_ends_the_session_at_the_provider(
    apache: Apache, demo: tuple[Consortium, DemoServer]
) -> None:
    person = Person()
    person.enter(person.open(f"{apache.url}/protected"), "eero.malli")
    assert urlsplit(person.open(f"{demo[1].issuer}/account").url).path == "/account"
    left = person.open(f"{apache.redirect_uri}?logout={quote(f'{apache.url}/open', safe='')}")
    assert (left.url.partition("?")[0], left.json()) == (f"{apache.url}/open", {}), left.url
    assert urlsplit(person.open(f"{apache.url}/protected").url).path == "/login"
    assert urlsplit(person.open(f"{demo[1].issuer}/account").url).path == "/login"


def test_signing_out_at_the_provider_ends_the_session_of_the_old_application_by_back_channel(
    apache: Apache, demo: tuple[Consortium, DemoServer]
) -> None:
    person = Person()
    person.enter(person.open(f"{apache.url}/protected"), "eero.malli")
    assert person.open(f"{apache.url}/protected").json()["OIDC_CLAIM_roles"] == "rehtori@KOIVU"
    person.send(person.open(f"{demo[1].issuer}/oauth2/logout"), decision="sign-out")
    assert _within(60, lambda: urlsplit(person.open(f"{apache.url}/protected").url).path == "/login"), apache.log_tail()


def _within(seconds: float, happened: Callable[[], bool]) -> bool:
    end = time.monotonic() + seconds
    while not happened():
        if time.monotonic() > end:
            return False
        time.sleep(0.2)
    return True


def test_a_person_without_a_right_never_reaches_the_old_application(apache: Apache) -> None:
    person = Person()
    page = person.send(
        person.open(f"{apache.url}/protected"), login="taina.tyovoima", password=PASSWORDS["taina.tyovoima"]
    )
    assert page.status_code == 403
    assert "REMOTE_USER" not in page.text
    assert urlsplit(page.url).path == "/oauth2/authorize"


def test_an_answer_that_was_not_asked_for_signs_nobody_in(apache: Apache) -> None:
    answer = Person().open(f"{apache.redirect_uri}?code=avc_guessed&state=guessed")
    assert "REMOTE_USER" not in answer.text
    assert answer.status_code >= 400
