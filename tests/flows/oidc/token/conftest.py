"""The tokens of a person who is signed in to an application."""

from __future__ import annotations

from typing import Any

import pytest

from tests.kit.worlds.oidc import Application, Browser

LASTING = "openid profile email phone roles groups offline_access"


@pytest.fixture
def tokens(anna: Browser, wilma: Application) -> dict[str, Any]:
    found: dict[str, Any] = wilma.redeem(anna.code(scope=LASTING)).get_json()
    return found
