"""A client's page: another secret while the old one still works, recent errors in words, retiring; the claim mapper;
enabling."""

from __future__ import annotations

import html
import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from iam import clock
from iam.access.model.role import ApplicationEnabled
from iam.audit import log
from iam.change import Actor
from iam.ephemeral import SqlGenerations
from iam.oidc.clients import write as registration
from iam.oidc.clients.registered import GENERATION, load
from iam.oidc.model import Client, ClientSecret
from iam.tokens.secret import hash_of
from tests.kit.factories import consortium
from tests.kit.worlds import catalogue
from tests.kit.worlds.admin import Reader, World, administer, person
from tests.unit.admin_ui.trace.test_sign_in_trace import told

HERE = "/admin/applications/wilma/clients/wilma-web"
FIRST = "avk_" + "f" * 43
ENABLING = "/admin/applications/wilma/organisations"


@pytest.fixture
def wilma(world: World) -> None:
    """A client with one secret."""
    consortium.client(world, "wilma", "wilma-web")
    with Session(world.engine) as session, session.begin():
        registration.set_secrets(session, {"wilma-web": hash_of(FIRST)})


def generation(world: World) -> int:
    with Session(world.engine) as session:
        return SqlGenerations().current(session, GENERATION)


def accepts(world: World, secret: str) -> bool:
    with Session(world.engine) as session:
        known = load(session, "wilma-web")
        return known is not None and known.check_client_secret(secret)


def given(reader: Reader, days: str) -> str:
    page = reader.post(f"{HERE}/secret", HERE, days=days)
    assert page.status_code == 200, told(page.text)
    found = re.search(r'<code id="secret">(avk_[^<]+)</code>', page.text)
    assert found is not None
    return found[1]


def test_the_page_says_what_a_client_is_set_to_and_leaves_out_what_it_does_not_state(
    world: World, reader: Callable[[str], Reader], wilma: None
) -> None:
    before = settings_of(reader("paula"))
    assert before["How it proves itself"] == "a secret, in the header (client_secret_basic)"
    assert (before["Grants"], before["PKCE"]) == ("authorization_code", "required (S256)")
    mapper = {"roles": {"name": "realm.roles", "nested": True, "format": "code"}}
    with Session(world.engine) as session, session.begin():
        row = session.scalars(select(Client).where(Client.client_id == "wilma-web")).one()
        row.default_max_age, row.pkce, row.mapper = 3600, "optional", mapper
    after = settings_of(reader("paula"))
    assert dict(after.items() - before.items()) == {
        "PKCE": "optional",
        "A sign-in is good for (seconds)": "3600",
        "Claims under other names": "roles → realm.roles (inside objects) (code)",
    }
    assert reader("paula").get(f"{HERE}/settings.json").text.count('"default_max_age": 3600') == 1


def settings_of(reader: Reader) -> dict[str, str]:
    """What a client's page says, by what it is called there."""
    rows = re.findall(r"<dt>(.*?)</dt><dd>(.*?)</dd>", reader.get(HERE).text, re.DOTALL)
    return {label: html.unescape(re.sub(r"<[^>]+>", "", text)) for label, text in rows}


def test_a_new_secret_works_at_once_and_the_old_one_until_its_day(
    world: World, reader: Callable[[str], Reader], wilma: None
) -> None:
    before = generation(world)
    second = given(reader("paula"), "7")
    assert generation(world) > before
    assert accepts(world, FIRST)
    assert accepts(world, second)
    with clock.fixed(clock.now() + timedelta(days=7, minutes=1)):
        assert not accepts(world, FIRST)
        assert accepts(world, second)
    (event,) = world.events("admin:client:secret-given")
    assert (event.actor_id, event.envelope) == (
        world.ids["paula"],
        {"application": "wilma", "client": "wilma-web", "days": 7},
    )
    assert event.change_id is not None


def test_two_secrets_work_at_most_and_an_old_one_never_longer_than_promised(
    world: World, reader: Callable[[str], Reader], wilma: None
) -> None:
    paula = reader("paula")
    second = given(paula, "7")
    third = given(paula, "90")
    assert not accepts(world, FIRST)
    assert accepts(world, second)
    assert accepts(world, third)
    fourth = given(paula, "0")
    assert [accepts(world, one) for one in (FIRST, second, third, fourth)] == [False, False, False, True]


@pytest.mark.parametrize("days", ["91", "-1", "", "seven", "1e1", "٣", "99999999999999999999"])
def test_days_that_are_none_are_refused_and_the_secret_stays(
    world: World, reader: Callable[[str], Reader], wilma: None, days: str
) -> None:
    page = reader("paula").post(f"{HERE}/secret", HERE, days=days)
    assert page.status_code == 422
    assert "The old secret can work for 0 to 90 days more." in told(page.text)
    with Session(world.engine) as session:
        assert len(session.scalars(select(ClientSecret)).all()) == 1


def test_a_client_without_secrets_is_not_given_one(world: World, reader: Callable[[str], Reader]) -> None:
    consortium.client(world, "wilma", "wilma-web", auth="none")
    paula = reader("paula")
    assert f"{HERE}/secret" not in paula.get(HERE).text
    assert paula.force(f"{HERE}/secret", days="0").status_code == 422


def test_a_client_is_retired_only_when_its_id_is_written(
    world: World, reader: Callable[[str], Reader], wilma: None
) -> None:
    paula = reader("paula")
    wrong = paula.post(f"{HERE}/retire", HERE, confirm="wilma")
    assert wrong.status_code == 422
    assert "The client id does not match." in told(wrong.text)
    assert accepts(world, FIRST)
    done = paula.post(f"{HERE}/retire", HERE, confirm="wilma-web")
    assert (done.status_code, done.location) == (303, "/admin/applications/wilma")
    assert not accepts(world, FIRST)
    assert paula.get(HERE).status_code == 404
    assert len(world.events("admin:client:retired")) == 1


def test_recent_errors_are_told_in_words_with_what_to_do(
    world: World, reader: Callable[[str], Reader], wilma: None
) -> None:
    with Session(world.engine) as session, session.begin():
        for type_, envelope in (
            ("oidc:token:refused", {"client": "wilma-web", "error": "invalid_grant"}),
            ("oidc:token:replayed", {"client": "wilma-web", "grant": "g", "kind": "refresh"}),
            ("oidc:authorization:refused", {"client": "wilma-web", "error": "no_right"}),
            ("oidc:token:refused", {"client": "wilma-web", "error": "something_new"}),
            ("oidc:token:refused", {"client": "another", "error": "invalid_scope"}),
        ):
            log.write(session, type_, Actor(), envelope=envelope)
    paula = reader("paula")
    text = told(paula.get(HERE).text)
    assert "A code or refresh token did not work" in text
    assert "Redeem a code once and at once" in text
    assert "An old refresh token was used again." in text
    assert "The sign-in trace tells why" in text
    assert "something_new" in text
    assert "for a scope that it may not have" not in text
    assert len(paula.get(f"{HERE}/errors.csv").text.splitlines()) == 5


def test_at_most_fifty_errors_are_shown_in_one_statement(
    world: World, reader: Callable[[str], Reader], wilma: None
) -> None:
    paula = reader("paula")

    def statements() -> int:
        with world.counted() as sent:
            assert paula.get(HERE).status_code == 200
        return len([one for one in sent if not one.startswith(("BEGIN", "COMMIT"))])

    few = statements()
    with Session(world.engine) as session, session.begin():
        for _ in range(60):
            log.write(
                session, "oidc:token:refused", Actor(), envelope={"client": "wilma-web", "error": "invalid_scope"}
            )
    assert statements() == few
    assert paula.get(HERE).text.count("<code>invalid_scope</code>") == 50


def test_claims_get_other_names_and_formats(world: World, reader: Callable[[str], Reader], wilma: None) -> None:
    paula, before = reader("paula"), generation(world)
    done = paula.post(
        f"{HERE}/claims",
        f"{HERE}/claims",
        **{"roles": "groups", "roles-format": "code", "groups": "ryhmat", "name": "name"},
    )
    assert (done.status_code, done.location) == (303, HERE)
    with Session(world.engine) as session:
        assert session.scalars(select(Client)).one().mapper == {
            "roles": {"name": "groups", "format": "code"},
            "groups": {"name": "ryhmat"},
        }
    assert generation(world) > before
    page = paula.get(f"{HERE}/claims").text
    assert 'value="groups"' in page
    assert '<option value="code" selected>' in page
    (event,) = world.events("admin:client:claims-mapped")
    assert event.envelope == {"application": "wilma", "client": "wilma-web", "claims": ["groups", "roles"]}
    paula.post(f"{HERE}/claims", f"{HERE}/claims", **{"roles": "groups", "roles-format": "code", "groups": "ryhmat"})
    assert len(world.events("admin:client:claims-mapped")) == 1


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"roles": "sub"}, "The name sub belongs to the protocol itself."),
        ({"email": "_claim_names"}, "The name _claim_names belongs to the protocol itself."),
        ({"roles": "x", "groups": "x"}, "Two claims would be called x."),
        ({"name": "koko nimi"}, "A claim's name is at most 100 letters"),
        ({"name": "n" * 101}, "A claim's name is at most 100 letters"),
        ({"roles": "sub.roles", "roles-nested": "yes"}, "The name sub belongs to the protocol itself."),
        ({"roles": "a.b.c.d.e", "roles-nested": "yes"}, "A claim inside objects is at most four names"),
        ({"roles": "a..b", "roles-nested": "yes"}, "A claim inside objects is at most four names"),
        ({"roles": "a.b", "roles-nested": "yes", "groups": "a"}, "Two claims would be called a."),
        (
            {"groups": "a", "groups-nested": "yes", "roles": "a.b.c", "roles-nested": "yes"},
            "Two claims would be called a.",
        ),
    ],
)
def test_a_name_that_a_claim_cannot_have_is_refused_beside_its_field(
    world: World, reader: Callable[[str], Reader], wilma: None, fields: dict[str, str], words: str
) -> None:
    page = reader("paula").post(f"{HERE}/claims", f"{HERE}/claims", **fields)
    assert page.status_code == 422
    assert words in told(page.text)
    assert 'aria-invalid="true"' in page.text
    with Session(world.engine) as session:
        assert session.scalars(select(Client)).one().mapper == {}


def test_a_claim_is_put_inside_objects_only_where_the_box_says_so(
    world: World, reader: Callable[[str], Reader], wilma: None
) -> None:
    paula = reader("paula")
    fields = {
        "roles": "realm_access.roles",
        "roles-nested": "yes",
        "groups": "realm_access.groups",
        "name-nested": "yes",
    }
    assert paula.post(f"{HERE}/claims", f"{HERE}/claims", **fields).status_code == 303
    with Session(world.engine) as session:
        assert session.scalars(select(Client)).one().mapper == {
            "roles": {"name": "realm_access.roles", "nested": True},
            "groups": {"name": "realm_access.groups"},
        }
    page = paula.get(f"{HERE}/claims").text
    assert re.findall(r'id="(\w+-nested)"[^>]* checked', page) == ["roles-nested"]
    assert "roles → realm_access.roles (inside objects)" in paula.get(HERE).text


def test_an_application_is_enabled_and_disabled_for_an_organisation(
    world: World, reader: Callable[[str], Reader], wilma: None
) -> None:
    paula = reader("paula")
    assert ENABLING in paula.get("/admin/applications/wilma").text
    here = f"{ENABLING}/{world.ids['MUSTIKKALA']}"
    done = paula.force(here, on="yes")
    assert (done.status_code, done.location) == (303, ENABLING)
    text = told(paula.get(ENABLING).text)
    assert "Mustikkala en MUSTIKKALA enabled Disable" in text
    assert "Kuusi en KUUSI enabled above Enable" in text
    assert "Koivu en KOIVU enabled above Enable" in text
    assert "Root en ROOT not enabled Enable" in text
    paula.force(here, on="yes")
    paula.force(here, on="no")
    with Session(world.engine) as session:
        assert list(session.scalars(select(ApplicationEnabled.organisation_id))) == [world.ids["MANSIKKALA"]]
    ids = [
        event.organisation_id
        for type_ in ("enabled", "disabled")
        for event in world.events(f"admin:application:{type_}")
    ]
    assert ids == [world.ids["MUSTIKKALA"]] * 2


def test_an_administrator_enables_for_the_own_part_only(
    world: World, reader: Callable[[str], Reader], wilma: None
) -> None:
    person(world, "kimmo", "Koulu")
    administer(world, "kimmo", "KOIVU", "applications.read", "applications.write")
    kimmo = reader("kimmo")
    page = kimmo.get(ENABLING).text
    assert "Koivu en" in page
    assert "Kuusi" not in page
    assert "KUUSI" not in kimmo.get(f"{ENABLING}.csv").text
    assert kimmo.force(f"{ENABLING}/{world.ids['KUUSI']}", on="yes").status_code == 404
    assert kimmo.post(f"{ENABLING}/{world.ids['KOIVU']}", ENABLING, on="yes").status_code == 303
    assert kimmo.force(f"{HERE}/secret", days="0").status_code == 404
    assert kimmo.force(f"{HERE}/claims", roles="x").status_code == 404
    assert kimmo.force(f"{HERE}/retire", confirm="wilma-web").status_code == 404


def test_the_organisations_take_as_many_statements_for_200_as_for_10(
    world: World, reader: Callable[[str], Reader], wilma: None
) -> None:
    paula = reader("paula")

    def counted() -> int:
        with world.counted() as sent:
            assert paula.get(ENABLING).status_code == 200
        return len([one for one in sent if not one.startswith(("BEGIN", "COMMIT"))])

    few = counted()
    with catalogue.batch(world) as together:
        catalogue.schools(together, range(200))
    assert counted() == few
    assert len(paula.get(f"{ENABLING}.csv").text.splitlines()) == 207
    found = told(paula.get(f"{ENABLING}?q=School+007").text)
    assert "School 007" in found
    assert "School 008" not in found
