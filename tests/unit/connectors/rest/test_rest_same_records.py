"""A school system over REST gives what a CSV bundle of it gives."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from connectors.oneroster import OneRosterConnector, OneRosterSettings
from connectors.records import Deleted, Record, Whole
from connectors.simulators.oneroster import Roster, Simulator
from iam.demo.generate import generate
from tests.kit.feeds.csv_inputs import read_all, records, rejected
from tests.kit.feeds.exhibits import rest
from tests.kit.feeds.roster import PASSWORDS, folder


@pytest.fixture
def simulator(tmp_path: Path) -> Iterator[Simulator]:
    with Simulator(Roster.of_bundle(folder(tmp_path))) as made:
        yield made


def without_key(record: Record) -> tuple[str, str, tuple[tuple[str, object], ...]]:
    """A record without its key where that is no id of the school system's: in JSON a role has none."""
    fields = tuple(each for each in record.fields.items() if record.kind != "role" or each[0] != "sourcedId")
    return record.kind, "" if record.kind == "role" else record.key, fields


def test_the_demonstrations_roster_is_the_same_by_files_and_over_rest(tmp_path: Path) -> None:
    generate("small", tmp_path)
    files = records(read_all(OneRosterConnector(OneRosterSettings(path=tmp_path / "oneroster")).read()))
    with Simulator(Roster.of_bundle(tmp_path / "oneroster")) as simulator:
        asked = records(read_all(rest(simulator, page_size=7).read()))
    assert sorted(map(without_key, asked)) == sorted(map(without_key, files))
    assert len(asked) == 100


def test_a_full_reading_is_proved_by_the_server_s_own_number_and_tells_no_deletion(simulator: Simulator) -> None:
    reading = rest(simulator).read()
    items = read_all(reading)
    assert (reading.evidence.rows, reading.evidence.declared, reading.evidence.finished) == (10, 10, True)
    assert not [item for item in items if isinstance(item, Deleted | Whole)]
    assert len(simulator.asked) == len(set(simulator.asked))


def test_a_page_is_as_large_as_the_server_likes_and_the_reading_is_whole_all_the_same(simulator: Simulator) -> None:
    simulator.largest_page = 1
    reading = rest(simulator, page_size=500).read()
    assert len(records(read_all(reading))) == 10
    simulator.break_down("no-total")
    reading = rest(simulator, page_size=500).read()
    assert len(records(read_all(reading))) == 10
    assert reading.evidence.declared is None


def test_a_password_in_the_answer_is_never_read(simulator: Simulator) -> None:
    user = simulator.roster.get("users", "oppilas")
    simulator.roster.put("users", user | {"password": PASSWORDS[0]})
    assert PASSWORDS[0] not in repr(read_all(rest(simulator).read()))


def test_a_user_who_is_to_be_deleted_is_told_as_deleted_with_every_role(simulator: Simulator) -> None:
    simulator.roster.delete("users", "opettaja")
    items = read_all(rest(simulator).read())
    assert Deleted("user", "opettaja") in items
    assert Whole("role", "opettaja/") in items
    lost = {(item.kind, item.key, item.problem.field) for item in rejected(items)}
    assert lost == {("user", "oppilas", "agentSourcedIds"), ("enrollment", "e2", "userSourcedId")}


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"givenName": {"text": "Oona"}}, "givenName"),
        ({"givenName": "140381-902E"}, "givenName"),
        ({"familyName": "Esi\x07merkki"}, "familyName"),
        ({"enabledUser": "kyllä"}, "enabledUser"),
        ({"agents": [{"sourcedId": "huoltaja,opettaja"}]}, "agentSourcedIds"),
        ({"userIds": [{"type": "x", "identifier": "1},{employee-number:2"}]}, "userIds"),
        ({"primaryOrg": {"sourcedId": "kadonnut"}}, "primaryOrgSourcedId"),
        ({"primaryOrg": "koivu"}, "primaryOrgSourcedId"),
        ({"status": "inactive"}, "status"),
    ],
)
def test_a_bad_user_is_rejected_by_its_key_and_field_and_no_value_is_told(
    simulator: Simulator, values: dict[str, object], field: str
) -> None:
    simulator.roster.put("users", simulator.roster.get("users", "oppilas") | values)
    (bad,) = rejected(read_all(rest(simulator).read()))
    assert (bad.kind, bad.key, bad.problem.file, bad.problem.field) == ("user", "oppilas", "users", field)
    assert bad.problem.remedy
    assert not [word for word in ("Oona", "140381", "kyllä", "kadonnut", "huoltaja") if word in str(bad.problem)]


@pytest.mark.parametrize("roles", ["student", ["student"], [{"role": "student"}], [{"role": ["x"]}]])
def test_roles_that_cannot_be_told_end_nobodys(simulator: Simulator, roles: object) -> None:
    reading = rest(simulator).read()
    read_all(reading)
    simulator.roster.put("users", simulator.roster.get("users", "oppilas") | {"roles": roles})
    items = read_all(rest(simulator).changes(str(reading.checkpoint)))
    assert [(bad.kind, bad.key) for bad in rejected(items)] == [("role", None)]
    assert Whole("role", "oppilas/") not in items


def test_the_same_role_twice_has_two_keys_whatever_order_they_come_in(simulator: Simulator) -> None:
    role = simulator.roster.get("users", "oppilas")["roles"][0]
    later = role | {"beginDate": "2027-01-01"}
    found = []
    for roles in ([role, later], [later, role]):
        simulator.roster.put("users", simulator.roster.get("users", "oppilas") | {"roles": roles})
        found.append(
            {r.key: r.fields["beginDate"] for r in records(read_all(rest(simulator).read())) if r.kind == "role"}
        )
    assert found[0] == found[1]
    assert found[0] | {"opettaja/teacher/koivu": ""} == {
        "oppilas/student/koivu": "",
        "oppilas/student/koivu/2": "2027-01-01",
        "opettaja/teacher/koivu": "",
    }


def test_nobody_s_roles_are_those_of_another_whose_id_begins_the_same(simulator: Simulator) -> None:
    user = simulator.roster.get("users", "oppilas")
    simulator.roster.put("users", user | {"sourcedId": "oppilas/student"})
    keys = [record.key for record in records(read_all(rest(simulator).read())) if record.kind == "role"]
    assert "oppilas%2Fstudent/student/koivu" in keys
    assert [key for key in keys if key.startswith("oppilas/")] == ["oppilas/student/koivu"]
