"""Checks code lists, applications, roles, clients, agreements and rules, and completes their shapes."""

from __future__ import annotations

from dataclasses import replace
from uuid import UUID

from iam.access.commands.catalogue import Circular, closure, reduction
from iam.access.rules import resolve
from iam.access.rules.handing import Handing
from iam.access.rules.names import Names
from iam.access.rules.pattern import parse
from iam.apply.comparison.draft import Draft
from iam.apply.declared.declaration import Stated, empty_interval
from iam.apply.declared.place import Where
from iam.apply.declared.shapes import interval
from iam.apply.schema.agreements import Agreement, Clause
from iam.database.types import uuid7
from iam.lifecycle.organisations.tree import Place, ever_under, settle
from iam.oidc.clients import write as registration
from iam.oidc.clients.registered import ADMIN
from iam.oidc.clients.rules import SECRET_METHODS, Registration, problems
from iam.tokens import secret as secrets


def applications(draft: Draft) -> None:
    """Check the organisations that applications name."""
    for one in draft.stated("application").values():
        item, where = one.items[0]
        draft.organisation(item.owner, where.at("owner"))
        for key in item.enabled:
            draft.organisation(key, where.at("enabled"))


def code_lists(draft: Draft) -> None:
    """Check the owners of code lists; without one a list keeps its own, and a new one gets the root where there is only
    one."""
    roots = [key for key, id_ in draft.organisations.items() if id_ in draft.tree and _is_root(draft.tree[id_])]
    for key, one in draft.stated("code list").items():
        item, where = one.items[0]
        if item.owner is not None:
            draft.organisation(item.owner, where.at("owner"))
            continue
        standing = draft.standing("code list").get(key)
        one.shape["owner"] = standing["owner"] if standing else roots[0] if len(roots) == 1 else None
        if one.shape["owner"] is None and "organisations" not in draft.declaration.broken:
            draft.wrong(
                where.at("owner"),
                "The owner is missing.",
                "State the organisation whose rules, and those under it, use this list.",
            )


def _is_root(places: list[Place]) -> bool:
    return any(place.parent_id is None for place in places)


def roles(draft: Draft) -> None:
    """Check that included roles exist and include one another in no circle; the shapes then hold all that is included.

    Where it is not stated who hands a role out, it stays as it is, unless the role becomes sensitive, or includes one
    that is, or ceases to.
    """
    stated = draft.stated("role")
    if not stated:
        return
    standing = {key: _qualified(key, shape["includes"]) for key, shape in draft.standing("role").items()}
    direct = reduction(standing) | {key: _qualified(key, one.shape["includes"]) for key, one in stated.items()}
    for key, one in stated.items():
        for other in sorted(direct[key] - direct.keys()):
            draft.wrong(
                one.where.at("includes"),
                "There is no role %(role)s.",
                "Add it to this application, or remove it here.",
                role=other,
            )
    try:
        draft.role_closure = closure(direct)
    except Circular as circle:
        where = (stated.get(str(circle.key)) or next(iter(stated.values()))).where
        draft.wrong(where.at("includes"), "Roles include one another in a circle.", "Remove one of the inclusions.")
        return
    for key, one in stated.items():
        one.shape["includes"] = sorted(other.partition(":")[2] for other in draft.role_closure[key] - {key})
        if one.shape["handed_out"] is None:
            one.shape["handed_out"] = _handed_out(draft, key)


def _handed_out(draft: Draft, key: str) -> str:
    stated, standing = draft.stated("role"), draft.standing("role")

    def sensitive(name: str) -> bool:
        one = stated[name].shape if name in stated else standing.get(name, {"sensitive": False})
        return bool(one["sensitive"])

    guarded, before = any(map(sensitive, draft.role_closure[key])), standing.get(key)
    if before is not None:
        included = {key, *(f"{key.partition(':')[0]}:{other}" for other in before["includes"])}
        if guarded == any(standing[name]["sensitive"] for name in included if name in standing):
            return str(before["handed_out"])
    return "owner" if guarded else "enabled"


def _qualified(key: str, includes: list[str]) -> frozenset[str]:
    application = key.partition(":")[0]
    return frozenset(f"{application}:{other}" for other in includes)


def clients(draft: Draft) -> None:
    """Check registrations, and take their secrets as hashes."""
    for client_id, one in draft.stated("client").items():
        item, where = one.items[0]
        standing = draft.standing("client").get(client_id)
        if client_id == ADMIN or (standing and standing["application"] != one.shape["application"]):
            draft.wrong(
                where.at("client_id"), "This client belongs to another application.", "Choose another client_id."
            )
        secret = draft.secret(item, "secret", where)
        if secret is not None:
            _secret(draft, one, secret, where)
        given = item.secret is not None or item.secret_file is not None
        proves = given or (item.auth in SECRET_METHODS and bool(draft.state.secrets.get(client_id)))
        for problem in problems(Registration.of(one.shape, proves)):
            draft.wrong(where.at(problem.field or ""), problem.message, problem.remedy, **problem.params)


def _secret(draft: Draft, one: Stated, secret: str, where: Where) -> None:
    if len(secret) < registration.LEAST_SECRET or len(set(secret)) < 10:
        draft.wrong(
            where.at("secret"),
            "This secret is too easy to guess.",
            "Use at least %(least)s random characters.",
            least=registration.LEAST_SECRET,
        )
    one.shape["secret"] = {secrets.hash_of(secret)}


def agreements(draft: Draft) -> None:
    """Check parties, clauses and scopes; a scope must lie in the grantor's own part of the tree."""
    stated = draft.stated("agreement")
    if not stated:
        return
    standing, _ = settle(draft.tree)
    belongs = {(place.organisation_id, place.legal_entity_id) for place in standing}
    for one in stated.values():
        item, where = one.items[0]
        draft.problems += empty_interval(one.shape["in_force"], where.at("in_force"))
        _parties(draft, item, belongs, where)
        for place, clause in enumerate(item.clauses):
            _clause(draft, clause, {party.entity for party in item.parties}, belongs, where.at("clauses", place))


def _parties(draft: Draft, item: Agreement, belongs: set[tuple[UUID, UUID]], where: Where) -> None:
    named: set[str] = set()
    for place, party in enumerate(item.parties):
        here = where.at("parties", place, "entity")
        id_ = draft.organisation(party.entity, here)
        if id_ is not None and id_ in draft.tree and (id_, id_) not in belongs:
            draft.wrong(
                here,
                "%(key)s is no legal entity.",
                "Name the municipality, county or company it belongs to.",
                key=party.entity,
            )
        if party.entity in named:
            draft.wrong(here, "This party is named twice.", "Name it once.")
        named.add(party.entity)


def _clause(draft: Draft, clause: Clause, parties: set[str], belongs: set[tuple[UUID, UUID]], where: Where) -> None:
    draft.problems += empty_interval(interval(clause), where)
    for side in ("grantor", "grantee"):
        if getattr(clause, side) not in parties:
            draft.wrong(
                where.at(side), "This is no party of the agreement.", "Name one of its parties, or add it to them."
            )
    if clause.grantor == clause.grantee:
        draft.wrong(where.at("grantee"), "This clause gives a party what it has.", "Name another grantee.")
    scope_id, grantor_id = (
        draft.organisation(clause.scope.organisation, where.at("scope", "organisation")),
        draft.organisations.get(clause.grantor),
    )
    if (
        scope_id is not None
        and grantor_id is not None
        and scope_id in draft.tree
        and (scope_id, grantor_id) not in belongs
    ):
        draft.wrong(
            where.at("scope", "organisation"),
            "%(scope)s does not belong to %(grantor)s.",
            "A party can open only its own organisations.",
            scope=clause.scope.organisation,
            grantor=clause.grantor,
        )


def rules(draft: Draft) -> None:
    """Check every pattern against everything that stands or is stated."""
    stated = draft.stated("rule")
    if not stated:
        return
    names = _names(draft)
    for key, one in stated.items():
        item, where = one.items[0]
        standing = draft.standing("rule").get(key)
        if standing and standing["owner"] != item.owner:
            draft.wrong(
                where.at("owner"),
                "This rule belongs to another organisation.",
                "Retire it, and state one with another key.",
            )
        if draft.organisation(item.owner, where.at("owner")) is None or item.retired:
            continue
        _, problems = resolve.check(item.pattern, item.owner, names)
        # What is named in an item that could not be read would only seem to be missing.
        unsure = draft.declaration.broken and parse(item.pattern)[0] is not None
        for problem in () if unsure else problems:
            draft.wrong(where.at(*(problem.field or "").split(".")), problem.message, problem.remedy, **problem.params)


def _names(draft: Draft) -> Names:
    """Return what rules can name once the declaration is applied."""
    names = resolve.load(draft.session)
    gone = {key for key, one in draft.stated("role").items() if one.shape["retired"]}
    shut = {key for key, one in draft.stated("application").items() if one.shape["retired"]}
    roles = dict(names.roles) | {key: (uuid7(), uuid7()) for key in draft.stated("role")}
    lists = dict(names.lists) | {key: frozenset(one.shape["codes"]) for key, one in draft.stated("code list").items()}
    groups = dict(names.groups)
    for one in draft.stated("group").values():
        item, _ = one.items[0]
        groups[(draft.organisations.get(item.organisation, uuid7()), item.key)] = uuid7()
    standing, _ = settle(draft.tree)
    entities = resolve.together((place.organisation_id, place.legal_entity_id) for place in standing)
    ids = draft.organisations
    owners = {
        key: ids[one.shape["owner"]] for key, one in draft.stated("code list").items() if one.shape["owner"] in ids
    }
    return replace(
        names,
        organisations=ids,
        under=ever_under(draft.tree),
        lists=lists,
        groups=groups,
        entities=entities,
        covers=_covers(draft, names),
        list_owners=dict(names.list_owners) | owners,
        handing=_handing(draft),
        roles={key: ids for key, ids in roles.items() if key not in gone and key.partition(":")[0] not in shut},
    )


def _covers(draft: Draft, names: Names) -> dict[UUID, frozenset[UUID]]:
    """Return what areas cover once the declaration is applied."""
    found = [(area, one) for area, others in names.covers.items() for one in others]
    for one in draft.stated("relation").values():
        item, _ = one.items[0]
        if item.kind == "covers" and {item.organisation, item.other} <= draft.organisations.keys():
            found.append((draft.organisations[item.organisation], draft.organisations[item.other]))
    return resolve.together(found)


def _handing(draft: Draft) -> dict[str, Handing]:
    """Return who may hand each role out once the declaration is applied."""
    ids, found = draft.organisations, {}
    shapes = {kind: draft.overlaid(kind) for kind in ("application", "role")}
    for key, role in shapes["role"].items():
        of = shapes["application"].get(key.partition(":")[0])
        if of is not None and of["owner"] in ids:
            enabled = frozenset(ids[other] for other in of["enabled"] if other in ids)
            found[key] = Handing(role["handed_out"], ids[of["owner"]], enabled)
    return found
