"""C-22, C-24, C-25, C-26, JW-03, JW-04: what nobody signed, or not so, is refused by everything that takes a signed
token.

The forge's tokens go to the client assertion, the request object, the hint at sign-in and at sign-out, userinfo,
introspection, registration and an upstream's ID token. Each test first shows that the genuine token works there, so
that a refusal says something.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from itertools import count
from typing import Any
from urllib.parse import urlencode

import pytest
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from iam import clock
from iam.oidc.clients.assertions import TYPE
from iam.oidc.model import Client
from iam.signin.federation import id_token
from iam.tokens import jose, keys
from iam.web import extension
from tests.flows.security.protocol import forge
from tests.kit.peers.hostile_http import HostileHttp, answer_json
from tests.kit.worlds import oidc as oidc_world
from tests.kit.worlds.oidc import ISSUER, JWT_KEY, NOON, Application, Browser, World, answer, request_of

STAMP = int(NOON.timestamp())
BYE = "https://wilma.example/bye?x=1"
_NUMBERS = count()


@pytest.fixture(scope="module")
def listener() -> Iterator[HostileHttp]:
    """The forger's server, with the forger's keys; nobody may call it."""
    with HostileHttp(
        answer_json({"keys": [jose.public_dict(forge.own(algorithm)) for algorithm in ("RS256", "ES256")]})
    ) as server:
        yield server


@pytest.fixture(scope="module")
def rsa() -> jose.Key:
    """The clients' other key."""
    return forge.own("RS256", "client-rsa")


@pytest.fixture(scope="module", autouse=True)
def keyed(world: World, listener: HostileHttp, rsa: jose.Key) -> None:
    """Clients with an RSA and an EC key, and a guard that would let a call to the forger's server pass."""
    both = {"keys": [jose.public_dict(JWT_KEY), jose.public_dict(rsa)]}
    world.change(Client, Client.client_id.in_(("wilma-key", "wilma")), jwks=both)
    extension.parts_of(world.app).settings.egress.hosts = [listener.place]


@pytest.fixture(scope="module")
def berits(world: World) -> str:
    """Another person's ID token for the same application."""
    annas = world.ids["capacity KOIVU"]
    berit = oidc_world.person(world, "berit")
    oidc_world.employ(world, berit, "KOIVU", "Opettaja")
    oidc_world.give(world, berit, "opettaja", "KOIVU")
    world.ids["capacity KOIVU"] = annas
    browser = Browser(world)
    browser.sign_in("berit")
    code = answer(browser.authorize())["code"]
    return str(Application(world).redeem(code).get_json()["id_token"])


def our_key(world: World) -> jose.Key:
    """The key that signs our tokens: what it signs is genuine, however wrong it is otherwise."""
    with Session(world.engine) as session:
        return keys.current(session, extension.parts_of(world.app).vault, "RS256")


def claims_of(token: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(forge.decode(token.split(".")[1]))
    return found


def forgeries(
    genuine: str, key: jose.Key, listener: HostileHttp, claims: Mapping[str, Any] | None = None
) -> dict[str, str]:
    """Everything that the forge makes of a token; never fewer than the bar asks."""
    made = forge.unsigned(genuine, key, listener.url(), claims) | forge.misspelt(genuine, key)
    assert len(made) >= 60
    return made


def assertion(**changes: Any) -> dict[str, Any]:
    """What a good assertion says, which was not used before; a change to None leaves a claim out."""
    said = {
        "iss": "wilma-key",
        "sub": "wilma-key",
        "aud": ISSUER,
        "exp": STAMP + 60,
        "jti": f"jti-{next(_NUMBERS)}",
    } | changes
    return {name: value for name, value in said.items() if value is not None}


def proved(world: World, token: str, path: str = "/oauth2/token") -> TestResponse:
    """Authenticate a client with an assertion."""
    data = {"grant_type": "client_credentials", "token": "x", "client_assertion_type": TYPE, "client_assertion": token}
    return world.app.test_client().post(path, base_url=ISSUER, data=data)


def test_c_24_no_forged_assertion_authenticates_a_client(world: World, listener: HostileHttp, rsa: jose.Key) -> None:
    assert proved(world, jose.sign(rsa, "JWT", assertion())).status_code == 200
    for name, token in forgeries(jose.sign(rsa, "JWT", assertion()), rsa, listener).items():
        said = proved(world, token)
        assert (said.status_code, said.get_json()["error"]) in ((401, "invalid_client"), (400, "invalid_request")), name
    assert listener.connections == 0


def asked(browser: Browser, request: str) -> TestResponse:
    """Bring a request object to the authorization endpoint; what stands beside it is good by itself."""
    return browser.get("/oauth2/authorize?" + urlencode(request_of("wilma", request=request, prompt="none")))


def wish(**changes: Any) -> dict[str, Any]:
    """What a good request object says."""
    said = {"iss": "wilma", "aud": ISSUER, **request_of("wilma", prompt="none", state="signed"), **changes}
    return {name: value for name, value in said.items() if value is not None}


def test_c_24_no_forged_request_object_is_answered(world: World, listener: HostileHttp) -> None:
    genuine, nobody = jose.sign(JWT_KEY, "oauth-authz-req+jwt", wish()), Browser(world)
    assert answer(asked(nobody, genuine))["state"] == "signed"
    for name, token in forgeries(genuine, JWT_KEY, listener, wish(scope="openid phone")).items():
        said = asked(nobody, token)
        assert said.status_code == 400 or answer(said)["error"] == "invalid_request_object", name
    assert listener.connections == 0


def test_c_24_no_forged_request_object_is_pushed(wilma: Application, listener: HostileHttp, rsa: jose.Key) -> None:
    genuine = jose.sign(rsa, "oauth-authz-req+jwt", wish())
    assert wilma.post("/oauth2/par", {"request": genuine}).status_code == 201
    for name, token in forgeries(genuine, rsa, listener).items():
        said = wilma.post("/oauth2/par", {"request": token})
        assert (said.status_code, said.get_json()["error"]) in (
            (400, "invalid_request_object"),
            (400, "invalid_request"),
        ), name


def test_c_24_no_forged_hint_says_whom_to_expect(
    world: World, anna: Browser, listener: HostileHttp, berits: str
) -> None:
    """A hint that is believed keeps Anna out, for it is Berit's; a forged one is refused as what it is and says nothing
    of anybody."""
    anna.code()
    assert answer(anna.authorize(prompt="none", id_token_hint=berits))["error"] == "login_required"
    for name, token in forgeries(berits, our_key(world), listener, claims_of(berits)).items():
        said = anna.authorize(prompt="none", id_token_hint=token)
        assert said.status_code == 400 or answer(said)["error"] == "invalid_request", name
    assert listener.connections == 0


def test_c_24_no_forged_hint_signs_anybody_out(
    world: World, anna: Browser, wilma: Application, listener: HostileHttp
) -> None:
    hint = wilma.redeem(anna.code()).get_json()["id_token"]
    for name, token in forgeries(hint, our_key(world), listener, claims_of(hint)).items():
        query = {"id_token_hint": token, "post_logout_redirect_uri": BYE}
        said = anna.get("/oauth2/logout?" + urlencode(query))
        assert said.status_code in (200, 400), name
        assert "Location" not in said.headers, name
    assert "code" in answer(anna.authorize(prompt="none"))
    assert anna.get("/oauth2/logout?" + urlencode(query | {"id_token_hint": hint})).location == BYE
    assert listener.connections == 0


def test_c_24_no_forged_access_token_opens_anything(
    world: World, anna: Browser, wilma: Application, listener: HostileHttp
) -> None:
    token = wilma.redeem(anna.code()).get_json()["access_token"]
    assert wilma.post("/oauth2/userinfo", {"access_token": token}, authenticated=False).status_code == 200
    for name, forged in forgeries(token, our_key(world), listener, claims_of(token)).items():
        assert wilma.post("/oauth2/userinfo", {"access_token": forged}, authenticated=False).status_code in (
            400,
            401,
        ), name
    for name, forged in forge.unsigned(token, our_key(world), listener.url()).items():
        assert wilma.introspect(forged) == {"active": False}, name
    assert wilma.introspect(token)["active"] is True
    assert listener.connections == 0


def test_c_24_no_signed_token_of_whatever_making_registers_a_client(
    world: World, anna: Browser, wilma: Application, listener: HostileHttp
) -> None:
    token = wilma.redeem(anna.code()).get_json()["access_token"]
    http = world.app.test_client()
    for name, forged in {"genuine": token, **forgeries(token, our_key(world), listener)}.items():
        headers = {"Authorization": f"Bearer {forged}"}
        for method, path in (("POST", "/oauth2/register"), ("DELETE", "/oauth2/register/wilma")):
            said = http.open(
                path, method=method, base_url=ISSUER, headers=headers, json={"redirect_uris": ["https://a.example/"]}
            )
            assert said.status_code == 401, (name, path)
    assert wilma.introspect(token)["active"] is True


@pytest.mark.parametrize("algorithm", ["RS256", "ES256"])
def test_c_24_no_forged_upstream_id_token_is_believed(listener: HostileHttp, algorithm: str) -> None:
    key = forge.own(algorithm, "client-rsa" if algorithm == "RS256" else "upstream")
    said = {
        "iss": "https://id.kunta.example",
        "sub": "s",
        "aud": "avain",
        "iat": STAMP,
        "exp": STAMP + 300,
        "nonce": "n",
    }
    expected = id_token.Expected("https://id.kunta.example", "avain", "n")
    published = [jose.public_dict(key)]
    genuine = jose.sign(key, "JWT", said)
    assert id_token.verify(genuine, published, expected, NOON)["sub"] == "s"
    for name, token in forgeries(genuine, key, listener, said).items():
        with pytest.raises(jose.BadToken):
            id_token.verify(token, published, expected, NOON)
            pytest.fail(f"believed: {name}")


def test_c_25_neither_an_odd_algorithm_nor_a_claim_of_its_own_switches_a_check_off() -> None:
    """An upstream's ID token: its signature is right as it stands, and what it says of itself changes nothing of what
    is asked.

    ``at_hash`` may be left out in the code flow (OpenID Connect Core section 3.1.3.6); where it stands, it must fit.
    """
    key = forge.own("ES256", "upstream")
    head = {"alg": "ES256", "kid": "upstream", "typ": "JWT"}
    said = {
        "iss": "https://id.kunta.example",
        "sub": "s",
        "aud": "avain",
        "iat": STAMP,
        "exp": STAMP + 300,
        "nonce": "n",
    }
    expected, public = (
        id_token.Expected("https://id.kunta.example", "avain", "n", "an access token"),
        jose.public_dict(key),
    )

    def believed(header: Mapping[str, Any], claims: Mapping[str, Any]) -> bool:
        try:
            id_token.verify(forge.signed(key, header, json.dumps(claims).encode(), "ES256"), [public], expected, NOON)
        except jose.BadToken:
            return False
        return True

    assert believed(head, said)
    assert believed(head, said | {"at_hash": jose.half_hash("an access token")})
    for odd in ("ES999", "ES512", "HS256", "RS256", "PS256", "EdDSA", "ES256K", "es256", "none", "", None, "ES256 "):
        for half in ({}, {"at_hash": "x"}, {"at_hash": jose.half_hash("an access token")}):
            assert not believed({**head, "alg": odd}, said | half), odd
    without = {name: value for name, value in said.items() if name != "nonce"}
    for claims in (
        without | {"nonce_supported": False},
        without | {"nonce_supported": "false"},
        said | {"nonce": "x", "nonce_supported": False},
        said | {"at_hash": "x"},
        said | {"at_hash": ""},
        said | {"at_hash": None, "nonce": None},
        said | {"exp": None, "exp_supported": False},
        said | {"aud": "another", "azp": "avain"},
        said | {"iss": "https://evil.example", "issuer": said["iss"]},
        said | {"email_verified": True, "nonce": ""},
    ):
        assert not believed(head, claims), claims


TIMES: dict[str, str] = {
    "infinite": "1e400",
    "minus infinite": "-1e400",
    "no number": "NaN",
    "Infinity": "Infinity",
    "a text": '"4102444800"',
    "soon": '"soon"',
    "empty": '""',
    "a list": f"[{STAMP + 60}]",
    "an object": "{}",
    "true": "true",
    "negative": "-1",
    "huge": "9" * 400,
    "past any calendar": "99999999999999",
    "long past": "1",
    "zero": "0",
}
"""What may stand as the end of a token that ends nothing, as JSON."""


def with_claim(claims: Mapping[str, Any], name: str, raw: str) -> bytes:
    """The claims with one of them as any text."""
    kept = {one: value for one, value in claims.items() if one != name}
    return json.dumps(kept)[:-1].encode() + f', "{name}": {raw}}}'.encode()


def test_jw_04_an_end_that_is_no_moment_is_refused_wherever_a_token_goes(
    world: World, anna: Browser, wilma: Application
) -> None:
    ours, header = our_key(world), {"kid": JWT_KEY.kid, "alg": "ES256", "typ": "JWT"}
    access = wilma.redeem(anna.code()).get_json()["access_token"]
    said, head = claims_of(access), json.loads(forge.decode(access.split(".")[0]))
    for name, raw in {**TIMES, "null": "null"}.items():
        bearer = forge.signed(ours, head, with_claim(said, "exp", raw))
        if name not in ("past any calendar", "huge"):
            assert wilma.userinfo(bearer).status_code == 401, name
        assert proved(world, forge.signed(JWT_KEY, header, with_claim(assertion(), "exp", raw))).status_code == 401, (
            name
        )
        if name != "null":
            signed = forge.signed(JWT_KEY, header, with_claim(wish(), "exp", raw))
            assert answer(asked(Browser(world), signed))["error"] == "invalid_request_object", name


@pytest.mark.parametrize("claim", ["iat", "nbf"])
def test_c_22_a_beginning_that_is_no_moment_or_has_not_come_is_refused(world: World, claim: str) -> None:
    header, nobody = {"kid": JWT_KEY.kid, "alg": "ES256", "typ": "JWT"}, Browser(world)
    for name, raw in {**TIMES, "in a minute": str(STAMP + 61)}.items():
        if name in ("long past", "zero"):
            continue
        assert proved(world, forge.signed(JWT_KEY, header, with_claim(assertion(), claim, raw))).status_code == 401, (
            name
        )
        signed = forge.signed(JWT_KEY, header, with_claim(wish(), claim, raw))
        assert answer(asked(nobody, signed))["error"] == "invalid_request_object", name


def near(name: str) -> list[Any]:
    """What a careless comparison takes for ``name``: a part of it, more than it, a list of it, nothing."""
    return [
        name[:-1],
        name[1:],
        f"{name}/",
        f"{name}.evil.example",
        f"https://evil.example/{name}",
        f"{name} ",
        f" {name}",
        name.upper(),
        f"{name}\u0000",
        [name],
        [name, "https://evil.example"],
        [],
        {name: True},
        {},
        "",
        0,
        True,
        None,
    ]


def test_c_26_an_issuer_that_only_looks_like_the_right_one_is_refused(
    world: World, anna: Browser, wilma: Application, berits: str
) -> None:
    """Each is well signed. An assertion and a request object are issued by the client, all others by us."""
    ours, nobody = our_key(world), Browser(world)
    access = claims_of(wilma.redeem(anna.code()).get_json()["access_token"])
    for issuer in near(ISSUER):
        assert wilma.userinfo(jose.sign(ours, "at+jwt", access | {"iss": issuer})).status_code == 401, issuer
        hint = jose.sign(ours, "JWT", claims_of(berits) | {"iss": issuer})
        assert answer(anna.authorize(prompt="none", id_token_hint=hint))["error"] == "invalid_request", issuer
        said = anna.get("/oauth2/logout?" + urlencode({"id_token_hint": hint, "post_logout_redirect_uri": BYE}))
        assert (said.status_code, "Location" in said.headers) == (200, False), issuer
    for issuer in near("wilma-key"):
        assert proved(world, jose.sign(JWT_KEY, "JWT", {**assertion(), "iss": issuer})).status_code == 401, issuer
        assert proved(world, jose.sign(JWT_KEY, "JWT", {**assertion(), "sub": issuer})).status_code in (400, 401), (
            issuer
        )
    for issuer in near("wilma"):
        signed = jose.sign(JWT_KEY, "JWT", {**wish(), "iss": issuer})
        assert answer(asked(nobody, signed))["error"] == "invalid_request_object", issuer


def test_c_22_an_audience_that_only_looks_like_us_is_refused(world: World, anna: Browser, wilma: Application) -> None:
    nobody = Browser(world)
    for audience in near(ISSUER):
        assert proved(world, jose.sign(JWT_KEY, "JWT", {**assertion(), "aud": audience})).status_code == 401, audience
        listed = isinstance(audience, list) and ISSUER in audience
        if not listed:
            signed = jose.sign(JWT_KEY, "JWT", {**wish(), "aud": audience})
            assert answer(asked(nobody, signed))["error"] == "invalid_request_object", audience
    hint = claims_of(wilma.redeem(anna.code()).get_json()["id_token"])
    for audience in near("wilma"):
        forged = jose.sign(our_key(world), "JWT", hint | {"aud": audience})
        said = anna.get("/oauth2/logout?" + urlencode({"id_token_hint": forged, "post_logout_redirect_uri": BYE}))
        if audience not in (["wilma"], ["wilma", "https://evil.example"]):
            assert "Location" not in said.headers, audience
    assert clock.now() == NOON
