"""Values that LDIF cannot carry as they are go in base64 (RFC 2849 section 2); passwords are those of the table."""

from __future__ import annotations

from base64 import b64decode
from hashlib import sha1

from iam.demo.feeds.ldif import entry
from iam.demo.people import BY_NUMBER
from tests.unit.demo.conftest import Written


def test_a_value_outside_ascii_goes_in_base64() -> None:
    text = entry(
        "ou=people,dc=example", [("cn", "Áile"), ("sn", "Salo"), ("description", " starts with a space"), ("o", ":x")]
    )
    assert text.splitlines()[1:] == [
        "cn:: w4FpbGU=",
        "sn: Salo",
        "description:: IHN0YXJ0cyB3aXRoIGEgc3BhY2U=",
        "o:: Ong=",
        "",
    ]
    assert b64decode("w4FpbGU=").decode() == "Áile"


def test_the_people_of_the_table_bind_with_their_own_passwords(small: Written) -> None:
    entries = (small.folder / "directory.ldif").read_text(encoding="ascii").split("\n\n")
    text = next(one for one in entries if one.startswith("dn: uid=aino.esimerkki,"))
    salted = b64decode(
        next(line for line in text.splitlines() if line.startswith("userPassword:")).partition("{SSHA}")[2]
    )
    assert sha1(BY_NUMBER[1001].password.encode() + salted[20:]).digest() == salted[:20]


def test_the_directory_holds_no_identity_code_and_no_password_of_others(small: Written) -> None:
    text = (small.folder / "directory.ldif").read_text(encoding="ascii")
    assert text.count("userPassword:") == sum(f"dn: uid={one.login}," in text for one in BY_NUMBER.values()) > 0
    assert not any(row["hetu"] in text for row in small.hr() if row["hetu"])
