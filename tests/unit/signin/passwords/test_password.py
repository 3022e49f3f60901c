"""AU-01 to AU-03: what a password must be, and how it is kept."""

from __future__ import annotations

import pytest
from argon2 import PasswordHasher

from iam.signin.passwords import password
from iam.vault import Vault

pytestmark = pytest.mark.usefixtures("agreed_hashes")
VAULT = Vault(b"k" * 32)
GOOD = "vihreä kuusi humisee yöllä"


def refusal(text: str, *words: str) -> str:
    found = password.problems(text, words)
    return str(found[0]) if found else ""


@pytest.mark.parametrize(
    "text",
    [
        GOOD,
        "a1b2c3d4e5f6g7h",
        "🦊🐻🐼🐨🐯🦁🐮🐷🐸🐵🐔🐧🐦🐤🦆",
        "correct horse battery staple",
        "x y z åäö 1 2 3 4",
        "Q9v!kTr2 mLp8#wZ",
    ],
)
def test_any_characters_do_when_there_are_fifteen(text: str) -> None:
    assert refusal(text) == ""


def test_the_length_is_counted_in_characters_from_15_to_256() -> None:
    text = "".join(chr(0x4E00 + n) for n in range(257))
    assert "shorter" in refusal(text[:14])
    assert refusal(text[:15]) == ""
    assert refusal(text[:256]) == ""
    assert "longer" in refusal(text)


@pytest.mark.parametrize(
    "text",
    [
        "salasanasalasana",
        "Salasana123456789",
        "passwordpassword1",
        "qwertyuiopasdfgh",
        "123456789012345",
        "aaaaaaaaaaaaaaaaa",
        "abcabcabcabcabcabc",
        "Tervetuloa123456789!",
        "salainensalasana1",
        "LÖSENORDlösenord",
        "kissakissa12345678",
        "                    ",
    ],
)
def test_what_is_guessed_first_is_refused(text: str) -> None:
    assert "guessed first" in refusal(text)


def test_the_name_the_login_and_the_consortium_are_refused_inside_a_password() -> None:
    assert "name" in refusal("EspoonKaupunki2026!", "Espoo")
    assert "name" in refusal("talvella virtanen hiihtää", "aino.virtanen")
    assert "name" in refusal("MARJUKKA juo kahvia aina", "Marjukka")
    assert refusal("se hiihti talvella kotiin", "Se") == ""


def test_only_an_argon2id_hash_with_the_agreed_cost_is_stored() -> None:
    stored = password.hash_password(VAULT, GOOD)
    assert stored.startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    assert stored != password.hash_password(VAULT, GOOD)


def test_every_character_counts_beyond_72_bytes_too() -> None:
    long = "ä" * 100 + "1"
    stored = password.hash_password(VAULT, long)
    assert password.verify(VAULT, stored, long).right
    assert not password.verify(VAULT, stored, long[:-1] + "2").right


def test_two_ways_to_write_the_same_letter_are_one_password() -> None:
    stored = password.hash_password(VAULT, "p\u00e4iv\u00e4 paistaa aina")
    assert password.verify(VAULT, stored, "pa\u0308iva\u0308 paistaa aina").right


def test_a_stolen_hash_is_worth_nothing_without_the_key_file() -> None:
    stored = password.hash_password(VAULT, GOOD)
    assert not password.verify(Vault(b"x" * 32), stored, GOOD).right


def test_a_hash_of_a_lower_cost_is_made_anew_when_the_password_was_right() -> None:
    weak = PasswordHasher(time_cost=1, memory_cost=1024, parallelism=1).hash(password._peppered(VAULT, GOOD))
    assert password.verify(VAULT, weak, "wrong").rehash is None
    checked = password.verify(VAULT, weak, GOOD)
    assert checked.right
    assert checked.rehash is not None
    assert checked.rehash.startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    assert password.verify(VAULT, checked.rehash, GOOD) == password.Checked(True)


def test_a_login_that_does_not_exist_costs_the_same_hash_and_never_matches() -> None:
    assert password.verify(VAULT, None, "").right is False
    assert PasswordHasher(time_cost=2, memory_cost=19456, parallelism=1).check_needs_rehash(password._NOBODYS) is False


@pytest.mark.parametrize("stored", ["", "plain", "$argon2id$broken", "{SSHA}x"])
def test_a_hash_that_cannot_be_read_lets_nobody_in(stored: str) -> None:
    assert not password.verify(VAULT, stored, stored).right
