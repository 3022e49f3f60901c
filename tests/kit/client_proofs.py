"""How a client proves itself at the provider's endpoints."""

from __future__ import annotations

from base64 import b64encode
from typing import Any

from iam.oidc.clients.assertions import TYPE
from iam.tokens import jose
from tests.kit.worlds import oidc as oidc_world
from tests.kit.worlds.oidc import ISSUER, JWT_KEY


def basic(name: str, secret: str) -> dict[str, str]:
    return {"Authorization": "Basic " + b64encode(f"{name}:{secret}".encode()).decode()}


def assertion(**changes: Any) -> dict[str, str]:
    stamp = int(oidc_world.instant(0).timestamp())
    claims = {"iss": "wilma-key", "sub": "wilma-key", "aud": ISSUER, "jti": "j1", "exp": stamp + 60} | changes
    return {"client_assertion_type": TYPE, "client_assertion": jose.sign(JWT_KEY, "JWT", claims)}
