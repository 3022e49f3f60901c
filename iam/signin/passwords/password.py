"""Passwords: Argon2id over a keyed hash, verified in the same time for known and unknown logins, and what a new one
must be.

The keyed hash (a pepper from the vault) makes a stolen table worthless without the key file; it also lets any length
count whole. Rules after NIST SP 800-63B-4: length and a blocklist, no composition, no forced change (security AU-01 to
AU-03).
"""

from __future__ import annotations

import hmac
import re
import unicodedata
from base64 import b64encode
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from argon2 import PasswordHasher, Type
from argon2.exceptions import InvalidHashError, VerificationError

from connectors.problem import Problem
from iam.vault import Vault

LEAST, LEAST_OF_TWO, MOST = 15, 8, 256
"""Characters of a password: the fewest where it may be all that is asked, the fewest where a second factor always is,
and the most."""
_WORD = 4
_REST = 8
_HASHER = PasswordHasher(time_cost=2, memory_cost=19456, parallelism=1, hash_len=32, salt_len=16, type=Type.ID)
_NOBODYS = f"$argon2id$v=19$m=19456,t=2,p=1${'A' * 22}${'A' * 43}"
"""A hash that no password has, for logins that do not exist."""

COMMON = (
    "password",
    "passwort",
    "salasana",
    "losenord",
    "lösenord",
    "welcome",
    "tervetuloa",
    "valkommen",
    "välkommen",
    "kirjaudu",
    "letmein",
    "iloveyou",
    "administrator",
    "admin",
    "qwertyuiopå",
    "qwertyuiop",
    "asdfghjklöä",
    "asdfghjkl",
    "zxcvbnm",
    "1234567890",
    "123456789",
    "0987654321",
    "987654321",
    "abcdefghijklmnopqrstuvwxyzåäö",
    "abcdefghijklmnopqrstuvwxyz",
    "abcdefgh",
    "qwerty",
    "12345678",
    "1234567",
    "123456",
    "12345",
    "1234",
    "kesäkuu",
    "heinäkuu",
    "maaliskuu",
    "joulukuu",
    "jääkiekko",
    "football",
    "baseball",
    "princess",
    "perkele",
    "sunshine",
    "superman",
    "kissakissa",
    "changeme",
    "vaihdatama",
    "secret",
    "salainen",
    "koulukoulu",
    "opettaja",
    "oppilas",
)
"""What people type when a long password is asked for; a password needs eight characters besides these."""


@dataclass(frozen=True, slots=True)
class Checked:
    """Whether a password was right; ``rehash`` is the hash to store when it was made with other parameters than
    today's."""

    right: bool
    rehash: str | None = None


def hash_password(vault: Vault, text: str) -> str:
    """Return the Argon2id hash of ``text`` (m=19456 KiB, t=2, p=1), as stored in ``Credential.data["hash"]``."""
    return _HASHER.hash(_peppered(vault, text))


def verify(vault: Vault, stored: str | None, text: str) -> Checked:
    """Compare ``text`` with a stored hash; without one (no such login) the same work is done for nothing."""
    secret = _peppered(vault, text)
    try:
        _HASHER.verify(stored or _NOBODYS, secret)
    except (VerificationError, InvalidHashError):
        return Checked(False)
    assert stored is not None
    return Checked(True, _HASHER.hash(secret) if _HASHER.check_needs_rehash(stored) else None)


def problems(text: str, words: Iterable[str] = (), least: int = LEAST) -> list[Problem]:
    """Return what is wrong with a new password.

    ``words`` are the login, the person's names, the names of the consortium and of the person's organisations;
    ``least`` is the fewest characters it may have (``new_password.least``).
    """
    text = unicodedata.normalize("NFC", text)
    if len(text) < least:
        return [
            Problem(
                "The password is shorter than %(n)s characters.", "Put several words in a row.", params={"n": least}
            )
        ]
    if len(text) > MOST:
        return [Problem("The password is longer than %(n)s characters.", "Choose a shorter one.", params={"n": MOST})]
    folded = _folded(text)
    if any(word in folded for word in _words(words)):
        return [
            Problem(
                "The password holds your name, your username or the name of your organisation or of the service.",
                "Choose other words.",
            )
        ]
    if _is_common(folded):
        return [
            Problem("The password is one of those that are guessed first.", "Choose words that do not belong together.")
        ]
    return []


def _peppered(vault: Vault, text: str) -> bytes:
    normal = unicodedata.normalize("NFC", text).encode("utf-8", "surrogatepass")
    return b64encode(hmac.digest(vault.derive("password"), normal, "sha256"))


def _folded(text: str) -> str:
    return unicodedata.normalize("NFKC", text).casefold()


def _words(given: Iterable[str]) -> Iterator[str]:
    for text in given:
        yield from (word for word in re.split(r"[\W_]+", _folded(text)) if len(word) >= _WORD)


def _is_common(folded: str) -> bool:
    rest = folded
    for word in COMMON:
        rest = rest.replace(word, "")
    return len(rest) < _REST or len(set(folded)) < _WORD or _repeats(folded)


def _repeats(folded: str) -> bool:
    """Whether it is one short piece over and over."""
    return re.fullmatch(r"(.{1,7}?)\1+.{0,6}", folded, re.DOTALL) is not None
