"""A pytest plugin: one provider over https for all foreign relying parties of a test run, with every client they need.

Test modules name it in ``pytest_plugins`` and ask for ``relying``.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from tests.kit.servers.https import SecureAvain
from tests.kit.servers.postgresql import PostgreSQL
from tests.kit.servers.process import ServerFailed
from tests.relying import consortium
from tests.relying.django_server import DjangoSite
from tests.relying.example_server import Example


@dataclass(frozen=True)
class Relying:
    """The provider, started, and two sites that it knows, not yet started. Its worker runs only by ``work``."""

    provider: SecureAvain
    site: DjangoSite
    example: Example

    def work(self) -> None:
        """Let the provider's worker try once to deliver what is due; a site that is down is told nothing."""
        done = self.provider.iam("worker", "--once")
        if done.returncode != 0:
            raise ServerFailed(done.stdout + done.stderr)


@pytest.fixture(scope="session")
def relying(
    postgresql: PostgreSQL, postgresql_template: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Relying]:
    """The provider and who relies on it."""
    state = tmp_path_factory.mktemp("relying")
    name = postgresql.fresh_database(postgresql_template)
    site, example = DjangoSite("django", consortium.SECRET), Example()
    clients = {"django": site.client(), "example": example.client()}
    consortium.apply(postgresql.url(name), state, consortium.declaration(**clients))
    hosts = f'["127.0.0.1:{site.port}", "127.0.0.1:{example.port}"]'
    settings = {"IAM_WORKER__INSIDE": "false", "IAM_EGRESS__HOSTS": hosts}
    with SecureAvain(postgresql.url(name), state, settings) as provider:
        site.provider = example.provider = provider
        yield Relying(provider, site, example)
    postgresql.drop_database(name)
