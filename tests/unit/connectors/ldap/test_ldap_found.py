"""Entries as they come over the wire: the same as ldap3 reads them, and left to it in any other form."""

from __future__ import annotations

from hypothesis import example, given, strategies as st
from ldap3.operation.search import raw_attributes_to_dict_fast
from ldap3.utils.asn1 import decode_message_fast

from connectors.ldap.wire.found import Found, entry
from tests.kit.peers.hostile_ldap import message, name_of, result, tlv

NAMES = st.text(alphabet="abcXYZ019-;=", min_size=1, max_size=12)
VALUES = st.dictionaries(NAMES, st.lists(st.binary(max_size=300), max_size=4), max_size=5)
UUID = "12345678-abcd-01ef-0123-456789abcdef"


def written(dn: bytes, values: dict[str, list[bytes]], number: int = 7, more: bytes = b"") -> bytes:
    """An entry as a directory writes it."""
    attributes = b"".join(
        tlv(0x30, tlv(4, name.encode()) + tlv(0x31, b"".join(tlv(4, each) for each in told)))
        for name, told in values.items()
    )
    return message(number, tlv(0x64, tlv(4, dn) + tlv(0x30, attributes)) + more)


def by_ldap3(data: bytes) -> tuple[int, Found]:
    """What ldap3 makes of it, names in small letters."""
    decoded = decode_message_fast(data)
    (*_, dn), (*_, attributes) = decoded["payload"]
    values = raw_attributes_to_dict_fast(attributes)
    return decoded["messageID"], Found(dn.decode(), {name.lower(): told or [] for name, told in values.items()})


@given(st.text(max_size=200), VALUES, st.integers(1, 2**31 - 1))
def test_an_entry_is_read_as_ldap3_reads_it(dn: str, values: dict[str, list[bytes]], number: int) -> None:
    data = written(dn.encode(), values, number)
    assert entry(data) == by_ldap3(data)


@given(VALUES, st.integers(0, 10_000), st.integers(0, 255))
@example({"uid": [b"aino"]}, 1, 0x80)
@example({"uid": [b"aino"]}, 1, 0xFF)
def test_damage_is_left_to_ldap3_or_read_as_it_reads_it(values: dict[str, list[bytes]], at: int, byte: int) -> None:
    data = bytearray(written(name_of(UUID).encode(), values))
    data[at % len(data)] = byte
    told = entry(bytes(data))
    assert told is None or told == by_ldap3(bytes(data))


@given(st.binary(max_size=80))
def test_no_bytes_are_too_strange(data: bytes) -> None:
    entry(data)


def test_what_is_cut_or_goes_on_is_no_entry() -> None:
    whole = written(b"uid=aino", {"uid": [b"aino"]})
    assert entry(whole) is not None
    assert [entry(whole[:size]) for size in range(len(whole))] == [None] * len(whole)
    assert entry(whole + b"\0") is None


def test_other_answers_controls_and_names_that_are_no_text_are_left_to_ldap3() -> None:
    assert entry(result(0)(7, 0x63)) is None
    control = tlv(0xA0, tlv(0x30, tlv(4, b"1.2.3")))
    assert entry(written(b"uid=aino", {"uid": [b"aino"]}, more=control)) is None
    assert entry(written(b"uid=\xff", {"uid": [b"aino"]})) is None
    assert entry(written(b"uid=aino", {"\u00e4": [b"aino"]})) is None
