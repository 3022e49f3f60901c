"""Of a connector that ``ReadsAll``: its records, their digests, and the evidence after the last of them."""

from __future__ import annotations

from connectors.conformance.asking import items_of, reading_of, records_of
from connectors.conformance.exhibit import Check, Exhibit
from connectors.conformance.verdict import Nonconforming, expect, refused, shows
from connectors.contract import ConnectorError
from connectors.records import Deleted, Evidence, Record, Rejected


def records_are_of_known_kinds_and_unique(exhibit: Exhibit) -> None:
    """Kinds come in the order of ``kinds``; a key is unique within its kind."""
    connector = exhibit.connector()
    records = records_of(reading_of(connector))
    order = [connector.kinds.index(record.kind) for record in records]
    expect(order == sorted(order), "records come in the order of kinds")
    expect(exhibit.gives <= {record.kind for record in records}, f"there are records of {sorted(exhibit.gives)}")
    names = [(record.kind, record.key) for record in records]
    expect(len(names) == len(set(names)), "a key is unique within its kind")
    expect(
        all(record.key and len(record.digest) == 16 for record in records), "a record has a key and 16 bytes of digest"
    )


def the_same_content_has_the_same_digest(exhibit: Exhibit) -> None:
    """Two readings of an unchanged system give equal records and evidence."""
    first, second = reading_of(exhibit.connector()), reading_of(exhibit.connector())
    expect(items_of(first) == items_of(second), "two readings of an unchanged system give the same items")
    expect(first.evidence == second.evidence, "two readings of an unchanged system give the same evidence")


def different_fields_have_different_digests(exhibit: Exhibit) -> None:
    """Records of one kind with different fields differ in their digests."""
    records = records_of(reading_of(exhibit.connector()))
    contents = {(record.kind, record.key, tuple(sorted(record.fields.items()))) for record in records}
    digests = {(record.kind, record.key, record.digest) for record in records}
    expect(len(contents) == len(digests) == len(records), "a digest tells contents apart")


def evidence_comes_after_the_last_item(exhibit: Exhibit) -> None:
    """Evidence and checkpoint are refused before the end, and complete after it."""
    reading = reading_of(exhibit.connector())
    iterator = iter(reading)
    next(iterator)
    expect(refused(lambda: reading.evidence), "evidence before the last item raises RuntimeError")
    items = [*iterator]
    evidence = reading.evidence
    counted = 1 + sum(isinstance(item, Record | Rejected) for item in items)
    expect(evidence.rows == counted, "evidence counts the records and the rejected rows")
    expect(evidence.deleted == sum(isinstance(item, Deleted) for item in items), "evidence counts the deletions")
    expect(evidence.full and evidence.finished, "a full reading of a sound system is full and finished")
    expect(evidence.declared in (None, evidence.rows), "a sound system declares what it gives")
    expect(_is_hexadecimal(evidence), "digest and header are hexadecimal SHA-256")


def a_reading_is_a_single_pass(exhibit: Exhibit) -> None:
    """A second iteration raises; closing is possible at any time and more than once."""
    reading = reading_of(exhibit.connector())
    items_of(reading)
    expect(refused(lambda: items_of(reading)), "a second iteration raises RuntimeError")
    half = reading_of(exhibit.connector())
    next(iter(half))
    for each in (half, half, reading, reading_of(exhibit.connector())):
        each.close()
    expect(refused(lambda: half.evidence), "a reading that was closed early has no evidence")


def reading_an_absent_system_raises_a_connector_error(exhibit: Exhibit) -> None:
    """Where the system is not there, reading raises a ``ConnectorError`` with a remedy."""
    connector = exhibit.unreachable()
    try:
        items_of(reading_of(connector))
    except ConnectorError as error:
        expect(bool(error.problem.remedy), "the problem has a remedy")
        expect(not shows(exhibit, str(error), repr(error)), "the error shows no secret")
    else:
        raise Nonconforming("reading an absent system raises a ConnectorError")


CHECKS: tuple[Check, ...] = (
    records_are_of_known_kinds_and_unique,
    the_same_content_has_the_same_digest,
    different_fields_have_different_digests,
    evidence_comes_after_the_last_item,
    a_reading_is_a_single_pass,
    reading_an_absent_system_raises_a_connector_error,
)


def _is_hexadecimal(evidence: Evidence) -> bool:
    return all(len(text) == 64 and set(text) <= set("0123456789abcdef") for text in (evidence.digest, evidence.header))
