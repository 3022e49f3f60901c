"""A forge for tokens: whatever has been passed off as a signed token elsewhere, made from one that is genuine.

``unsigned`` holds what anybody can make who has seen the token and the published keys; ``misspelt`` holds what only the
signer can make: well signed, and still not a token that may be read.
"""

from __future__ import annotations

import hmac
import json
from base64 import b64encode, urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Mapping
from functools import cache
from typing import Any

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from joserfc import jwk, jws

from iam.tokens import jose

Header = Mapping[str, Any]


@cache
def own(algorithm: str, name: str = "forger") -> jose.Key:
    """Return a key that nobody else has; the forger's own, unless it has another ``name``."""
    fields: Any = {"kid": name, "alg": algorithm, "use": "sig"}
    if algorithm == "ES256":
        return jwk.ECKey.generate_key("P-256", fields, private=True)
    return jwk.RSAKey.generate_key(2048, fields, private=True)


def encode(raw: bytes) -> str:
    """Base64 for URLs, without padding (RFC 7515 section 2)."""
    return urlsafe_b64encode(raw).decode().rstrip("=")


def decode(text: str) -> bytes:
    """The bytes of a part."""
    return urlsafe_b64decode(text + "==")


def signed(key: jose.Key, header: bytes | Header, payload: bytes, algorithm: str | None = None) -> str:
    """Sign any two texts with the key, whatever they are."""
    head = header if isinstance(header, bytes) else json.dumps(header).encode()
    text = f"{encode(head)}.{encode(payload)}"
    return f"{text}.{encode(jws.JWSRegistry.algorithms[algorithm or str(key.get('alg'))].sign(text.encode(), key))}"


def _maced(header: Header, payload: bytes, secret: bytes, how: str = "sha256") -> str:
    text = f"{encode(json.dumps(header).encode())}.{encode(payload)}"
    return f"{text}.{encode(hmac.digest(secret, text.encode(), how))}"


def _as_secrets(key: jose.Key) -> dict[str, bytes]:
    """The ways to write a public key that a careless verifier could take for the secret of an HMAC."""
    public, private = jose.public_dict(key), key.raw_value
    assert isinstance(private, rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey)
    raw = private.public_key()
    form, coding = serialization.PublicFormat, serialization.Encoding
    pem = raw.public_bytes(coding.PEM, form.SubjectPublicKeyInfo)
    return {
        "PEM": pem,
        "PEM without its last line break": pem.strip(),
        "PEM after a line break": b"\n" + pem,
        "DER": raw.public_bytes(coding.DER, form.SubjectPublicKeyInfo),
        "SSH": raw.public_bytes(coding.OpenSSH, form.OpenSSH),
        "JWK": json.dumps(public, separators=(",", ":"), sort_keys=True).encode(),
        "number": decode(str(public.get("n", public.get("x")))),
        "kid": str(public["kid"]).encode(),
        "nothing": b"",
        "zeroes": bytes(32),
        "a word": b"secret",
    }


def unsigned(genuine: str, key: jose.Key, listener: str, claims: Mapping[str, Any] | None = None) -> dict[str, str]:
    """Return forgeries of ``genuine``, which ``key`` signed, by what is wrong; ``claims`` are put in, ``listener`` is
    the forger's server."""
    head, body, signature = genuine.split(".")
    header = json.loads(decode(head))
    payload = json.dumps(claims).encode() if claims is not None else decode(body)
    part = encode(payload)
    found = (
        _nobodys(header, part, signature)
        | _by_header(header, payload, listener)
        | _by_shape(head, part, signature, payload)
    )
    for name, secret in _as_secrets(key).items():
        found[f"HS256 by {name}"] = _maced({**header, "alg": "HS256"}, payload, secret)
    for size in ("384", "512"):
        found[f"HS{size} by PEM"] = _maced(
            {**header, "alg": f"HS{size}"}, payload, _as_secrets(key)["PEM"], f"sha{size}"
        )
    if claims is not None:
        found["other claims under the old signature"] = f"{head}.{part}.{signature}"
    return found


def _nobodys(header: Header, part: str, signature: str) -> dict[str, str]:
    """Nobody signed these: no algorithm, or a signature of nothing."""
    found = {}
    for name in ("none", "None", "NONE", "nOnE", "none ", "", None, ["none"], 0):
        head = encode(json.dumps({**header, "alg": name}).encode())
        found[f"alg {name!r}"] = f"{head}.{part}.{signature if name in ('none', '', 0) else ''}"
    head = encode(json.dumps({**header, "alg": "none"}).encode())
    found["alg none, unsigned"] = f"{head}.{part}."
    bare = encode(json.dumps({name: value for name, value in header.items() if name != "alg"}).encode())
    head = encode(json.dumps(header).encode())
    return found | {
        "no alg": f"{bare}.{part}.{signature}",
        "an empty signature": f"{head}.{part}.",
        "a signature of zeroes": f"{head}.{part}.{encode(bytes(64))}",
        "a long signature of zeroes": f"{head}.{part}.{encode(bytes(384))}",
        "a signature of ones": f"{head}.{part}.{encode(bytes([0] * 31 + [1]) * 2)}",
        "a signature cut": f"{head}.{part}.{signature[:-8]}",
        "a signature of something else": f"{head}.{part}.{signature[::-1]}",
    }


def _by_header(header: Header, payload: bytes, listener: str) -> dict[str, str]:
    """Signed by the forger, with a header that says whose key to take."""
    mine, rsa = {**header, "alg": "ES256"}, {**header, "alg": "RS256"}
    public = jose.public_dict(own("ES256"))
    heads: dict[str, Header] = {
        "the right kid": mine,
        "the forger's kid": {**mine, "kid": "forger"},
        "jwk": {**mine, "jwk": public},
        "jwk and its kid": {**mine, "kid": "forger", "jwk": public},
        "jwk with the right kid in it": {**mine, "jwk": {**public, "kid": header["kid"]}},
        "jku": {**mine, "kid": "forger", "jku": f"{listener}/jwks"},
        "x5u": {**mine, "x5u": f"{listener}/chain"},
        "x5c": {**mine, "x5c": [b64encode(b"0" * 64).decode()]},
        "x5t": {**mine, "x5t": encode(bytes(20)), "x5t#S256": encode(bytes(32))},
        "kid a path": {**mine, "kid": "../../../../dev/null"},
        "kid a query": {**mine, "kid": "' UNION SELECT 'x"},
        "kid empty": {**mine, "kid": ""},
        "kid an address": {**mine, "kid": f"{listener}/key"},
        "kid null": {**mine, "kid": None},
        "kid a list": {**mine, "kid": [header["kid"]]},
        "kid an object": {**mine, "kid": {}},
        "no kid": {name: value for name, value in mine.items() if name != "kid"},
    }
    found = {f"ES256 with {name}": signed(own("ES256"), head, payload) for name, head in heads.items()}
    return found | {
        "RS256 with the right kid": signed(own("RS256"), rsa, payload),
        "RS512": signed(own("RS256"), {**header, "alg": "RS512"}, payload, "RS512"),
        "RS256 with jwk": signed(own("RS256"), {**rsa, "jwk": jose.public_dict(own("RS256"))}, payload),
        "PS256 of RS256's key": signed(own("RS256"), {**header, "alg": "PS256"}, payload, "PS256"),
    }


def _by_shape(head: str, part: str, signature: str, payload: bytes) -> dict[str, str]:
    """Not the three parts of a signed token at all."""
    protected, _, mine = signed(own("ES256"), {"alg": "ES256", "kid": "forger"}, payload).split(".")
    return {
        "two parts": f"{head}.{part}",
        "one part": head,
        "four parts": f"{head}.{part}.{signature}.{signature}",
        "no parts": "..",
        "five parts, as encrypted": f"{head}.{part}.{signature}.{part}.{signature}",
        "JSON without a signature": json.dumps({"payload": part, "signatures": []}),
        "JSON with a signature of nobody": json.dumps({"payload": part, "protected": head, "signature": ""}),
        "JSON signed by the forger": json.dumps(
            {"payload": part, "signatures": [{"protected": protected, "signature": mine}]}
        ),
        "JSON with its header outside": json.dumps({"payload": part, "header": {"alg": "none"}, "signature": ""}),
        "a token in a token": signed(
            own("ES256"), {"alg": "ES256", "cty": "JWT"}, f"{head}.{part}.{signature}".encode()
        ),
    }


def misspelt(genuine: str, key: jose.Key) -> dict[str, str]:
    """Return tokens that ``key`` really signed and that are still not to be read: of two readings, or with a condition
    that we do not know."""
    head, body, signature = genuine.split(".")
    header, payload = json.loads(decode(head)), decode(body)
    members = json.dumps(header)[1:]
    heads: dict[str, bytes | Header] = {
        "crit of a known member": {**header, "crit": ["alg"]},
        "crit of exp": {**header, "crit": ["exp"], "exp": 1},
        "crit unknown": {**header, "crit": ["x"], "x": 1},
        "crit empty": {**header, "crit": []},
        "crit a text": {**header, "crit": "exp"},
        "crit null": {**header, "crit": None},
        "b64 false": {**header, "crit": ["b64"], "b64": False},
        "b64 true": {**header, "b64": True},
        "zip": {**header, "zip": "DEF"},
        "cty": {**header, "cty": "JWT"},
        "jwk of the signer": {**header, "jwk": jose.public_dict(key)},
        "enc": {**header, "enc": "A128GCM"},
        "alg twice": f'{{"alg": "none", {members}'.encode(),
        "kid twice": f'{{"kid": "other", {members}'.encode(),
        "typ twice": f'{{"typ": "other", {members}'.encode(),
        "a mark of byte order": b"\xef\xbb\xbf" + json.dumps(header).encode(),
        "UTF-16": json.dumps(header).encode("utf-16"),
        "a header that is a list": f"[{json.dumps(header)}]".encode(),
        "a typ that is a list": {**header, "typ": [header.get("typ")]},
        "a typ that is an object": {**header, "typ": {}},
        "a typ that is a number": {**header, "typ": 1},
        "a typ of another case": {**header, "typ": str(header.get("typ")).swapcase()},
        "a typ that is empty": {**header, "typ": ""},
    }
    found = {name: signed(key, one, payload) for name, one in heads.items()}
    inner = payload.decode()[1:]
    bodies = {
        "a claim twice": f'{{"iss": "https://evil.example", {inner}'.encode(),
        "a claim twice, deep": payload[:-1] + b', "x": {"a": 1, "a": 2}}',
        "NaN": payload[:-1] + b', "x": NaN}',
        "Infinity": payload[:-1] + b', "x": -Infinity}',
        "a list": b"[" + payload + b"]",
        "a text": json.dumps(inner).encode(),
        "null": b"null",
        "no JSON": b"{",
        "nothing": b" ",
        "UTF-16": payload.decode().encode("utf-16"),
        "broken UTF-8": payload[:-1] + b', "x": "\xff"}',
        "two objects": payload + payload,
    }
    found |= {f"payload: {name}": signed(key, header, one) for name, one in bodies.items()}
    return found | {
        "a blank before": f" {genuine}",
        "padding": f"{genuine}=",
        "padding within": f"{head}=.{body}.{signature}",
        "a dot behind": f"{genuine}.",
        "the other alphabet": f"{head}.{body}.{signature[:-4]}++//",
        "a part empty": f"{head}..{signature}",
        "bits left over": f"{head}.{body}.{signature}A",
        "a blank within": f"{head}.{body[:8]} {body[8:]}.{signature}",
        "too long": signed(key, {**header}, payload[:-1] + b', "x": "' + b"x" * 16_384 + b'"}'),
    }
