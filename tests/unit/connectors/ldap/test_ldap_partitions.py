"""A large directory read in parts: everybody once, a part that fails fails all, and no process stays behind."""

from __future__ import annotations

import os
import pickle
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import IO, Any

import pytest
from hypothesis import given, strategies as st

from connectors.contract import Refused, TimedOut, Unreachable
from connectors.ldap import LdapConnector, LdapSettings
from connectors.ldap.parts.partitions import _batches, filters
from connectors.ldap.parts.process import SIZE, Ended, Failed
from connectors.problem import Problem
from connectors.records import Evidence, Record
from tests.kit.peers.hostile_ldap import HostileLdap, silent
from tests.kit.servers.slapd import READER, READER_PASSWORD, SUFFIX, Slapd, group, person, posix_group

PERSONS = 700
"""So many that a part does not fit into a pipe: it is not at its end while nobody reads it."""
PARENT = """
import sys, time
from connectors.ldap import LdapSettings
from connectors.ldap.parts.partitions import _part
settings = LdapSettings(url=sys.argv[1], plaintext=True, bind_dn="cn=a", bind_password="b", base_dn="dc=x",
                        deadline_seconds=60)
with _part(settings, "") as part:
    print("started", flush=True)
    time.sleep(60)
"""


@pytest.fixture(scope="module")
def server() -> Iterator[Slapd]:
    people = (person(f"h{n}", f"Etunimi{n}", f"Sukunimi{n}") for n in range(PERSONS))
    groups = group("opettajat", "uid=h1,ou=people", "uid=h59,ou=people"), posix_group("kerho", "H7")
    with Slapd(*people, *groups) as running:
        yield running


def connector(server: Slapd, processes: int) -> LdapConnector:
    return LdapConnector(
        LdapSettings(
            url=server.url,
            plaintext=True,
            bind_dn=READER,
            bind_password=READER_PASSWORD,  # type: ignore[arg-type]  # pydantic takes a text
            base_dn=SUFFIX,
            page_size=7,
            processes=processes,
        )
    )


def read(server: Slapd, processes: int) -> tuple[dict[str, Any], Evidence]:
    reading = connector(server, processes).read()
    records = [one for one in reading if isinstance(one, Record)]
    assert len({(one.kind, one.key) for one in records}) == len(records)
    return {f"{one.kind} {one.key}": (one.fields, one.digest) for one in records}, reading.evidence


def children(pid: int) -> set[int]:
    found = set[int]()
    for task in Path(f"/proc/{pid}/task").iterdir():
        found |= {int(child) for child in (task / "children").read_text(encoding="utf-8").split()}
    return found


def gone(pid: int) -> bool:
    """Wait up to ten seconds until a process has ended."""
    for _ in range(200):
        try:
            if Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[0] == "Z":
                return True
        except (FileNotFoundError, ProcessLookupError):
            return True
        time.sleep(0.05)
    with suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)
    return False


@given(st.lists(st.uuids().map(str), max_size=3, unique=True), st.uuids().map(str))
def test_every_id_is_in_exactly_one_part(bounds: list[str], uuid: str) -> None:
    def holds(part: str, uuid: str) -> bool:
        return all((uuid >= bound) != bool(no) for no, bound in re.findall(r"(!\()?\(?entryUUID>=([0-9a-f-]+)", part))

    for one in (uuid, *bounds):
        assert [holds(part, one) for part in filters(sorted(bounds))].count(True) == 1


@pytest.mark.services
def test_persons_read_in_parts_are_those_read_in_one_and_a_second_time_the_same(server: Slapd) -> None:
    before = children(os.getpid())
    whole, proof = read(server, 1)
    parts, evidence = read(server, 3)
    assert parts == whole
    assert sum(name.startswith("person ") for name in parts) == PERSONS
    assert sum(name.startswith("membership ") for name in parts) == 3
    assert (evidence.rows, evidence.declared) == (proof.rows, proof.declared)
    assert read(server, 3)[1].digest == evidence.digest
    assert not children(os.getpid()) - before


@pytest.mark.services
def test_a_part_that_ends_before_its_end_fails_the_whole_reading(server: Slapd) -> None:
    before = children(os.getpid())
    items = iter(connector(server, 2).read())
    next(items)
    for child in children(os.getpid()) - before:
        os.kill(child, signal.SIGKILL)
    with pytest.raises(Unreachable, match="ended before its end"):
        list(items)
    assert not children(os.getpid()) - before


@pytest.mark.services
def test_a_reading_that_is_given_up_leaves_no_process(server: Slapd) -> None:
    before = children(os.getpid())
    reading = connector(server, 2).read()
    items = iter(reading)
    next(items)
    assert len(children(os.getpid()) - before) == 2
    reading.close()
    assert not children(os.getpid()) - before


def test_a_part_ends_when_whoever_reads_it_is_killed() -> None:
    with HostileLdap(silent) as hostile:
        with subprocess.Popen([sys.executable, "-c", PARENT, hostile.url], stdout=subprocess.PIPE, text=True) as parent:
            assert parent.stdout is not None
            assert parent.stdout.readline() == "started\n"
            (child,) = children(parent.pid)
            parent.kill()
        assert gone(child)


def told(*messages: object) -> IO[bytes]:
    """A stream of what a process wrote; it stays open at its other end."""
    reads, writes = os.pipe()
    for message in messages:
        data = pickle.dumps(message)
        os.write(writes, len(data).to_bytes(SIZE, "big") + data)
    return os.fdopen(reads, "rb", buffering=0)


def test_what_a_part_says_is_wrong_is_what_is_told() -> None:
    with told(["a row"], Failed(Refused, Problem("No.", "Ask.", field="bind_dn"))) as stream:
        batches = _batches(stream, 5)
        assert next(batches) == ["a row"]  # type: ignore[comparison-overlap]
        with pytest.raises(Refused, match=r"No\.") as caught:
            next(batches)
    assert caught.value.problem.field == "bind_dn"


def test_a_part_that_says_nothing_is_not_waited_for_for_ever() -> None:
    with told(["a row"]) as stream, pytest.raises(TimedOut):
        list(_batches(stream, 0.05))
    with told(["a row"], Ended(1)) as stream:
        assert len(list(_batches(stream, 0.05))) == 1
