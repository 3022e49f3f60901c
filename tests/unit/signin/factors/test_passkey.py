"""AU-10: what a passkey's answer may not say. A software authenticator tells the truth, then one lie at a time."""

from __future__ import annotations

import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from iam.signin.accounts.factor import Passkey
from iam.signin.factors import passkey
from iam.signin.factors.passkey import PasskeyRefused, Site
from iam.vault import Vault
from tests.kit.people import add_person
from tests.kit.proofs import BE, BS, UP, UV, Authenticator, Lies, b64

SITE = Site("https://example.com", "Marjala", "this-browser")
ORIGIN = "https://example.com"
VAULT = Vault(bytes(32))


@pytest.fixture
def aino(session: Session) -> UUID:
    """Aino has an account."""
    return add_person(session, VAULT, "aino")


@pytest.fixture
def key(session: Session, aino: UUID) -> Authenticator:
    """Aino's passkey, made here."""
    made = Authenticator(ORIGIN)
    enrol(session, aino, made)
    return made


def enrol(session: Session, person_id: UUID, key: Authenticator, lies: Lies | None = None) -> passkey.Proved:
    options = passkey.making(session, SITE, person_id, "aino", "Aino Virtanen")
    return passkey.enrol(session, SITE, person_id, key.make(options, lies), "puhelin")


def prove(session: Session, key: Authenticator, lies: Lies | None = None) -> passkey.Proved:
    return passkey.verify(session, SITE, key.prove(passkey.asking(session, SITE), lies))


def test_au_10_an_honest_passkey_signs_in_by_itself_and_says_how(
    session: Session, aino: UUID, key: Authenticator
) -> None:
    proved = prove(session, key)
    assert (proved.person_id, proved.amr) == (aino, ("hwk", "user"))
    assert prove(session, key).person_id == aino
    row = session.scalars(select(Passkey)).one()
    session.refresh(row)
    assert (row.name, row.sign_count, row.used_at is not None) == ("puhelin", 2, True)


def test_a_passkey_that_may_be_copied_says_so(session: Session, aino: UUID) -> None:
    synced = Authenticator(ORIGIN, synced=True)
    assert enrol(session, aino, synced).amr == ("swk", "user")
    assert prove(session, synced).amr == ("swk", "user")


PROOFS: dict[str, Lies] = {
    "the type of a registration": Lies(client={"type": "webauthn.create"}),
    "no type": Lies(client={"type": ...}),
    "another challenge": Lies(client={"challenge": b64(bytes(32))}),
    "an empty challenge": Lies(client={"challenge": ""}),
    "a challenge that is no text": Lies(client={"challenge": 5}),
    "no challenge": Lies(client={"challenge": ...}),
    "an origin that ends alike": Lies(client={"origin": "https://badexample.com"}),
    "an origin that begins alike": Lies(client={"origin": "https://example.com.evil.example"}),
    "an origin without encryption": Lies(client={"origin": "http://example.com"}),
    "an origin on another port": Lies(client={"origin": "https://example.com:8443"}),
    "a subdomain's origin": Lies(client={"origin": "https://id.example.com"}),
    "an origin with a path": Lies(client={"origin": "https://example.com/"}),
    "no origin": Lies(client={"origin": ...}),
    "another site's frame": Lies(client={"crossOrigin": True}),
    "another site's frame, as a word": Lies(client={"crossOrigin": "false"}),
    "a top origin": Lies(client={"topOrigin": "https://evil.example"}),
    "another site's id": Lies(rp_id="badexample.com"),
    "nobody present": Lies(flags=UV),
    "nobody verified": Lies(flags=UP),
    "neither present nor verified": Lies(flags=0),
    "a backup of what cannot be backed up": Lies(flags=UP | UV | BS),
    "has become one that can be backed up": Lies(flags=UP | UV | BE),
    "another key": Lies(key=ec.generate_private_key(ec.SECP256R1())),
    "a spoilt signature": Lies(spoil=True),
    "another person's handle": Lies(handle=bytes(16)),
    "no handle where nobody is known yet": Lies(without_handle=True),
    "an unknown credential": Lies(credential_id=bytes(32)),
    "an id other than its raw id": Lies(answer={"id": b64(bytes(32))}),
    "another type of credential": Lies(answer={"type": "password"}),
    "no response": Lies(answer={"response": {}}),
}


@pytest.mark.parametrize("lie", PROOFS)
def test_au_10_a_proof_with_one_lie_is_refused(session: Session, key: Authenticator, lie: str) -> None:
    with pytest.raises(PasskeyRefused):
        prove(session, key, PROOFS[lie])
    # The same authenticator, honest again, is let in: it was the lie that was refused.
    assert prove(session, key).passkey_id


MAKINGS: dict[str, Lies] = {
    "the type of a proof": Lies(client={"type": "webauthn.get"}),
    "another challenge": Lies(client={"challenge": b64(bytes(32))}),
    "an origin that ends alike": Lies(client={"origin": "https://badexample.com"}),
    "another site's frame": Lies(client={"crossOrigin": True}),
    "another site's id": Lies(rp_id="badexample.com"),
    "nobody present": Lies(flags=UV),
    "nobody verified": Lies(flags=UP),
    "a backup of what cannot be backed up": Lies(flags=UP | UV | BS),
    "an algorithm that was not offered": Lies(alg=-47),
    "an id that is too long": Lies(credential_id=bytes(1024)),
    "an id other than its raw id": Lies(answer={"id": b64(bytes(32))}),
    "another type of credential": Lies(answer={"type": "password"}),
}


@pytest.mark.parametrize("lie", MAKINGS)
def test_au_10_a_passkey_made_with_one_lie_is_refused(session: Session, aino: UUID, lie: str) -> None:
    with pytest.raises(PasskeyRefused):
        enrol(session, aino, Authenticator(ORIGIN), MAKINGS[lie])
    assert list(session.scalars(select(Passkey))) == []
    enrol(session, aino, Authenticator(ORIGIN))


@pytest.mark.parametrize(
    "text", ["", "{}", "[]", "null", "7", '{"id": 5}', "{", '{"response": {"clientDataJSON": "AAAA"}}', "\ud800"]
)
def test_au_10_what_is_no_answer_at_all_is_refused(session: Session, aino: UUID, text: str) -> None:
    with pytest.raises(PasskeyRefused):
        passkey.verify(session, SITE, text)
    with pytest.raises(PasskeyRefused):
        passkey.enrol(session, SITE, aino, text, "")


def test_au_10_an_answer_works_once(session: Session, key: Authenticator) -> None:
    answer = key.prove(passkey.asking(session, SITE))
    assert passkey.verify(session, SITE, answer)
    with pytest.raises(PasskeyRefused, match="challenge"):
        passkey.verify(session, SITE, answer)


def test_au_10_a_challenge_lives_five_minutes(
    session: Session, key: Authenticator, frozen: datetime, at: Callable[[datetime], None]
) -> None:
    options = passkey.asking(session, SITE)
    at(frozen + timedelta(minutes=5))
    with pytest.raises(PasskeyRefused, match="challenge"):
        passkey.verify(session, SITE, key.prove(options))


def test_au_10_a_challenge_belongs_to_one_browser_one_use_and_one_person(session: Session, key: Authenticator) -> None:
    other = add_person(session, VAULT, "toinen")
    aino = session.scalars(select(Passkey.person_id)).one()
    wrong: list[tuple[dict[str, Any], Site, UUID | None]] = [
        (passkey.asking(session, SITE), replace(SITE, browser="another-browser"), None),
        (passkey.asking(session, SITE), SITE, aino),
        (passkey.asking(session, SITE, aino), SITE, None),
        (passkey.asking(session, SITE, other), SITE, aino),
    ]
    for options, site, person_id in wrong:
        with pytest.raises(PasskeyRefused, match="challenge"):
            passkey.verify(session, site, key.prove(options), person_id)
    made = passkey.making(session, SITE, aino, "aino", "") | {"rpId": "example.com"}
    with pytest.raises(PasskeyRefused, match="challenge"):
        passkey.verify(session, SITE, key.prove(made), aino)


def test_au_10_a_passkey_of_another_person_is_no_further_factor(session: Session, key: Authenticator) -> None:
    other = add_person(session, VAULT, "toinen")
    with pytest.raises(PasskeyRefused, match="unknown"):
        passkey.verify(session, SITE, key.prove(passkey.asking(session, SITE, other)), other)


def test_au_10_a_count_that_does_not_rise_is_a_copy(session: Session, key: Authenticator) -> None:
    prove(session, key)
    prove(session, key)
    for count in (0, 1, 2):
        with pytest.raises(PasskeyRefused):
            prove(session, key, Lies(count=count))
    key.count = 2
    assert prove(session, key)


def test_an_authenticator_that_counts_nothing_is_let_in_again_and_again(session: Session, key: Authenticator) -> None:
    assert all(prove(session, key, Lies(count=0)) for _ in range(3))


def test_au_10_a_credential_id_is_known_once(session: Session, key: Authenticator) -> None:
    other = add_person(session, VAULT, "toinen")
    with pytest.raises(PasskeyRefused, match="known"):
        enrol(session, other, Authenticator(ORIGIN), Lies(credential_id=key.credential_id))
    assert len(list(session.scalars(select(Passkey)))) == 1


def test_what_is_asked_names_no_person_before_sign_in_and_excludes_known_keys_after(
    session: Session, aino: UUID, key: Authenticator
) -> None:
    asked = passkey.asking(session, SITE)
    assert (asked["allowCredentials"], asked["userVerification"], asked["rpId"]) == ([], "required", "example.com")
    made = passkey.making(session, SITE, aino, "aino", "")
    assert [one["id"] for one in made["excludeCredentials"]] == [b64(key.credential_id)]
    assert [one["alg"] for one in made["pubKeyCredParams"]] == [-7, -8, -257]
    assert json.dumps(made).count("aino") == 2


@pytest.mark.parametrize(
    ("issuer", "origin", "rp_id"),
    [
        ("https://id.example/avain", "https://id.example", "id.example"),
        ("https://id.example:443", "https://id.example", "id.example"),
        ("http://localhost:8080", "http://localhost:8080", "localhost"),
    ],
)
def test_the_origin_is_the_issuers_own_as_browsers_write_it(issuer: str, origin: str, rp_id: str) -> None:
    site = Site(issuer, "", "")
    assert (site.origin, site.rp_id) == (origin, rp_id)


def test_au_10_of_parallel_uses_of_one_answer_one_is_let_in(
    engine: Engine, session: Session, key: Authenticator
) -> None:
    answer = key.prove(passkey.asking(session, SITE))
    session.commit()

    def use(_: int) -> bool:
        with Session(engine) as own, own.begin():
            try:
                return bool(passkey.verify(own, SITE, answer))
            except PasskeyRefused:
                return False

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(use, range(8))) == 1
