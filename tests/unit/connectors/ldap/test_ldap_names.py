"""Names of entries: who is named however it is written, and who is not."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given, strategies as st
from ldap3.core.exceptions import LDAPExceptionError
from ldap3.utils.dn import parse_dn

from connectors.ldap.names import normal, prepared


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("UID=Aino, OU=People ,dc=x", "uid=aino,ou=people,dc=x"),
        ("uid = aino , ou = people", "uid=aino,ou=people"),
        (r"cn=Esimerkki\, Aino,dc=x", r"CN=esimerkki\2C Aino, dc=x"),
        (r"cn=V\C3\A4in\C3\B6,dc=x", "cn=VÄINÖ,dc=x"),
        ("cn=Va\u0308ino\u0308,dc=x", "cn=väinö,dc=x"),
        ("cn=Aino   Esimerkki,dc=x", "cn=aino esimerkki,dc=x"),
        ("cn=Aino\u00a0Esimerkki,dc=x", "cn=aino esimerkki,dc=x"),
        (r"cn=Aino\09Esimerkki,dc=x", "cn=aino esimerkki,dc=x"),
        ("cn=Koti\u00adkatu,dc=x", "cn=kotikatu,dc=x"),
        (r"cn=\ Aino\ ,dc=x", "cn=aino,dc=x"),
        (r"cn=\20Aino\20\20,dc=x", "cn=aino,dc=x"),
        ("cn=aino+uid=b,dc=x", "UID=B + CN=Aino,dc=x"),
        ("cn=aino+cn=aino,dc=x", "cn=aino,dc=x"),
        ("2.5.4.3=aino,0.9.2342.19200300.100.1.25=x", "cn=aino,dc=x"),
        ("oid.2.5.4.3=aino,dc=x", "cn=aino,dc=x"),
        ("cn=#040441696e6f,dc=x", "cn=aino,dc=x"),
        ("cn=#0C0456c3a469,dc=x", "cn=Väi,dc=x"),
        ("cn=#04810441696e6f,dc=x", "cn=aino,dc=x"),
        ("cn=aino;dc=x", "cn=aino,dc=x"),
        ('cn="Esimerkki, Aino; a+b",dc=x', r"cn=Esimerkki\, Aino\; a\+b,dc=x"),
        (r'cn="5\" putki",dc=x', r"cn=5\22 putki,dc=x"),
        ("cn=a=b,dc=x", r"cn=a\=b,dc=x"),
    ],
)
def test_one_person_is_found_by_a_name_written_in_two_ways(one: str, other: str) -> None:
    assert normal(one) == normal(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (r"cn=a\,dc=b,dc=c", "cn=a,dc=b,dc=c"),
        ("cn=a+uid=b,dc=c", r"cn=a\+uid\=b,dc=c"),
        (r"cn=a\5C2Cb,dc=x", r"cn=a\2Cb,dc=x"),
        (r"cn=a\\2Cb,dc=x", r"cn=a\,b,dc=x"),
        (r"cn=a\;dc=b", "cn=a;dc=b"),
        ("cn=a,dc=x,dc=y", "cn=a,dc=y,dc=x"),
        ("cn=a,,dc=x", "cn=a,dc=x"),
        ("cn=a,dc=x,", "cn=a,dc=x"),
        ("cn=a,x", r"cn=a\,x"),
        ("cn=Aino Esimerkki,dc=x", "cn=AinoEsimerkki,dc=x"),
        (r"cn=\#040161,dc=x", "cn=#040161,dc=x"),
        ("cn=#3003020101,dc=x", "cn=#3003020102,dc=x"),
        ("cn=#04026161ff,dc=x", "cn=aa,dc=x"),
        ("cn=#04,dc=x", "cn=,dc=x"),
        (r"cn=a\FF,dc=x", r"cn=a\FE,dc=x"),
        ("cn=a,dc=x", "uid=a,dc=x"),
        ("cn=Väinö,dc=x", "cn=Vaino,dc=x"),
    ],
)
def test_nobody_is_taken_for_another_by_a_name_that_only_looks_alike(one: str, other: str) -> None:
    assert normal(one) != normal(other)


_VALUES = st.text(st.characters(codec="utf-8"), max_size=12)
_NAMES = st.lists(
    st.lists(st.tuples(st.sampled_from(["cn", "uid", "ou", "dc"]), _VALUES), min_size=1, max_size=3),
    min_size=1,
    max_size=4,
)


def _escaped(draw: st.DrawFn, value: str) -> str:
    """Write a value as RFC 4514 section 2.4 lets it be written, each character in a way that is drawn."""
    written = ""
    for n, character in enumerate(value):
        must = character in '"+,;<>\\\0' or (character in " #" and n in (0, len(value) - 1))
        plain = character in ' "#+,;<=>\\' and draw(st.booleans())
        if must or draw(st.integers(0, 5)) == 0:
            hexadecimal = "".join(f"\\{byte:02{draw(st.sampled_from('xX'))}}" for byte in character.encode())
            written += f"\\{character}" if plain else hexadecimal
        else:
            written += character
    return written


@st.composite
def _written(draw: st.DrawFn, name: list[list[tuple[str, str]]]) -> str:
    spaces = st.sampled_from(["", "", " ", "   "])
    rdns = []
    for rdn in name:
        order = draw(st.permutations(rdn))
        rdns.append(
            "+".join(
                f"{draw(spaces)}{draw(st.sampled_from([kind, kind.upper()]))}{draw(spaces)}={draw(spaces)}"
                f"{_escaped(draw, value)}{draw(spaces)}"
                for kind, value in order
            )
        )
    return draw(st.sampled_from([",", ";"])).join(rdns)


@given(st.data(), _NAMES)
def test_every_way_to_write_a_name_finds_the_same_person(
    data: st.DataObject, name: list[list[tuple[str, str]]]
) -> None:
    assert normal(data.draw(_written(name))) == normal(data.draw(_written(name)))


@given(st.data(), _NAMES, _NAMES)
def test_two_names_are_one_exactly_when_their_values_match(
    data: st.DataObject, one: list[list[tuple[str, str]]], other: list[list[tuple[str, str]]]
) -> None:
    def meaning(name: list[list[tuple[str, str]]]) -> list[frozenset[tuple[str, str]]]:
        return [frozenset((kind, prepared(value)) for kind, value in rdn) for rdn in name]

    written = data.draw(_written(one)), data.draw(_written(other))
    assert (normal(written[0]) == normal(written[1])) == (meaning(one) == meaning(other))


@given(st.text(max_size=40))
def test_any_text_at_all_is_compared_without_an_error_and_equals_itself(text: str) -> None:
    assert normal(text) == normal(text)


@given(_VALUES)
def test_capitals_outer_spaces_and_composition_tell_no_two_persons_apart(value: str) -> None:
    once = prepared(value)
    assert prepared(f"  {value} ") == once
    assert prepared(unicodedata.normalize("NFD", value)) == prepared(unicodedata.normalize("NFC", value)) == once


@pytest.mark.parametrize("name", [r"cn=Aino\ ,dc=x", "cn=#040441696e6f", "2.5.4.3=aino,dc=x", "cn=aino;dc=x"])
def test_the_library_s_own_reading_of_names_would_lose_these_persons(name: str) -> None:
    with pytest.raises(LDAPExceptionError):
        parse_dn(name, escape=False, strip=True)


@given(st.from_regex(r"[A-Za-z][A-Za-z0-9-]*", fullmatch=True), st.from_regex(r"[ A-Za-z0-9._@-]+", fullmatch=True))
def test_a_plain_name_is_read_as_the_same_name_with_every_character_escaped(kind: str, value: str) -> None:
    escaped = "".join(f"\\{ord(character):02x}" for character in value.strip())
    assert normal(f"{kind}={value.strip()},dc=x") == normal(f"{kind}={escaped},dc=x")
