"""The groups of a person as a token names them: by key."""

from __future__ import annotations

from sqlalchemy.orm import Session

from iam.directory.affiliation import Group
from iam.directory.queries import group_keys
from iam.directory.source import Source
from tests.kit.factories import facts

DURING = facts.day("2026-09-15")


def test_groups_of_one_key_from_two_sources_are_named_once(session: Session) -> None:
    school = facts.organisation(session, "KOIVU", entity=True)
    pupil = facts.person(session, "Oppilas")
    for name in ("primus", "wilma"):
        source = Source(
            key=name,
            connector="oneroster",
            owner_id=school,
            settings={},
            matching=None,
            correlate=[],
            zone="Europe/Helsinki",
            priority=1,
            purpose="p",
        )
        session.add(source)
        session.flush()
        group = Group(organisation_id=school, source_id=source.id, record_key="5A", key="5A", kind="class", name="5A")
        session.add(group)
        session.flush()
        facts.membership(session, pupil, group.id)
    facts.membership(session, pupil, facts.group(session, school, "kuoro"))
    assert group_keys(session, pupil, school, DURING) == ["5A", "kuoro"]
