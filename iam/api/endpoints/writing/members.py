"""People are put into a local group at ``/api/v1/groups/ID/members``, and taken out."""

from __future__ import annotations

from collections.abc import Collection
from uuid import UUID

from flask import Response

from connectors.problem import Problem
from iam.api.endpoints.answering import answers, blueprint
from iam.api.endpoints.rights import FRESH
from iam.api.endpoints.writing.stated import declared
from iam.api.reading import groups as read
from iam.api.shapes.stated import MembersChanged, Outcome, PreviewQuery
from iam.apply.comparison import people
from iam.apply.on_pages import group_stating
from iam.apply.on_pages.group_stating import StatedGroup, names_in
from iam.directory.affiliation import Group
from iam.directory.pages.local_groups import group_name
from iam.errors import Invalid
from iam.web import context, guard


@blueprint.post("/groups/<uuid:group_id>/members")
@answers(Outcome, writes=True, waits=True)
@blueprint.input(PreviewQuery, location="query")
@blueprint.input(MembersChanged)
@FRESH
@guard.requires("persons.write")
def change_members(group_id: UUID, query_data: PreviewQuery, json_data: MembersChanged) -> Response:
    """Put people into a local group, and take people out."""
    session = context.db()
    group, place = read.group_of(session, guard.part(), group_id)
    gone, new = _known(group, "remove", json_data.remove), people.names(session, _known(group, "add", json_data.add))
    if new.keys() != set(json_data.add):
        message = "Somebody of these has neither a username nor a number that a source told."
        raise Invalid(Problem(message, "Leave them out.", field="add"))
    if context.actor().person_id in new:
        raise Invalid(Problem("Nobody puts themselves into a group.", "Ask another administrator.", field="add"))
    members = {name for id_, name in (names_in(session, group_id) | new).items() if id_ not in gone}
    stated = StatedGroup(place.key, group.key, group_name(group), members)
    actor, vault, consortium = context.actor(), context.vault(), context.settings().consortium
    return declared(
        stated.stating(),
        lambda: group_stating.state(session, stated, actor, vault, consortium=consortium),
        preview=query_data.preview,
    )


def _known(group: Group, field: str, ids: Collection[UUID]) -> Collection[UUID]:
    """Return persons who are in the part; raises ``Invalid`` where one is not."""
    found = read.told_of(context.db(), guard.part(), group, ids)
    if set(ids) - set(found):
        raise Invalid(Problem("Somebody of these is outside your part.", "Leave them out.", field=field))
    return found
