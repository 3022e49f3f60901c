"""The suite that every connector passes, as plain functions: one check each, chosen by the capabilities its class has.

A connector's author writes an ``Exhibit`` and runs ``checks(ConnectorClass)``, each as one test. A check that belongs to a
capability that the class does not have is not in the list at all, so nothing is ever skipped.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Protocol

from pydantic import ValidationError

from connectors.contract import (
    Authenticates,
    CheckpointLost,
    Connector,
    ConnectorError,
    Item,
    Reading,
    ReadsAll,
    ReadsChanges,
    Testable,
)
from connectors.problem import Problem
from connectors.records import Deleted, Evidence, Record, Rejected

LONGEST_CHECKPOINT = 4096
Names = set[tuple[str, str]]
"""Kind and key of records."""


class Nonconforming(AssertionError):
    """The connector breaks the contract; the message says which sentence of it."""


class Exhibit(Protocol):
    """What a connector's author shows: the connector against a sound system, and against none.

    The sound system gives at least one record of every kind named in ``gives`` and is the same each time ``connector`` is called,
    but for ``change``. ``secrets`` are texts that must never be seen, ``personal`` values of records that no message may hold.
    """

    gives: frozenset[str]
    secrets: tuple[str, ...]
    personal: tuple[str, ...]

    def connector(self) -> Connector:
        """Return a new connector to the sound system."""

    def unreachable(self) -> Connector:
        """Return a connector with sensible settings whose system is not there."""

    def change(self) -> tuple[Names, Names]:
        """Change the sound system (for ``ReadsChanges``); return what must come as records, and what as deleted."""

    def login(self) -> tuple[str, str]:
        """Return a login and its password (for ``Authenticates``)."""


Check = Callable[[Exhibit], None]


def checks(connector: type[Connector], *, in_process: bool = False) -> tuple[Check, ...]:
    """Return the checks that belong to the capabilities of ``connector``, in a stable order.

    ``in_process`` leaves out those of a system that is not there, which a source inside the process never is.
    """
    found: list[Check] = list(_EVERY)
    for capability, its_checks in _BY_CAPABILITY:
        if issubclass(connector, capability):
            found.extend(its_checks)
    return tuple(check for check in found if not (in_process and check in _OF_ABSENCE))


def an_unknown_setting_is_an_error(exhibit: Exhibit) -> None:
    """The settings model refuses what it does not know, and does not repeat it."""
    try:
        type(exhibit.connector()).settings_model.model_validate({"no_such_setting": "a-secret-value"})
    except ValidationError as error:
        _expect("a-secret-value" not in str(error), "an error in the settings repeats no value")
        _expect("no_such_setting" in str(error), "an unknown setting is an error that names it")
    else:
        raise Nonconforming("an unknown setting is an error")


def sound_settings_validate_without_problems(exhibit: Exhibit) -> None:
    """``validate`` is content with sound settings."""
    _expect(exhibit.connector().validate() == [], "validate finds no problem in sound settings")


def no_secret_is_shown(exhibit: Exhibit) -> None:
    """The connector's own representation holds no secret."""
    connector = exhibit.connector()
    shown = f"{connector!r} {connector} {vars(connector)}"
    _expect(not any(secret in shown for secret in exhibit.secrets), "no secret is shown by repr or str")


def the_capabilities_take_what_the_contract_says(exhibit: Exhibit) -> None:
    """A method of a capability that exists has the contract's parameters."""
    connector = exhibit.connector()
    methods: tuple[tuple[type, str], ...] = (
        (ReadsAll, "read"),
        (ReadsChanges, "changes"),
        (Authenticates, "authenticate"),
    )
    for capability, method in methods:
        if isinstance(connector, capability):
            expected = list(inspect.signature(getattr(capability, method)).parameters)[1:]
            found = list(inspect.signature(getattr(connector, method)).parameters)
            _expect(found == expected, f"{method} takes {expected}")


def validate_does_not_touch_the_system(exhibit: Exhibit) -> None:
    """``validate`` is content with the settings of a system that is not there: it looks offline."""
    _expect(exhibit.unreachable().validate() == [], "validate does not touch the system")


def a_sound_system_tests_well(exhibit: Exhibit) -> None:
    """``test`` finds no problem in a sound system."""
    connector = exhibit.connector()
    if isinstance(connector, Testable):
        problems = connector.test()
        _expect(
            problems == [], f"test finds no problem in a sound system, not {[str(problem) for problem in problems]}"
        )


def an_absent_system_is_a_problem_with_a_remedy(exhibit: Exhibit) -> None:
    """``test`` returns a problem, with a remedy and without a secret, where the system is not there; it does not raise."""
    problems = _test(exhibit.unreachable())
    _expect(bool(problems), "test finds that the system is not there")
    _expect(all(problem.remedy for problem in problems), "every problem has a remedy")
    _expect(not _shows(exhibit, *map(str, problems)), "no problem shows a secret")


def records_are_of_known_kinds_and_unique(exhibit: Exhibit) -> None:
    """Kinds come in the order of ``kinds``; a key is unique within its kind."""
    connector = exhibit.connector()
    records = [item for item in _items(_read(connector)) if isinstance(item, Record)]
    order = [connector.kinds.index(record.kind) for record in records]
    _expect(order == sorted(order), "records come in the order of kinds")
    _expect(exhibit.gives <= {record.kind for record in records}, f"there are records of {sorted(exhibit.gives)}")
    names = [(record.kind, record.key) for record in records]
    _expect(len(names) == len(set(names)), "a key is unique within its kind")
    _expect(
        all(record.key and len(record.digest) == 16 for record in records), "a record has a key and 16 bytes of digest"
    )


def the_same_content_has_the_same_digest(exhibit: Exhibit) -> None:
    """Two readings of an unchanged system give equal records and evidence."""
    first, second = _read(exhibit.connector()), _read(exhibit.connector())
    _expect(_items(first) == _items(second), "two readings of an unchanged system give the same items")
    _expect(first.evidence == second.evidence, "two readings of an unchanged system give the same evidence")


def different_fields_have_different_digests(exhibit: Exhibit) -> None:
    """Records of one kind with different fields differ in their digests."""
    records = [item for item in _items(_read(exhibit.connector())) if isinstance(item, Record)]
    contents = {(record.kind, record.key, tuple(sorted(record.fields.items()))) for record in records}
    digests = {(record.kind, record.key, record.digest) for record in records}
    _expect(len(contents) == len(digests) == len(records), "a digest tells contents apart")


def evidence_comes_after_the_last_item(exhibit: Exhibit) -> None:
    """Evidence and checkpoint are refused before the end, and complete after it."""
    reading = _read(exhibit.connector())
    iterator = iter(reading)
    next(iterator)
    _expect(_refuses(lambda: reading.evidence), "evidence before the last item raises RuntimeError")
    items = [*iterator]
    evidence = reading.evidence
    counted = 1 + sum(isinstance(item, Record | Rejected) for item in items)
    _expect(evidence.rows == counted, "evidence counts the records and the rejected rows")
    _expect(evidence.deleted == sum(isinstance(item, Deleted) for item in items), "evidence counts the deletions")
    _expect(evidence.full and evidence.finished, "a full reading of a sound system is full and finished")
    _expect(evidence.declared in (None, evidence.rows), "a sound system declares what it gives")
    _expect(_is_hexadecimal(evidence), "digest and header are hexadecimal SHA-256")


def a_reading_is_a_single_pass(exhibit: Exhibit) -> None:
    """A second iteration raises; closing is possible at any time and more than once."""
    reading = _read(exhibit.connector())
    _items(reading)
    _expect(_refuses(lambda: _items(reading)), "a second iteration raises RuntimeError")
    half = _read(exhibit.connector())
    next(iter(half))
    for each in (half, half, reading, _read(exhibit.connector())):
        each.close()
    _expect(_refuses(lambda: half.evidence), "a reading that was closed early has no evidence")


def reading_an_absent_system_raises_a_connector_error(exhibit: Exhibit) -> None:
    """Where the system is not there, reading raises a ``ConnectorError`` with a remedy."""
    connector = exhibit.unreachable()
    try:
        _items(_read(connector))
    except ConnectorError as error:
        _expect(bool(error.problem.remedy), "the problem has a remedy")
        _expect(not _shows(exhibit, str(error), repr(error)), "the error shows no secret")
    else:
        raise Nonconforming("reading an absent system raises a ConnectorError")


def an_unchanged_system_has_no_other_changes(exhibit: Exhibit) -> None:
    """Changes since a moment ago tell no deletion and no record that the full reading did not."""
    full = _read(exhibit.connector())
    records = {(item.kind, item.key): item.digest for item in _items(full) if isinstance(item, Record)}
    changes = _changes(exhibit.connector(), _checkpoint(full))
    for item in _items(changes):
        _expect(isinstance(item, Record), "an unchanged system tells no deletion")
        _expect(isinstance(item, Record) and records.get((item.kind, item.key)) == item.digest, "nor another record")
    _expect(not changes.evidence.full, "a reading of changes is not full")


def changes_and_deletions_come_once(exhibit: Exhibit) -> None:
    """What changed comes as records, what is gone as deleted; the next checkpoint knows it."""
    full = _read(exhibit.connector())
    _items(full)
    changed, deleted = exhibit.change()
    changes = _changes(exhibit.connector(), _checkpoint(full))
    items = _items(changes)
    told = {(item.kind, item.key) for item in items if isinstance(item, Record)}
    gone = {(item.kind, item.key) for item in items if isinstance(item, Deleted)}
    _expect(changed <= told, "what changed comes as records")
    _expect(changes.evidence.deleted == len(gone), "evidence counts the deletions")
    _expect(gone == deleted, f"exactly what is gone comes as deleted: {len(deleted)}, not {len(gone)}")
    after = _items(_changes(exhibit.connector(), _checkpoint(changes)))
    _expect(not any(isinstance(item, Deleted) for item in after), "a deletion comes once")


def a_foreign_checkpoint_is_lost(exhibit: Exhibit) -> None:
    """A checkpoint that the connector did not make raises ``CheckpointLost``."""
    for checkpoint in ("", "no checkpoint", "9" * 40, "\N{SNOWMAN}", "x" * LONGEST_CHECKPOINT):
        try:
            _items(_changes(exhibit.connector(), checkpoint))
        except CheckpointLost as error:
            _expect(bool(error.problem.remedy), "the problem has a remedy")
        else:
            raise Nonconforming("a foreign checkpoint raises CheckpointLost")


def a_right_password_gives_the_record_key(exhibit: Exhibit) -> None:
    """The right password gives the key of a record; a wrong one None."""
    login, password = exhibit.login()
    connector = exhibit.connector()
    key = _authenticate(connector, login, password)
    keys = {item.key for item in _items(_read(connector)) if isinstance(item, Record)}
    _expect(key is not None and key in keys, "the right password gives the key of a record")
    _expect(_authenticate(connector, login, password + "x") is None, "a wrong password gives None")
    _expect(_authenticate(connector, login + "-nobody", password) is None, "an unknown login gives None")


def an_empty_password_is_refused(exhibit: Exhibit) -> None:
    """An empty password never signs in (RFC 4513 section 5.1.2)."""
    login, _ = exhibit.login()
    _expect(_authenticate(exhibit.connector(), login, "") is None, "an empty password gives None")


def a_login_is_never_a_pattern(exhibit: Exhibit) -> None:
    """A login is taken literally: no wildcard, filter, control character or length makes it another."""
    login, password = exhibit.login()
    odd = (
        "*",
        f"{login[:-1]}*",
        f"{login})(objectClass=*",
        f"{login}\0",
        f"{login}\n",
        "\\2a",
        "",
        "x" * 10_240,
        "\ud800",
    )
    for each in odd:
        _expect(_authenticate(exhibit.connector(), each, password) is None, "a login is taken literally")


_EVERY: tuple[Check, ...] = (
    an_unknown_setting_is_an_error,
    sound_settings_validate_without_problems,
    no_secret_is_shown,
    the_capabilities_take_what_the_contract_says,
    validate_does_not_touch_the_system,
)
_OF_ABSENCE: tuple[Check, ...] = (
    validate_does_not_touch_the_system,
    an_absent_system_is_a_problem_with_a_remedy,
    reading_an_absent_system_raises_a_connector_error,
)
_BY_CAPABILITY: tuple[tuple[type, tuple[Check, ...]], ...] = (
    (Testable, (a_sound_system_tests_well, an_absent_system_is_a_problem_with_a_remedy)),
    (
        ReadsAll,
        (
            records_are_of_known_kinds_and_unique,
            the_same_content_has_the_same_digest,
            different_fields_have_different_digests,
            evidence_comes_after_the_last_item,
            a_reading_is_a_single_pass,
            reading_an_absent_system_raises_a_connector_error,
        ),
    ),
    (
        ReadsChanges,
        (
            an_unchanged_system_has_no_other_changes,
            changes_and_deletions_come_once,
            a_foreign_checkpoint_is_lost,
        ),
    ),
    (
        Authenticates,
        (a_right_password_gives_the_record_key, an_empty_password_is_refused, a_login_is_never_a_pattern),
    ),
)


def _expect(holds: bool, sentence: str) -> None:
    if not holds:
        raise Nonconforming(sentence)


def _test(connector: Connector) -> list[Problem]:
    if not isinstance(connector, Testable):
        raise Nonconforming("the connector tests")
    return connector.test()


def _read(connector: Connector) -> Reading:
    if not isinstance(connector, ReadsAll):
        raise Nonconforming("the connector reads")
    return connector.read()


def _changes(connector: Connector, checkpoint: str) -> Reading:
    if not isinstance(connector, ReadsChanges):
        raise Nonconforming("the connector reads changes")
    return connector.changes(checkpoint)


def _authenticate(connector: Connector, login: str, password: str) -> str | None:
    if not isinstance(connector, Authenticates):
        raise Nonconforming("the connector authenticates")
    return connector.authenticate(login, password)


def _checkpoint(reading: Reading) -> str:
    checkpoint = reading.checkpoint
    _expect(checkpoint is not None, "a connector that reads changes gives a checkpoint")
    text = checkpoint or ""
    _expect(0 < len(text.encode()) <= LONGEST_CHECKPOINT, "a checkpoint is at most 4 KiB of text")
    return text


def _items(reading: Reading) -> list[Item]:
    try:
        return [*reading]
    finally:
        reading.close()


def _refuses(call: Callable[[], object]) -> bool:
    try:
        call()
    except RuntimeError:
        return True
    return False


def _shows(exhibit: Exhibit, *texts: str) -> bool:
    return any(value in text for value in (*exhibit.secrets, *exhibit.personal) for text in texts)


def _is_hexadecimal(evidence: Evidence) -> bool:
    return all(len(text) == 64 and set(text) <= set("0123456789abcdef") for text in (evidence.digest, evidence.header))
