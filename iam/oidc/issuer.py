"""What the provider needs besides the database: its address, lifetimes, keys and clients. One a process; knows no
web."""

from __future__ import annotations

import hmac
from base64 import urlsafe_b64encode
from uuid import UUID

from iam.ephemeral import Generations
from iam.oidc.clients.registered import Clients
from iam.oidc.keyring import Keyring
from iam.settings import Settings
from iam.vault import Vault


class Issuer:
    """The one issuer of a consortium."""

    def __init__(self, settings: Settings, vault: Vault, generations: Generations) -> None:
        self.url = settings.issuer
        self.lives = settings.tokens
        self.zone = settings.zone
        self.remember_days = settings.signin.remember_days
        self.keyring = Keyring(vault)
        self.clients = Clients(settings.issuer, generations)
        self.capacity_key = vault.derive("capacity")
        self.passage_key = vault.derive("passage")
        self.refresh_key = vault.derive("refresh")
        self._sid_key = vault.derive("sid")

    @property
    def userinfo(self) -> str:
        """The address of the userinfo endpoint."""
        return f"{self.url}/oauth2/userinfo"

    @property
    def administration(self) -> str:
        """What an access token for the administration API names as its audience."""
        return f"{self.url}/api/v1"

    def sid(self, sector: str, session_id: UUID) -> str:
        """Return the name of a login session towards the clients of a sector: stable there, and telling nothing
        elsewhere."""
        mac = hmac.digest(self._sid_key, sector.encode() + b"\x00" + session_id.bytes, "sha256")
        return urlsafe_b64encode(mac).decode()[:22]
