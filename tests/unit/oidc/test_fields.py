"""The settings of a client: who may state which, and that what is not described cannot be stated."""

from __future__ import annotations

from typing import Any

import pytest

from iam.oidc.clients import documents
from iam.oidc.clients.templates import TEMPLATES
from iam.oidc.fields.columns import ASKED, COLUMNS
from iam.oidc.fields.members import MEMBERS

OURS = {"pkce", "legacy_audience", "token_format", "resources", "mapper", "metadata", "retired"}
"""What only an administrator decides: how much must be proved, whom tokens are for, what they look like."""
CONTROLLERS = {"purpose", "legal_basis"}
STATED_BY_THE_CLIENT = {
    "auth",
    "jwks",
    "jwks_uri",
    "redirect_uris",
    "post_logout_redirect_uris",
    "grants",
    "scope",
    "id_token_alg",
    "userinfo_alg",
    "par_required",
    "default_max_age",
    "sector_identifier_uri",
    "backchannel_logout_uri",
    "frontchannel_logout_uri",
}
BACK = {"redirect_uris": ["https://app.example/cb"]}
EVERYTHING: dict[str, Any] = {
    "pkce": "optional",
    "legacy_audience": True,
    "token_format": "opaque",
    "resources": ["https://verso.example"],
    "mapper": {"sub": {"name": "x"}},
    "metadata": {"purpose": "Kaikki"},
    "retired": True,
    "purpose": "Kaikki",
    "purpose#sv": "Allt",
    "legal_basis": "Laki",
}


def test_a_client_that_registers_itself_decides_nothing_that_is_an_administrators() -> None:
    """A new setting is written down here as the one or the other, or this fails."""
    assert {name for name, field in COLUMNS.items() if not field.by_client} == OURS
    assert {name for name, field in COLUMNS.items() if field.by_client} == STATED_BY_THE_CLIENT
    assert {name for name, field in MEMBERS.items() if not field.by_client} == CONTROLLERS


def test_what_a_client_says_of_itself_beyond_that_leaves_no_trace() -> None:
    assert EVERYTHING.keys() >= OURS | CONTROLLERS
    said = documents.read(BACK | EVERYTHING, subject_type="pairwise")
    assert said == documents.read(BACK, subject_type="pairwise")
    assert said.columns().keys() == STATED_BY_THE_CLIENT | {"metadata_"}
    assert said.metadata == {"application_type": "web"}


def test_a_page_states_addresses_and_nothing_else_but_what_its_template_says() -> None:
    assert set(ASKED) == {"redirect_uris", "post_logout_redirect_uris"}
    stated = TEMPLATES["web"].columns({name: ["https://app.example/"] for name in COLUMNS})
    assert stated.keys() == {"auth", "grants", "scope", *ASKED}
    assert (stated["auth"], stated["scope"]) == ("client_secret_basic", "openid profile email roles groups")
    assert TEMPLATES["service"].columns({name: ["https://app.example/"] for name in ASKED})["redirect_uris"] == []


def test_what_a_client_may_state_has_a_name_in_the_specifications() -> None:
    stated = [field for field in (*COLUMNS.values(), *MEMBERS.values()) if field.by_client]
    assert [field.name for field in stated if field.wire is None] == []
    names = [field.wire for field in (*COLUMNS.values(), *MEMBERS.values()) if field.wire is not None]
    assert sorted(names) == sorted(set(names))


@pytest.mark.parametrize("name", sorted(STATED_BY_THE_CLIENT - {"redirect_uris"}))
def test_what_a_client_leaves_empty_is_as_if_it_said_nothing(name: str) -> None:
    usual = documents.read(BACK, subject_type="pairwise").columns()
    assert documents.read(BACK | {str(COLUMNS[name].wire): None}, subject_type="pairwise").columns() == usual
