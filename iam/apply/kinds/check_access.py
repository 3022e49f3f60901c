"""Checks code lists, applications, roles, clients, agreements and rules, and completes their shapes."""

from __future__ import annotations

from iam.access.commands.catalogue import Circular, closure, reduction
from iam.apply.comparison.draft import Draft
from iam.apply.declared.declaration import Stated
from iam.apply.declared.place import Where
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
        stated = {name: value for name, value in one.shape.items() if name in Registration.__dataclass_fields__}
        proves = given or (item.auth in SECRET_METHODS and bool(standing and standing["secret"]))
        for problem in problems(Registration(**stated, has_secret=proves)):
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
