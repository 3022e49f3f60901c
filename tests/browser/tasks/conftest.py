"""One demonstration a worker, with an administrator of every role over the town of Mansikkala."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import expect

from iam.access.administrator_roles import BY_KEY
from tests.browser.tasks.desk import MADE, Desk
from tests.kit.servers.chromium import PATIENCE, Chromium, watch_complaints
from tests.kit.worlds.consortium import SMALL, Consortium, DemoServer, prepared, served

expect.set_options(timeout=PATIENCE)
ADMINISTRATORS = {
    "secretary": ("tiina.toimisto", "KOIVU"),
    "help-desk": ("timo.tuki", "mansikkala"),
    "rights-manager": ("oili.oikeus", "mansikkala"),
    "second-manager": ("outo.oikeus", "mansikkala"),
    "application-owner": ("saku.sovellus", "mansikkala"),
    "shared-applications": ("kaija.kuntatieto", "marjala-konsortio"),
    "second-municipality": ("nea.neva", "nevakumpu"),
    "data-protection-officer": ("tuija.tietosuoja", "mansikkala"),
    "personnel": ("heli.henkilosto", "marjala-konsortio"),
}
"""By role, who has it and over what; the whole is administered by paula.paakayttaja and veera.varahenkilo."""
FURTHER = {
    "second-manager": BY_KEY["rights-manager"].permissions,
    "shared-applications": BY_KEY["application-owner"].permissions,
    "second-municipality": BY_KEY["application-owner"].permissions,
    "personnel": frozenset(("persons.read", "sources.read", "sources.run", "sources.accept", "organisations.read")),
}


WIDTHS = (390, 1280)
MERGED = {"KUUSIKKO": "Kuusikon koulu", "YHTENAIS": "Kuusiluodon yhtenäiskoulu"}
"""Schools of a small municipality that nobody else touches, one of each for each width."""


@pytest.fixture(scope="session")
def town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Consortium, DemoServer]]:
    """The demonstration, which may be changed here."""
    with served(prepared(tmp_path_factory, *SMALL), tmp_path_factory.mktemp("demo")) as pair:
        file = pair[0].settings.state_dir / "administrators.yaml"
        file.write_text(_declared(), encoding="utf-8")
        pair[0].apply(file)
        yield pair


@pytest.fixture(params=WIDTHS, ids=("telephone", "desk"))
def width(request: pytest.FixtureRequest) -> int:
    """How wide the administrator's screen is, in pixels."""
    return int(request.param)


@pytest.fixture
def desk(
    town: tuple[Consortium, DemoServer], chromium: Chromium, width: int, request: pytest.FixtureRequest
) -> Iterator[Callable[[str], Desk]]:
    """``desk("secretary")`` is that administrator, or whoever has this username, signed in."""
    contexts, complaints = [], list[list[str]]()

    def sit(who: str) -> Desk:
        contexts.append(chromium.context(language="fi-FI"))
        page = contexts[-1].new_page()
        complaints.append(watch_complaints(page))
        page.set_viewport_size({"width": width, "height": 844})
        return Desk.of(page, town[1].issuer, ADMINISTRATORS.get(who, (who, ""))[0])

    yield sit
    for context in contexts:
        context.close()
    assert all(one == [] for one in complaints)


def _declared() -> str:
    people = [
        f"  - {{login: {login}, given_names: {login.partition('.')[0].title()}, "
        f"family_name: {login.partition('.')[2].title()}, password: {MADE}, affiliations: [{{organisation: {place}, "
        "kind: employee, occupation: toimistosihteeri, title: Toimistosihteeri, from: 2026-01-01}]}"
        for login, place in ADMINISTRATORS.values()
    ]
    grants = [
        f"  - {{login: {login}, organisation: {place}, permissions: [{', '.join(sorted(_held(role)))}]}}"
        for role, (login, place) in ADMINISTRATORS.items()
    ]
    schools = [
        f"  - {{key: {key}-{width}, kind: school, name: {{fi: {name} {width}, sv: {name} {width}, en: {name} {width}}}, "
        "parent: kuusiluoto, from: 2026-01-01}"
        for width in WIDTHS
        for key, name in MERGED.items()
    ]
    return "\n".join(["organisations:", *schools, "persons:", *people, "administrators:", *grants, ""])


def _held(role: str) -> frozenset[str]:
    return FURTHER.get(role) or BY_KEY[role].permissions
