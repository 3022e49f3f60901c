"""A bundle is named as what it is before anything in it is believed."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings, strategies as st

from connectors.roster.bundle import open_bundle
from connectors.roster.recognition import ONEROSTER, SDS, Format, recognised, tells_roles_of_1_1
from tests.kit.feeds.roster import FILES, FILES_1_1, archive

SDS_1 = ("School.csv", "Section.csv", "Student.csv", "Teacher.csv", "StudentEnrollment.csv", "TeacherRoster.csv")
ROLES, OF_1_1 = "userSourcedId,orgSourcedId,role\n", "sourcedId,enabledUser,orgSourcedIds,role\n"


def found(path: Path, files: dict[str, str]) -> Format | None:
    with open_bundle(archive(path, files)) as bundle:
        return recognised(bundle)


@pytest.mark.parametrize(
    ("files", "told"),
    [
        (FILES, Format(ONEROSTER, "1.2")),
        (FILES_1_1, Format(ONEROSTER, "1.1")),
        ({"manifest.csv": "value,propertyName\n1.1,oneroster.version\n"}, Format(ONEROSTER, "1.1")),
        ({"Manifest.CSV": "oneroster.version;1.0\nnothing else is right"}, Format(ONEROSTER, "1.0")),
        ({**dict.fromkeys(SDS_1, "x\n"), "manifest.csv": "a,b\noneroster.version,1.2\n"}, Format(ONEROSTER, "1.2")),
        (dict.fromkeys(SDS_1, "x\n"), Format(SDS, "1")),
        (dict.fromkeys((name.lower() for name in SDS_1[:3]), "x\n"), Format(SDS, "1")),
        ({"orgs.csv": "", "users.csv": "sourcedId,activeDirectoryMatchId\n", "roles.csv": ""}, Format(SDS, "2.1")),
        ({"Orgs.csv": "x", "Users.csv": "sourcedId\n", "Roles.csv": ROLES}, Format(SDS, "2.1")),
        ({"orgs.csv": "x", "users.csv": "sourcedId\n", "roles.csv": "sourcedId,userSourcedId\n"}, None),
        ({"manifest.csv": "propertyName,value\n"}, None),
        (dict.fromkeys(SDS_1[:2], "x\n"), None),
        ({"hr.csv": "x\n"}, None),
        ({}, None),
    ],
)
def test_a_bundle_is_told_by_its_manifest_and_else_by_its_files(
    files: dict[str, str], told: Format | None, tmp_path: Path
) -> None:
    assert found(tmp_path, files) == told


@pytest.mark.parametrize(
    ("header", "told"), [(OF_1_1, True), (OF_1_1.upper().replace(",", ";"), True), (ROLES, False), ("", False)]
)
def test_roles_of_1_1_are_told_by_the_columns_of_users_csv(header: str, told: bool, tmp_path: Path) -> None:
    with open_bundle(archive(tmp_path, {"users.csv": header})) as bundle:
        assert tells_roles_of_1_1(bundle) is told


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.dictionaries(st.sampled_from(["manifest.csv", "users.csv", "roles.csv", "orgs.csv"]), st.text(max_size=60)))
def test_whatever_stands_in_the_files_a_bundle_is_told_or_is_none(tmp_path: Path, files: dict[str, str]) -> None:
    assert found(tmp_path, {name: text.encode("utf-8", "replace").decode() for name, text in files.items()}) in (
        None,
        *(Format(ONEROSTER, f"{n}.{m}") for n in range(10) for m in range(10)),
        Format(SDS, "2.1"),
    )
