"""The service as a production server without a proxy: ``iam serve`` over https, its certificate from the tests' own
authority."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from tests.kit.servers.avain import Avain
from tests.kit.servers.certificates import Authority


class SecureAvain(Avain):
    """``iam serve`` whose issuer is https://localhost with a free port; ``ca_file`` is what a relying party must
    believe."""

    name = "avain-https"

    def __init__(self, database_url: str, state: Path, settings: Mapping[str, str] | None = None) -> None:
        """See ``Avain``; authority and certificate are made in ``state``."""
        super().__init__(database_url, state, settings)
        authority = Authority(state)
        certificate = authority.issue("localhost", "localhost")
        self.ca_file = authority.ca_file
        self.issuer = f"https://localhost:{self.port}"
        self._settings |= {
            "IAM_ISSUER": self.issuer,
            "IAM_LISTEN__TLS_CERTIFICATE": str(certificate.certificate),
            "IAM_LISTEN__TLS_KEY": str(certificate.key),
        }
