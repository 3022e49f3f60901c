"""Passkeys (Web Authentication Level 3): made for this site only, with the person verified, checked after sections 7.1
and 7.2.

The parsing and the signatures are ``webauthn``'s; what it leaves to its caller is checked here: the challenge works
once, for one use and in one browser, nothing from within another site's frame, the key is a known one of this very
person, is not copied (its count goes up) and never changes whether it may be backed up.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, TypeVar
from urllib.parse import urlsplit
from uuid import UUID

from sqlalchemy import delete, or_, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session
from webauthn import (
    generate_authentication_options,
    generate_registration_options,
    verify_authentication_response,
    verify_registration_response,
)
from webauthn.helpers import (
    base64url_to_bytes,
    bytes_to_base64url,
    options_to_json_dict,
    parse_authentication_credential_json,
    parse_registration_credential_json,
)
from webauthn.helpers.cose import COSEAlgorithmIdentifier as Algorithm
from webauthn.helpers.structs import (
    AuthenticationCredential,
    AuthenticatorSelectionCriteria,
    CredentialDeviceType,
    PublicKeyCredentialDescriptor,
    RegistrationCredential,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from iam import clock
from iam.signin.accounts.factor import Passkey
from iam.signin.factors import replacement
from iam.tokens import one_shot

SECONDS = 300
"""Life of a challenge."""
ALGORITHMS = [Algorithm.ECDSA_SHA_256, Algorithm.EDDSA, Algorithm.RSASSA_PKCS1_v1_5_SHA_256]
"""What is offered, best known first; a key of another kind is refused."""
LONGEST_ID = 1023
"""Bytes of a credential id at most (section 7.1, step 25)."""
LONGEST_NAME = 60
MOST = 10
"""Passkeys a person may have."""
SIGN_IN, FACTOR, ENROL = "sign-in", "factor", "enrol"
"""What a challenge may be used for; one of one use is refused in every other."""
_KIND = "webauthn"
T = TypeVar("T")


UNASKED = ("malformed", "client data", "challenge")
"""Why an answer is refused that nobody asked for: whoever sends such a thing may send any number."""


class PasskeyRefused(Exception):
    """An answer that does not hold; the message says which check, for the log, and names no value."""


@dataclass(frozen=True, slots=True)
class Site:
    """Where passkeys are for: the issuer's own origin and host (section 5.1.2), in one browser
    (``web.flow.browser``)."""

    issuer: str
    name: str
    browser: str

    @property
    def rp_id(self) -> str:
        """The relying party's id."""
        return urlsplit(self.issuer).hostname or ""

    @property
    def origin(self) -> str:
        """The only origin, as browsers write it: without a port that is the scheme's own."""
        parts = urlsplit(self.issuer)
        usual = {"https": 443, "http": 80}.get(parts.scheme)
        port = f":{parts.port}" if parts.port not in (None, usual) else ""
        return f"{parts.scheme}://{parts.hostname}{port}"


@dataclass(frozen=True, slots=True)
class Proved:
    """Whose passkey answered, which, and how that is called (RFC 8176): ``hwk`` when it cannot leave its device, else
    ``swk``."""

    person_id: UUID
    passkey_id: UUID
    amr: tuple[str, ...]


def of_person(session: Session, person_id: UUID) -> list[Passkey]:
    """Return a person's passkeys, oldest first."""
    return list(session.scalars(select(Passkey).where(Passkey.person_id == person_id).order_by(Passkey.id)))


def asking(session: Session, site: Site, person_id: UUID | None = None) -> dict[str, Any]:
    """Return what the browser hands to ``navigator.credentials.get``; without a person any passkey of this site may
    answer."""
    known = of_person(session, person_id) if person_id else []
    challenge = _challenge(session, site, FACTOR if person_id else SIGN_IN, person_id)
    options = generate_authentication_options(
        rp_id=site.rp_id,
        challenge=challenge,
        timeout=SECONDS * 1000,
        user_verification=UserVerificationRequirement.REQUIRED,
        allow_credentials=[PublicKeyCredentialDescriptor(id=row.credential_id) for row in known],
    )
    return options_to_json_dict(options)


def making(session: Session, site: Site, person_id: UUID, login: str, name: str) -> dict[str, Any]:
    """Return what the browser hands to ``navigator.credentials.create``; ``login`` and ``name`` are shown by the
    authenticator."""
    known = of_person(session, person_id)
    options = generate_registration_options(
        rp_id=site.rp_id,
        rp_name=site.name,
        user_id=person_id.bytes,
        user_name=login,
        user_display_name=name or login,
        challenge=_challenge(session, site, ENROL, person_id),
        timeout=SECONDS * 1000,
        supported_pub_key_algs=ALGORITHMS,
        authenticator_selection=AuthenticatorSelectionCriteria(
            resident_key=ResidentKeyRequirement.REQUIRED, user_verification=UserVerificationRequirement.REQUIRED
        ),
        exclude_credentials=[PublicKeyCredentialDescriptor(id=row.credential_id) for row in known],
    )
    return options_to_json_dict(options)


def enrol(session: Session, site: Site, person_id: UUID, text: str, name: str) -> Proved:
    """Store the passkey that the browser made (section 7.1); raises ``PasskeyRefused``."""
    row = Passkey(
        person_id=person_id, **made(session, site, person_id, text, name), created_at=clock.now(), used_at=None
    )
    if len(of_person(session, person_id)) >= MOST:
        raise PasskeyRefused("too many passkeys")
    try:
        with session.begin_nested():
            session.add(row)
    except IntegrityError:
        raise PasskeyRefused("credential id is known") from None
    return Proved(person_id, row.id, _amr(row.backup_eligible))


def made(session: Session, site: Site, person_id: UUID, text: str, name: str) -> dict[str, Any]:
    """Return what is kept of the passkey that the browser made, without keeping it; raises ``PasskeyRefused``."""
    answer = _parsed(parse_registration_credential_json, text)
    _client_data(session, site, ENROL, person_id, answer.response.client_data_json)
    told = _held(
        lambda challenge: verify_registration_response(
            credential=answer,
            expected_challenge=challenge,
            expected_rp_id=site.rp_id,
            expected_origin=site.origin,
            require_user_verification=True,
            supported_pub_key_algs=ALGORITHMS,
        ),
        answer,
    )
    if told.credential_id != answer.raw_id or not 0 < len(told.credential_id) <= LONGEST_ID:
        raise PasskeyRefused("credential id")
    if session.scalars(select(Passkey.id).where(Passkey.credential_id == told.credential_id)).first() is not None:
        raise PasskeyRefused("credential id is known")
    return {
        "credential_id": told.credential_id,
        "public_key": told.credential_public_key,
        "sign_count": told.sign_count,
        "backup_eligible": told.credential_device_type is CredentialDeviceType.MULTI_DEVICE,
        "backed_up": told.credential_backed_up,
        "transports": [one.value for one in answer.response.transports or ()],
        "name": name.strip()[:LONGEST_NAME],
    }


def verify(session: Session, site: Site, text: str, person_id: UUID | None = None) -> Proved:
    """Return whose passkey answered (section 7.2); ``person_id`` demands that it is this person's. Raises
    ``PasskeyRefused``."""
    answer = _parsed(parse_authentication_credential_json, text)
    _client_data(session, site, FACTOR if person_id else SIGN_IN, person_id, answer.response.client_data_json)
    told = answer.response.user_handle
    if person_id is None:
        # One that took the place of a lost one may sign in; the same is done whoever is named, or nobody.
        replacement.follow(session, UUID(bytes=told) if told is not None and len(told) == 16 else UUID(int=0))
    row = session.scalars(select(Passkey).where(Passkey.credential_id == answer.raw_id)).one_or_none()
    if row is None or (person_id is not None and row.person_id != person_id):
        raise PasskeyRefused("unknown passkey")
    # At sign-in nobody is known yet, so the passkey itself has to say whose it is (section 7.2, step 6).
    handle = answer.response.user_handle
    if handle != row.person_id.bytes and not (handle is None and person_id is not None):
        raise PasskeyRefused("user handle")
    known = row
    done = _held(
        lambda challenge: verify_authentication_response(
            credential=answer,
            expected_challenge=challenge,
            expected_rp_id=site.rp_id,
            expected_origin=site.origin,
            credential_public_key=known.public_key,
            credential_current_sign_count=known.sign_count,
            require_user_verification=True,
        ),
        answer,
    )
    if (done.credential_device_type is CredentialDeviceType.MULTI_DEVICE) != row.backup_eligible:
        raise PasskeyRefused("backup eligibility changed")
    _count(session, row, done.new_sign_count, done.credential_backed_up)
    return Proved(row.person_id, row.id, _amr(row.backup_eligible))


def remove(session: Session, person_id: UUID, passkey_id: UUID | None = None) -> int:
    """Forget one passkey of a person, or all; return how many there were."""
    query = delete(Passkey).where(Passkey.person_id == person_id)
    if passkey_id is not None:
        query = query.where(Passkey.id == passkey_id)
    return len(list(session.scalars(query.returning(Passkey.id))))


def _challenge(session: Session, site: Site, use: str, person_id: UUID | None) -> bytes:
    challenge = secrets.token_bytes(32)
    data = {"browser": _mark(site), "use": use}
    one_shot.issue(session, _KIND, SECONDS, data, person_id=person_id, text=bytes_to_base64url(challenge))
    return challenge


def _mark(site: Site) -> str:
    return sha256(site.browser.encode()).hexdigest()


def _parsed(parse: Callable[[str], T], text: str) -> T:
    try:
        return parse(text)
    except Exception as error:
        # The library lets errors of several kinds out of what a stranger sent.
        raise PasskeyRefused("malformed") from error


def _client_data(session: Session, site: Site, use: str, person_id: UUID | None, raw: bytes) -> None:
    """Use the challenge up, and refuse answers made within another site's frame (section 7.2, steps 10 to 14)."""
    data = _parsed(lambda text: json.loads(text), raw.decode("utf-8", "replace"))
    if not isinstance(data, dict) or not isinstance(data.get("challenge"), str):
        raise PasskeyRefused("client data")
    used = one_shot.consume(session, _KIND, data["challenge"])
    if used is None or used.person_id != person_id or used.data != {"browser": _mark(site), "use": use}:
        raise PasskeyRefused("challenge")
    if data.get("crossOrigin", False) is not False or "topOrigin" in data:
        raise PasskeyRefused("cross origin")


def _held(verified: Callable[[bytes], T], answer: RegistrationCredential | AuthenticationCredential) -> T:
    challenge = base64url_to_bytes(json.loads(answer.response.client_data_json)["challenge"])
    try:
        return verified(challenge)
    except Exception as error:
        raise PasskeyRefused(type(error).__name__) from error


def _count(session: Session, row: Passkey, count: int, backed_up: bool) -> None:
    """Keep the count; of parallel answers with one count only the first is taken, unless the authenticator counts
    nothing."""
    rises = or_(Passkey.sign_count < count, (Passkey.sign_count == 0) & (count == 0))
    query = update(Passkey).where(Passkey.id == row.id, rises)
    kept = query.values(sign_count=count, backed_up=backed_up, used_at=clock.now()).returning(Passkey.id)
    if session.execute(kept, execution_options={"synchronize_session": False}).first() is None:
        raise PasskeyRefused("count")


def _amr(backup_eligible: bool) -> tuple[str, ...]:
    return ("swk" if backup_eligible else "hwk", "user")
