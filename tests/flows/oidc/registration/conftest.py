"""Who registers clients at the provider."""

from __future__ import annotations

import pytest

from tests.kit.registrar import Registrar
from tests.kit.worlds.oidc import World


@pytest.fixture
def registrar(world: World) -> Registrar:
    return Registrar(world)
