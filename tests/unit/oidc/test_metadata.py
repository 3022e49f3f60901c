"""Discovery tells the truth, in the words of its specifications."""

from __future__ import annotations

import pytest
from authlib.oauth2.rfc8414 import AuthorizationServerMetadata
from authlib.oidc.discovery import OpenIDProviderMetadata

from iam.oidc import metadata
from iam.oidc.endpoints import blueprint
from tests.kit.made import ISSUER

OPENID, OAUTH = metadata.openid_provider(ISSUER), metadata.authorization_server(ISSUER)


def test_the_metadata_is_valid_by_its_specifications() -> None:
    AuthorizationServerMetadata(OAUTH).validate()
    OpenIDProviderMetadata(OPENID).validate()


def test_only_what_is_offered_is_told() -> None:
    """AZ-03, OI-06."""
    assert OPENID["response_types_supported"] == ["code"]
    assert OPENID["code_challenge_methods_supported"] == ["S256"]
    assert "none" not in OPENID["introspection_endpoint_auth_methods_supported"]
    assert OPENID["authorization_response_iss_parameter_supported"] is True
    assert OPENID["request_uri_parameter_supported"] is False
    for absent in (
        "check_session_iframe",
        "device_authorization_endpoint",
    ):
        assert absent not in OPENID


@pytest.mark.parametrize("name", [name for name in OPENID if name.endswith(("_endpoint", "_uri"))])
def test_every_address_told_is_a_route(name: str) -> None:
    rules: set[str] = set()

    class Collector:
        first_registration = False

        def add_url_rule(self, rule: str, *args: object, **kwargs: object) -> None:
            rules.add(rule)

    for function in blueprint.deferred_functions:
        function(Collector())  # type: ignore[arg-type]
    assert OPENID[name].removeprefix(ISSUER) in rules
