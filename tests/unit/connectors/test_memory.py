"""The reference connector: a log of rows, read as it stands or from a checkpoint on."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from connectors.memory import MemoryConnector, MemorySettings
from connectors.records import Deleted, Record
from tests.kit.feeds.csv_inputs import read_all


def source(*rows: tuple[str, str, dict[str, str] | None], **more: object) -> MemoryConnector:
    listed = [
        {"kind": kind, "key": key, "fields": fields or {}, "deleted": fields is None} for kind, key, fields in rows
    ]
    return MemoryConnector(MemorySettings.model_validate({"rows": listed, **more}))


def test_a_later_row_takes_the_place_of_the_earlier_one_and_a_deleted_one_is_gone() -> None:
    found = read_all(
        source(
            ("user", "1", {"a": "x"}), ("user", "2", {"a": "y"}), ("user", "1", {"a": "z"}), ("user", "2", None)
        ).read()
    )
    assert [(item.key, item.fields) for item in found if isinstance(item, Record)] == [("1", {"a": "z"})]
    assert len(found) == 1


def test_changes_tell_only_what_came_after_the_checkpoint() -> None:
    rows = [("org", "o", {"a": "x"}), ("user", "1", {"a": "x"}), ("user", "2", {"a": "y"}), ("user", "1", None)]
    items = read_all(source(*rows).changes("2"))
    assert [(type(item), item.key) for item in items] == [(Record, "2"), (Deleted, "1")]


def test_the_settings_may_declare_a_count_and_an_unfinished_reading() -> None:
    reading = source(("user", "1", {}), declared=9, finished=False).read()
    read_all(reading)
    assert (reading.evidence.declared, reading.evidence.finished) == (9, False)


def test_an_unknown_kind_is_refused_and_not_repeated() -> None:
    with pytest.raises(ValidationError) as caught:
        source(("secret-kind", "1", {}))
    assert "secret-kind" not in str(caught.value)
