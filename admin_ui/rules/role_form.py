"""The form of a role: its fields as they were sent, a role as its fields, and the role that the fields say. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from werkzeug.datastructures import MultiDict

from connectors.problem import Problem
from iam.access.model.role import ENFORCEMENTS, HANDED_OUT
from iam.texts import LANGUAGES, N_

USUAL_OPERATIONS = ("read", "write")
"""Operations that are offered of every data group, beside those that the application's roles have."""
_LONGEST, _MOST = 400, 1000
_KEY = re.compile(r"^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$")
_RIGHT = re.compile(r"^[^\s:@]{1,100}:[^\s:@]{1,100}$")
_FIELDS = {"key": "key", "name": "name_fi", "includes": "includes", "content": "more", "enforcement": "enforcement"}
_OF_TEXTS = ("name_", "meaning_")
"""Beside which field what is wrong with a role as it is declared is told."""


@dataclass(frozen=True, slots=True)
class RoleForm:
    """The fields. ``content`` are ticked data group:operation, ``more`` those that were written, ``names`` and
    ``meaning`` by language."""

    key: str = ""
    names: Mapping[str, str] = field(default_factory=dict)
    meaning: Mapping[str, str] = field(default_factory=dict)
    enforcement: str = "by token"
    content: Sequence[str] = ()
    more: Sequence[str] = ()
    includes: Sequence[str] = ()
    handed_out: str = "enabled"
    sensitive: bool = False
    retired: bool = False

    @property
    def held(self) -> list[str]:
        """The whole content: what is ticked, and what is written."""
        return sorted({*self.content, *self.more})


def read(form: MultiDict[str, str]) -> RoleForm:
    """Return the fields as they were sent; what is too long is cut, what is unknown is the usual."""
    return RoleForm(
        key=form.get("key", "").strip()[:_LONGEST],
        names={one: " ".join(form.get(f"name_{one}", "").split())[:_LONGEST] for one in LANGUAGES},
        meaning={one: " ".join(form.get(f"meaning_{one}", "").split())[:_LONGEST] for one in LANGUAGES},
        enforcement=_known(form.get("enforcement", ""), ENFORCEMENTS, "by token"),
        content=tuple(form.getlist("content")[:_MOST]),
        more=tuple(dict.fromkeys(form.get("more", "")[: 20 * _MOST].split()))[:_MOST],
        includes=tuple(form.getlist("includes")[:_MOST]),
        handed_out=_known(form.get("handed_out", ""), HANDED_OUT, "enabled"),
        sensitive="sensitive" in form,
        retired="retired" in form,
    )


def _known(value: str, known: Sequence[str], usual: str) -> str:
    return value if value in known else usual


def of_row(row: Mapping[str, Any]) -> RoleForm:
    """Return a role as a declaration states it as fields."""
    return RoleForm(
        key=row["key"],
        names=dict(row["name"]),
        meaning=dict(row.get("meaning") or {}),
        enforcement=row["enforcement"],
        content=tuple(row.get("content", ())),
        includes=tuple(row.get("includes", ())),
        handed_out=row.get("handed_out") or "enabled",
        sensitive=bool(row.get("sensitive")),
        retired=bool(row.get("retired")),
    )


def row(form: RoleForm) -> dict[str, Any]:
    """Return the role that the fields say, as a declaration states it; a missing name is the Finnish one."""
    return {
        "key": form.key,
        "name": {one: form.names.get(one) or form.names.get("fi", "") for one in LANGUAGES},
        "meaning": in_every_language(form.meaning),
        "enforcement": form.enforcement,
        "content": form.held,
        "includes": sorted(form.includes),
        "sensitive": form.sensitive,
        "handed_out": form.handed_out,
        "retired": form.retired,
    }


def in_every_language(texts: Mapping[str, str]) -> dict[str, str] | None:
    """Return a text in every language, the Finnish one where it is missing; None where there is no Finnish one."""
    return {one: texts.get(one) or texts["fi"] for one in LANGUAGES} if texts.get("fi") else None


def problems(form: RoleForm, known: Sequence[str], *, new: bool) -> Iterator[Problem]:
    """Yield what the fields themselves leave open; ``known`` are the codes of the application's other roles."""
    if new and not _KEY.match(form.key):
        yield Problem(
            N_("The role needs a code."),
            N_("Use letters a to z, numbers and hyphens, as the application knows the role."),
            field="key",
        )
    elif new and form.key in known:
        yield Problem(N_("There is a role of that code already."), N_("Choose another code."), field="key")
    if not form.names.get("fi"):
        yield Problem(N_("The role needs a name in Finnish."), field="name_fi")
    if any(form.meaning.values()) and not form.meaning.get("fi"):
        yield Problem(N_("What it means is told in Finnish at least."), field="meaning_fi")
    wrong = [one for one in form.more if not _RIGHT.match(one)]
    if wrong:
        yield Problem(
            N_("This is no data group and operation: %(text)s."),
            N_("Write them as in oppilaat:read, each on a line of its own."),
            field="more",
            params={"text": wrong[0]},
        )
    if not set(form.includes) <= set(known) - {form.key}:
        yield Problem(N_("There is no such role in this application."), N_("Choose again."), field="includes")


def field_of(problem: Problem) -> str | None:
    """Return the field that a problem stands beside; None where it is of none."""
    place = problem.field or ""
    last = re.sub(r"\[\d+\]", "", place).rpartition("roles.")[2].partition(".")[0]
    return place if place == "more" or place.startswith(_OF_TEXTS) else _FIELDS.get(last)


def offered(
    form: RoleForm, held: Sequence[str], named: Sequence[str] = ()
) -> tuple[list[tuple[str, list[str]]], RoleForm]:
    """Return each known data group with the operations to tick, and the form with what it wrote of them ticked.

    ``held`` is what the application's roles hold; ``named`` are data groups that have a name, held by a role or not.
    """
    rights = {one for one in (*held, *form.held) if _RIGHT.match(one)}
    operations = sorted({*USUAL_OPERATIONS, *(one.partition(":")[2] for one in rights)})
    groups = [(group, operations) for group in sorted({*named, *(one.partition(":")[0] for one in rights)})]
    return groups, replace(
        form, content=tuple(one for one in form.held if one in rights), more=[m for m in form.more if m not in rights]
    )
