"""What people hold in their hands: an authenticator app, and a passkey authenticator in software that can be told to
lie."""

from __future__ import annotations

import json
import os
import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any

import cbor2
import pyotp
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256

from iam import clock

UP, UV, BE, BS, AT = 0x01, 0x04, 0x08, 0x10, 0x40
"""Bits of the authenticator data's flags (Web Authentication Level 3 section 6.1)."""
ES256 = -7


def code_of(secret: str, steps: int = 0) -> str:
    """What an authenticator app shows now, or so many steps away."""
    return pyotp.TOTP(re.sub(r"\s", "", secret)).at(int(clock.now().timestamp()) + 30 * steps)


def b64(data: bytes) -> str:
    """Base64url without padding."""
    return urlsafe_b64encode(data).decode().rstrip("=")


def raw(text: str) -> bytes:
    """What ``b64`` wrote."""
    return urlsafe_b64decode(text + "=" * (-len(text) % 4))


@dataclass
class Lies:
    """What to say other than the truth: members of the client data, the flags, the count, the site, the key, the user
    handle."""

    client: dict[str, Any] = field(default_factory=dict)
    flags: int | None = None
    count: int | None = None
    rp_id: str | None = None
    key: ec.EllipticCurvePrivateKey | None = None
    handle: bytes | None = None
    without_handle: bool = False
    credential_id: bytes | None = None
    answer: dict[str, Any] = field(default_factory=dict)
    alg: int = ES256
    spoil: bool = False


class Authenticator:
    """One authenticator with one passkey, honest unless it is given ``Lies``."""

    def __init__(self, origin: str = "http://localhost:8080", *, synced: bool = False) -> None:
        self.origin = origin
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.credential_id = os.urandom(32)
        self.flags = UP | UV | (BE | BS if synced else 0)
        self.count = 0
        self.handle = b""

    def make(self, options: dict[str, Any], lies: Lies | None = None) -> str:
        """Answer ``navigator.credentials.create``."""
        told = lies or Lies()
        self.handle = raw(options["user"]["id"])
        id_ = told.credential_id or self.credential_id
        attested = bytes(16) + len(id_).to_bytes(2) + id_ + self._cose(told)
        data = self._data(options["rp"]["id"], told, AT) + attested
        attestation = {"fmt": "none", "attStmt": {}, "authData": data}
        client = self._client("webauthn.create", options["challenge"], told)
        response = {"clientDataJSON": b64(client), "attestationObject": b64(cbor2.dumps(attestation))}
        return self._answer(response | {"transports": ["internal"]}, told)

    def prove(self, options: dict[str, Any], lies: Lies | None = None) -> str:
        """Answer ``navigator.credentials.get``."""
        told = lies or Lies()
        self.count += 1
        data = self._data(options["rpId"], told, 0)
        client = self._client("webauthn.get", options["challenge"], told)
        signature = (told.key or self.key).sign(data + sha256(client).digest(), ec.ECDSA(SHA256()))
        spoiled = signature[:-1] + bytes([signature[-1] ^ 1]) if told.spoil else signature
        response = {"clientDataJSON": b64(client), "authenticatorData": b64(data), "signature": b64(spoiled)}
        handle = {} if told.without_handle else {"userHandle": b64(told.handle or self.handle)}
        return self._answer(response | handle, told)

    def _data(self, rp_id: str, told: Lies, further: int) -> bytes:
        flags = (self.flags if told.flags is None else told.flags) | further
        count = self.count if told.count is None else told.count
        return sha256((told.rp_id or rp_id).encode()).digest() + bytes([flags]) + count.to_bytes(4)

    def _client(self, type_: str, challenge: str, told: Lies) -> bytes:
        data = {"type": type_, "challenge": challenge, "origin": self.origin, "crossOrigin": False} | told.client
        return json.dumps({name: value for name, value in data.items() if value is not ...}).encode()

    def _cose(self, told: Lies) -> bytes:
        numbers = self.key.public_key().public_numbers()
        return cbor2.dumps({1: 2, 3: told.alg, -1: 1, -2: numbers.x.to_bytes(32), -3: numbers.y.to_bytes(32)})

    def _answer(self, response: dict[str, Any], told: Lies) -> str:
        id_ = b64(told.credential_id or self.credential_id)
        return json.dumps({"id": id_, "rawId": id_, "type": "public-key", "response": response} | told.answer)
