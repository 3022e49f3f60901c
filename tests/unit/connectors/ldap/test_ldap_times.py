"""Moments of directories: until which day somebody keeps what they have."""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, strategies as st

from connectors.ldap.entries import Entry
from connectors.ldap.rows import row
from connectors.ldap.wire.times import moment, readable
from connectors.records import Record

HELSINKI = ZoneInfo("Europe/Helsinki")
EPOCH = datetime.fromisoformat("1601-01-01T00:00:00+00:00")


def filetime(text: str) -> str:
    """Write a moment in ISO 8601 as a FILETIME."""
    return str(int((datetime.fromisoformat(text) - EPOCH).total_seconds()) * 10_000_000)


def last_day(value: str) -> str:
    """The day in Helsinki of what is handed on of ``accountExpires``."""
    return datetime.fromisoformat(readable("accountExpires", value)).astimezone(HELSINKI).date().isoformat()


@pytest.mark.parametrize(
    ("expires", "day"),
    [
        ("2027-01-01T00:00:00+02:00", "2026-12-31"),
        ("2026-08-01T00:00:00+03:00", "2026-07-31"),
        ("2026-12-31T23:59:59+02:00", "2026-12-31"),
        ("2026-12-31T00:00:01+02:00", "2026-12-31"),
        ("2026-12-31T12:00:00+02:00", "2026-12-31"),
        ("2026-03-30T00:00:00+03:00", "2026-03-29"),
        ("2026-10-26T00:00:00+02:00", "2026-10-25"),
    ],
)
def test_an_account_that_expires_at_midnight_has_its_last_day_the_day_before(expires: str, day: str) -> None:
    assert last_day(filetime(expires)) == day


@pytest.mark.parametrize("never", ["0", "9223372036854775807", "9223372036854775806", "99999999999999999999999999"])
def test_an_account_that_never_expires_has_no_last_day(never: str) -> None:
    assert readable("accountExpires", never) == ""
    assert readable("ACCOUNTEXPIRES", never) == ""


@pytest.mark.parametrize("value", ["-1", "soon", "", "1.5", "１３３"])
def test_what_is_no_time_stays_as_it_is_so_that_the_row_is_told_as_no_day(value: str) -> None:
    assert readable("accountExpires", value) == value


def test_other_moments_of_active_directory_are_the_moments_they_name() -> None:
    assert readable("pwdLastSet", filetime("2026-09-15T03:00:00+00:00")) == "2026-09-15T03:00:00+00:00"
    assert readable("lastLogonTimestamp", "0") == ""


@pytest.mark.parametrize(
    ("value", "told"),
    [
        ("20261231220000Z", "2026-12-31T22:00:00+00:00"),
        ("20261231220000.0Z", "2026-12-31T22:00:00+00:00"),
        ("20261231220000,75Z", "2026-12-31T22:00:00+00:00"),
        ("20261231220000+0200", "2026-12-31T22:00:00+02:00"),
        ("20261231220000-0330", "2026-12-31T22:00:00-03:30"),
        ("20261231220000+02", "2026-12-31T22:00:00+02:00"),
        ("202612312230Z", "2026-12-31T22:30:00+00:00"),
        ("202612312230+0200", "2026-12-31T22:30:00+02:00"),
        ("2026123122Z", "2026-12-31T22:00:00+00:00"),
        ("2026123122.5Z", "2026-12-31T22:30:00+00:00"),
        ("20261231235960Z", "2027-01-01T00:00:00+00:00"),
        ("99991231235959Z", "9999-12-31T23:59:59+00:00"),
        ("16010101000000.0Z", ""),
    ],
)
def test_a_generalized_time_is_handed_on_with_its_own_offset(value: str, told: str) -> None:
    assert readable("employedUntil", value) == told


@pytest.mark.parametrize(
    "value",
    [
        "20261231",
        "20261231220000",
        "20261331220000Z",
        "20261231250000Z",
        "20261231226000Z",
        "20261231220061Z",
        "20261231220000z",
        "20261231220000+1500",
        "20261231220000+0260",
        "2001123112-0001",
        "2001123112+0200",
        "2026-12-31",
        "",
        "Z",
        "Aino",
        "99991231235960Z",
        "20260230120000Z",
        "２0261231220000Z",
    ],
)
def test_a_number_or_text_that_only_looks_like_a_time_is_handed_on_as_it_is(value: str) -> None:
    assert readable("employeeNumber", value) == value


@given(st.datetimes(min_value=datetime(1602, 1, 1), max_value=datetime(9998, 12, 31)), st.integers(-14 * 4, 14 * 4))
def test_every_moment_that_a_directory_writes_is_read_as_that_moment(at: datetime, quarters: int) -> None:
    minutes = abs(quarters) * 15
    offset = f"{'-' if quarters < 0 else '+'}{minutes // 60:02}{minutes % 60:02}"
    told = moment(f"{at:%Y%m%d%H%M%S}{offset}".rjust(19, "0"))
    assert told is not None
    assert told.replace(tzinfo=None) == at.replace(microsecond=0)
    assert told.utcoffset() == timedelta(minutes=15 * quarters)


def test_the_record_of_a_person_holds_days_as_moments_and_numbers_as_numbers() -> None:
    values = {
        "entryuuid": [b"12345678-abcd-01ef-0123-456789abcdef"],
        "accountexpires": [filetime("2027-01-01T00:00:00+02:00").encode()],
        "employeduntil": [b"20261231200000Z"],
        "employeenumber": [b"133801"],
    }
    found = row(
        "person",
        Entry("cn=a,dc=x", values, "entryUUID"),
        ("accountExpires", "employedUntil", "employeeNumber"),
    )
    assert isinstance(found, Record)
    assert [found.fields[name] for name in ("accountExpires", "employedUntil", "employeeNumber")] == [
        "2026-12-31T21:59:59+00:00",
        "2026-12-31T20:00:00+00:00",
        "133801",
    ]


@given(st.from_regex(r"[0-9]{14}", fullmatch=True))
@pytest.mark.parametrize("other", ["+0000", ".0Z", "-00"])
def test_the_usual_form_is_the_moment_that_other_forms_of_it_name(other: str, digits: str) -> None:
    assert moment(f"{digits}Z") == moment(digits + other)
