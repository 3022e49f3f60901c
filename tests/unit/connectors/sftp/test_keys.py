"""Keys as people write them into settings: what is one is taken, and nothing else is."""

from __future__ import annotations

from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from hypothesis import given, strategies

from connectors.hr import HrConnector, HrSettings
from connectors.sftp.keys import expected, private_key

LINE = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIHUfZ2a4aSN9oTzDdjWMLzrkkpcjJ2QGh9kL0lJ6Qx4G"
SFTP: dict[str, Any] = {"host": "sftp.example", "username": "palkat", "folder": "ulos", "host_key": LINE}


def armoured(key: Any, form: str, password: bytes | None = None) -> str:
    sealed = serialization.BestAvailableEncryption(password) if password else serialization.NoEncryption()
    return str(
        key.private_bytes(serialization.Encoding.PEM, getattr(serialization.PrivateFormat, form), sealed).decode()
    )


@pytest.mark.parametrize("form", ["OpenSSH", "PKCS8", "TraditionalOpenSSL"])
@pytest.mark.parametrize("kind", ["ed25519", "ecdsa", "rsa"])
def test_a_private_key_of_every_usual_form_can_be_used_also_on_one_line(kind: str, form: str) -> None:
    key: Any = {
        "ed25519": ed25519.Ed25519PrivateKey.generate,
        "ecdsa": lambda: ec.generate_private_key(ec.SECP256R1()),
        "rsa": lambda: rsa.generate_private_key(65537, 2048),
    }[kind]()
    if kind == "ed25519" and form == "TraditionalOpenSSL":
        form = "OpenSSH"
    text = armoured(key, form)
    for written in (text, text.replace("\n", ""), f"\n {text}"):
        found = private_key(written)
        assert found is not None
        assert found.get_bits() in (256, 2048)


def test_a_key_that_is_small_sealed_or_none_is_no_key() -> None:
    small = rsa.generate_private_key(65537, 1024)
    sealed = ed25519.Ed25519PrivateKey.generate()
    assert private_key(armoured(small, "PKCS8")) is None
    assert private_key(armoured(sealed, "OpenSSH", b"salasana")) is None
    assert private_key(LINE) is None


def test_a_line_one_of_known_hosts_and_a_fingerprint_ask_for_the_same_key() -> None:
    found = expected(LINE)
    assert found is not None
    assert expected(f"[sftp.example]:2222 {LINE} palkat@example") == found
    told = expected(found.fingerprint)
    assert told is not None
    assert (told.fingerprint, told.kind) == (found.fingerprint, None)


@pytest.mark.parametrize(
    "text",
    ["", "SHA256:abc", "MD5:aa:bb", LINE[:-1] + "!", "ssh-dss AAAA", "ssh-rsa " + LINE.split()[1], f"{LINE}\n{LINE}"],
)
def test_what_is_no_key_of_a_server_is_told_before_anybody_is_asked(text: str) -> None:
    settings = {**SFTP, "host_key": text or " ", "password": "x"}
    found = HrConnector(HrSettings.model_validate({"sftp": settings, "pattern": "*"})).validate()
    assert [problem.field for problem in found] == ["sftp.host_key"]


@pytest.mark.parametrize(
    ("others", "field"),
    [
        ({}, "sftp.private_key"),
        ({"password": "x", "private_key_file": "/a"}, "sftp.password"),
        ({"password": ""}, "sftp.password"),
        ({"private_key": "x"}, "sftp.private_key"),
        ({"password": "x", "host": "https://sftp.example"}, "sftp.host"),
    ],
)
def test_settings_of_a_server_that_cannot_be_meant_are_told(others: dict[str, str], field: str) -> None:
    found = HrConnector(HrSettings.model_validate({"sftp": {**SFTP, **others}, "pattern": "*"})).validate()
    assert [problem.field for problem in found] == [field]


@given(strategies.text())
def test_no_text_that_anybody_writes_breaks_the_reading_of_keys(text: str) -> None:
    for one in (text, f"ssh-ed25519 {text}", f"-----BEGIN X-----{text}-----END X-----"):
        expected(one)
        private_key(one)
