"""Clients in a declaration: every setting comes back, the same rules as for those that register themselves, and these
untouched."""

from __future__ import annotations

from typing import Any

import pytest
import yaml
from sqlalchemy import select
from sqlalchemy.orm import Session

from iam.access.model.role import Application
from iam.apply.export import as_data, in_yaml
from iam.oidc.clients import documents as client_document
from iam.oidc.model import Client

from .conftest import CONSORTIUM, Apply

FULL: dict[str, Any] = {
    "client_id": "wilma",
    "auth": "private_key_jwt",
    "redirect_uris": ["https://wilma.example/cb"],
    "id_token_alg": "PS256",
    "userinfo_alg": "ES256",
    "par_required": True,
    "legacy_audience": True,
    "token_format": "opaque",
    "resources": ["https://a.example", "https://b.example"],
    "jwks_uri": "https://wilma.example/jwks",
    "backchannel_logout_uri": "https://wilma.example/out",
    "frontchannel_logout_uri": "https://wilma.example/front",
    "default_max_age": 3600,
    "metadata": {
        "client_name": "Wilma",
        "client_name#sv": "Wilma sv",
        "contacts": ["help@wilma.example"],
        "default_acr_values": ["urn:avain:acr:two-factor"],
        "backchannel_logout_session_required": True,
    },
}


def declared(**changes: Any) -> str:
    client = {name: value for name, value in (FULL | changes).items() if value is not None}
    application = {"key": "wilma", "owner": "mansikkala", "name": {"fi": "Wilma"}, "clients": [client]}
    return CONSORTIUM + yaml.safe_dump({"applications": [application]}, allow_unicode=True)


def test_every_setting_of_a_client_is_stored_exported_and_applied_again(apply: Apply, session: Session) -> None:
    assert [str(problem) for problem in apply(declared()).problems] == []
    row = session.scalars(select(Client)).one()
    assert {name: getattr(row, name if name != "metadata" else "metadata_") for name in FULL} == FULL
    said = as_data(session)
    (client,) = said["applications"][0]["clients"]
    assert {name: client[name] for name in FULL} == FULL
    report = apply(in_yaml(said))
    assert [str(problem) for problem in report.problems] == []
    assert report.counts["create"] == report.counts["change"] == 0


def test_one_changed_setting_is_one_difference(apply: Apply, session: Session) -> None:
    apply(declared())
    report = apply(declared(token_format="jwt", default_max_age=60, metadata=None))
    assert report.counts["change"] == 1
    row = session.scalars(select(Client).execution_options(populate_existing=True)).one()
    assert (row.token_format, row.default_max_age, row.metadata_, row.par_required) == ("jwt", 60, {}, True)


def test_an_age_stated_among_the_metadata_as_before_is_the_same_and_changes_nothing(
    apply: Apply, session: Session
) -> None:
    apply(declared())
    before = declared(default_max_age=None, metadata={"default_max_age": 3600, **FULL["metadata"]})
    report = apply(before)
    assert [str(problem) for problem in report.problems] == []
    assert report.counts["create"] == report.counts["change"] == 0
    apply(declared(default_max_age=None, metadata={"default_max_age": 0}))
    row = session.scalars(select(Client).execution_options(populate_existing=True)).one()
    assert (row.default_max_age, row.metadata_) == (0, {})
    (client,) = as_data(session)["applications"][0]["clients"]
    assert (client["default_max_age"], client.get("metadata")) == (0, None)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"jwks": {"keys": [{"kty": "RSA", "n": "AQAB", "e": "AQAB"}]}, "jwks_uri": None}, "RSA key"),
        ({"jwks": {"keys": [{"kty": "EC", "crv": "P-256", "x": "AA", "y": "AA"}]}, "jwks_uri": None}, "cannot be read"),
        ({"jwks": {"keys": [{"kty": "EC"}]}}, "two ways"),
        ({"jwks_uri": None}, "has no key"),
        ({"jwks_uri": "http://wilma.example/jwks"}, "no address of a server"),
        ({"backchannel_logout_uri": "ftp://wilma.example/"}, "no address of a server"),
        ({"frontchannel_logout_uri": "https://other.example/"}, "redirect addresses are"),
        ({"resources": ["x"]}, "absolute address"),
        ({"metadata": {"sector": "x"}}, "states of itself"),
        ({"metadata": {"default_max_age": "60"}, "default_max_age": None}, "default_max_age"),
        ({"metadata": {"default_max_age": 60}}, "states of itself"),
        ({"default_max_age": "60"}, "default_max_age"),
        ({"default_max_age": True}, "default_max_age"),
        ({"default_max_age": -1}, "default_max_age"),
        ({"redirect_uris": ["https://wilma.example\\@evil.example/"]}, "come back to"),
        ({"redirect_uris": [f"https://wilma.example/{n}" for n in range(101)]}, "too many"),
    ],
)
def test_what_a_client_must_not_be_is_told(changes: dict[str, Any], words: str, apply: Apply, session: Session) -> None:
    said = " ".join(str(problem) for problem in apply(declared(**changes)).problems)
    assert words in said
    assert session.scalars(select(Client)).all() == []


def test_a_client_that_registered_itself_is_not_exported_and_keeps_its_sector(apply: Apply, session: Session) -> None:
    apply(declared())
    application = session.scalars(select(Application)).one()
    document = client_document.read({"redirect_uris": ["https://app.example/cb"]}, subject_type="pairwise")
    session.add(
        Client(
            client_id="self-1",
            application_id=application.id,
            sector="host:app.example",
            mapper={},
            resources=[],
            management_hash=b"1" * 32,
            **document.columns(),
        )
    )
    session.commit()
    (row,) = as_data(session)["applications"]
    assert [client["client_id"] for client in row["clients"]] == ["wilma"]
    assert apply(in_yaml(as_data(session))).applied is None
    retired = {
        "jwks_uri": "https://app.example/jwks",
        "redirect_uris": ["https://app.example/cb"],
        "frontchannel_logout_uri": None,
    }
    assert [str(one) for one in apply(declared(client_id="self-1", retired=True, **retired)).problems] == []
    found = session.scalars(select(Client).where(Client.client_id == "self-1")).one()
    session.refresh(found)
    assert (found.retired, found.sector) == (True, "host:app.example")
