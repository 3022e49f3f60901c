"""A real relying party: Apache with mod_auth_openidc, as a municipality would put it before an old application."""

from __future__ import annotations

import secrets
import sys
from pathlib import Path

from tests.kit.servers.ports import HOST, answers, free_port
from tests.kit.servers.process import Server

MODULES = Path("/usr/lib/apache2/modules")

_CONFIGURATION = """\
ServerRoot "{folder}"
ServerName {host}
Listen {host}:{port}
DefaultRuntimeDir "{folder}"
PidFile "{folder}/pid"
Mutex "file:{folder}" default
ErrorLog "{folder}/log"
LogLevel warn auth_openidc:info
User www-data
Group www-data
LoadModule mpm_prefork_module {modules}/mod_mpm_prefork.so
LoadModule authn_core_module {modules}/mod_authn_core.so
LoadModule authz_core_module {modules}/mod_authz_core.so
LoadModule authz_user_module {modules}/mod_authz_user.so
LoadModule alias_module {modules}/mod_alias.so
LoadModule cgi_module {modules}/mod_cgi.so
LoadModule auth_openidc_module {modules}/mod_auth_openidc.so
StartServers 1
MinSpareServers 1
MaxSpareServers 2
MaxRequestWorkers 4

OIDCProviderMetadataURL {issuer}/.well-known/openid-configuration
OIDCClientID "{client_id}"
OIDCClientSecret "{client_secret}"
OIDCRedirectURI {redirect_uri}
OIDCCryptoPassphrase "{passphrase}"
OIDCScope "{scope}"
OIDCPKCEMethod S256
OIDCRemoteUserClaim sub
OIDCPassClaimsAs both
{directives}

ScriptAlias /protected "{folder}/echo.py"
ScriptAlias /open "{folder}/echo.py"
<Location /protected>
  AuthType openid-connect
  Require valid-user
</Location>
<Location /open>
  Require all granted
</Location>
"""

_ECHO = """\
#!{python} -I
import json, os
print("Content-Type: application/json\\nCache-Control: no-store\\n")
print(json.dumps({{k: v for k, v in os.environ.items() if k == "REMOTE_USER" or "OIDC_" in k}}, sort_keys=True))
"""


class Apache(Server):
    """Apache whose ``/protected`` asks for a sign-in at the issuer; the client must allow ``redirect_uri``.

    ``/protected`` answers with a JSON object of REMOTE_USER (the ``sub``) and what mod_auth_openidc passes on, among it
    ``OIDC_CLAIM_roles`` (from the module) and ``HTTP_OIDC_CLAIM_roles`` (as a header). ``/open`` asks for nothing.
    """

    name = "apache"

    def __init__(
        self, issuer: str, client_id: str, client_secret: str, *, scope: str = "openid profile", directives: str = ""
    ) -> None:
        """``directives`` are further lines of configuration; the issuer is asked at the first sign-in, not at start."""
        super().__init__()
        self.port = free_port()
        self.issuer = issuer.rstrip("/")
        self.client_id, self.client_secret = client_id, client_secret
        self.scope, self.directives = scope, directives

    @property
    def url(self) -> str:
        """Where it listens, without a trailing slash."""
        return f"http://{HOST}:{self.port}"

    @property
    def redirect_uri(self) -> str:
        """Where the issuer must send people back to; with ``?logout=…`` it also signs them out."""
        return f"{self.url}/protected/callback"

    @property
    def backchannel_logout_uri(self) -> str:
        """Where the issuer must post logout tokens (OpenID Connect Back-Channel Logout 1.0)."""
        return f"{self.redirect_uri}?logout=backchannel"

    def prepare(self) -> None:
        """Write the configuration and the echoing script, readable by Apache's own account."""
        self.folder.chmod(0o755)
        echo = self.folder / "echo.py"
        echo.write_text(_ECHO.format(python=Path(sys.executable).resolve()))
        echo.chmod(0o755)
        self._configuration.write_text(
            _CONFIGURATION.format(
                folder=self.folder,
                host=HOST,
                port=self.port,
                modules=MODULES,
                issuer=self.issuer,
                client_id=self.client_id,
                client_secret=self.client_secret,
                redirect_uri=self.redirect_uri,
                passphrase=secrets.token_urlsafe(32),
                scope=self.scope,
                directives=self.directives,
            )
        )

    def command(self) -> list[str]:
        """See ``Server``."""
        return ["/usr/sbin/apache2", "-f", str(self._configuration), "-DFOREGROUND"]

    def ready(self) -> bool:
        """See ``Server``."""
        return answers(self.port)

    @property
    def _configuration(self) -> Path:
        return self.folder / "apache.conf"
