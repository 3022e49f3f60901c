"""Sources of claims: what they listen to, and the groups that they put people in, must be there."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from pydantic import ValidationError
from sqlalchemy import select

from connectors import registry
from connectors.contract import ReadsClaims
from iam.apply.comparison.draft import Draft
from iam.apply.declared.place import Where
from iam.directory.affiliation import Group
from iam.directory.organisation import Organisation


def check(draft: Draft) -> None:
    """Check that what sources of claims listen to is there, and the groups that they put people in."""
    found = list(_listeners(draft))
    known = draft.standing("connection").keys() | draft.stated("connection").keys()
    groups = draft.stated("group").keys() | _local_groups(draft, {owner for owner, _, _ in found})
    for owner, connector, where in found:
        if connector.connection not in known:
            draft.wrong(
                where.at("connection"),
                "There is no connection %(key)s.",
                "Check the key, or add the connection first.",
                key=connector.connection,
            )
        for key in sorted(one for one in connector.known if f"{owner}/{one}" not in groups):
            draft.wrong(
                where.at("groups"),
                "There is no group %(key)s in that organisation.",
                "Check the key, or add the group first.",
                key=key,
            )


def _listeners(draft: Draft) -> Iterator[tuple[str, ReadsClaims, Where]]:
    """Yield the stated sources of claims that can be built: owner, connector, and where their settings stand."""
    for one in draft.stated("source").values():
        item, where = one.items[0]
        try:
            type_ = registry.connector(item.connector)
            connector = type_(type_.settings_model.model_validate(one.shape["settings"]))
        except (registry.UnknownConnector, ValidationError):
            continue
        if isinstance(connector, ReadsClaims):
            yield item.owner, connector, where.at("settings")


def _local_groups(draft: Draft, owners: Collection[str]) -> set[str]:
    query = select(Organisation.key, Group.key).join(Group, Group.organisation_id == Organisation.id)
    rows = draft.session.execute(query.where(Organisation.key.in_(owners), Group.source_id.is_(None))) if owners else ()
    return {f"{owner}/{key}" for owner, key in rows}
