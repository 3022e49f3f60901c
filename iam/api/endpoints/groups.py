"""Local groups at ``/api/v1/groups``: the list."""

from __future__ import annotations

from flask import Response

from iam.api.endpoints.answering import answers, blueprint, page
from iam.api.reading import groups as read
from iam.api.reading.groups import GROUP_KEYS
from iam.api.shapes.base import PlaceInList
from iam.api.shapes.groups import GroupPage
from iam.directory.pages.local_groups import local_groups
from iam.web import guard


@blueprint.get("/groups")
@answers(GroupPage)
@blueprint.input(PlaceInList, location="query")
@guard.requires("persons.write")
def groups(query_data: PlaceInList) -> Response:
    """List the local groups of the caller's part."""
    query = local_groups(guard.part())
    return page(query, GROUP_KEYS, query_data, lambda rows: [read.told(row) for row in rows])
