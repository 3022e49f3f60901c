"""Hashes of passwords for tests: of the same kind, but cheap, for an agreed hash costs more than most pages.

What a hash costs is held by the files that use the fixture ``agreed_hashes``, and by all that start the service.
"""

from __future__ import annotations

from typing import Any

import pytest
from argon2 import PasswordHasher

from iam.signin.passwords import password

AGREED: dict[str, Any] = {"_HASHER": password._HASHER, "_NOBODYS": password._NOBODYS}
CHEAP: dict[str, Any] = {
    "_HASHER": PasswordHasher(time_cost=1, memory_cost=64, parallelism=1, hash_len=32, salt_len=16),
    "_NOBODYS": password._NOBODYS.replace("m=19456,t=2", "m=64,t=1"),
}


def hash_with(patch: pytest.MonkeyPatch, parts: dict[str, Any]) -> None:
    """Hash passwords so until ``patch`` is undone."""
    for name, part in parts.items():
        patch.setattr(password, name, part)
