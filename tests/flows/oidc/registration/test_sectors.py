"""Files that list the redirect URIs of a sector, and what a stranger makes us fetch."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from iam.settings import Egress
from iam.web import extension
from tests.kit.peers.hostile_http import HostileHttp, answer_json
from tests.kit.registrar import BACK, Registrar, refused
from tests.kit.servers.certificates import Authority
from tests.kit.worlds.oidc import World


@pytest.fixture
def server(world: World, tmp_path: Path) -> Iterator[HostileHttp]:
    """The client's own server, which the service may call."""
    authority = Authority(tmp_path)
    with HostileHttp(answer_json([BACK]), authority.issue("localhost", "localhost")) as running:
        extension.parts_of(world.app).settings.egress = Egress(ca_file=authority.ca_file, hosts=[running.place])
        yield running


def test_the_sector_is_the_host_of_the_file_that_lists_every_redirect_uri(
    registrar: Registrar, server: HostileHttp
) -> None:
    client = registrar.made(sector_identifier_uri=server.url("/sector"))
    assert (registrar.row(client).sector, client["sector_identifier_uri"]) == ("host:localhost", server.url("/sector"))
    more = {
        "client_id": client["client_id"],
        "redirect_uris": [BACK, "https://app.example/2"],
        "sector_identifier_uri": server.url(),
    }
    refused(registrar.manage("PUT", client, more))
    server.behave = answer_json([BACK, "https://app.example/2", "https://app.example/3"])
    assert registrar.manage("PUT", client, more).status_code == 200


@pytest.mark.parametrize("listed", [[], ["https://app.example/other"], {}, "x", [[BACK]], [1], None, BACK])
def test_a_sector_file_that_does_not_list_the_redirect_uri_is_refused(
    listed: Any, registrar: Registrar, server: HostileHttp
) -> None:
    server.behave = answer_json(listed)
    refused(registrar.post({"redirect_uris": [BACK], "sector_identifier_uri": server.url()}))


def test_a_stranger_makes_us_call_nobody(registrar: Registrar, server: HostileHttp) -> None:
    """Security C-13: nothing is fetched before the token is known, nor for a logo, a policy or keys that nobody uses
    yet."""
    members = {name: server.url() for name in ("jwks_uri", "sector_identifier_uri", "backchannel_logout_uri")}
    assert registrar.post({"redirect_uris": [BACK]} | members, "avi_unknown").status_code == 401
    pages = {
        name: server.url()
        for name in ("logo_uri", "client_uri", "policy_uri", "tos_uri", "initiate_login_uri", "jwks_uri")
    }
    registrar.made(**pages)
    refused(registrar.post({"redirect_uris": [BACK], "sector_identifier_uri": server.url(), "scope": "nothing"}))
    assert server.connections == 0
