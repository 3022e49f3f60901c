"""Objects to items: records, what is rejected and why, what is to be deleted, and that a user's roles are all told."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from hashlib import sha256

from connectors.contract import Item
from connectors.csv_inspection import inspect, readable_key
from connectors.oneroster.rest.objects import BY_KIND, Object, Unreadable, role_prefix, role_rows, row
from connectors.problem import Problem
from connectors.records import Deleted, Record, Rejected, Whole, digest_of
from connectors.roster.checks import lost_reference, no_word, spell

TO_BE_DELETED = "tobedeleted"
Known = Mapping[str, set[str]]
"""Which sourcedIds stay, by the name of the collection; one that is not there is not asked."""


class Tally:
    """Counts what is handed on, for the evidence; ``deleted`` are kind and key of what is gone and when it was
    marked."""

    def __init__(self) -> None:
        self._digest = sha256()
        self.rows = 0
        self.deleted: dict[tuple[str, str], str] = {}

    def count(self, items: Iterable[Item]) -> Iterator[Item]:
        """Hand the items on."""
        for item in items:
            self.rows += isinstance(item, Record | Rejected)
            content = item.digest.hex() if isinstance(item, Record) else type(item).__name__
            key = item.prefix if isinstance(item, Whole) else str(item.key)
            self._digest.update(f"{item.kind}\x1f{key}\x1f{content}\n".encode("utf-8", "surrogatepass"))
            yield item

    @property
    def digest(self) -> str:
        """Hexadecimal SHA-256 of everything that was handed on."""
        return self._digest.hexdigest()


def is_gone(one: Object) -> bool:
    """Whether the object is to be deleted."""
    return str(one.get("status") or "").strip().lower() == TO_BE_DELETED


def marked(one: Object) -> str:
    """Return when the object was changed last, as the server writes it."""
    return str(one.get("dateLastModified") or "")


def item_of(kind: str, one: Object, known: Known) -> Record | Rejected | Deleted:
    """Return an object of a collection as an item."""
    file, key = BY_KIND[kind], one.get("sourcedId")
    if not isinstance(key, str) or not key:
        return Rejected(
            kind, None, Problem("The row has no sourcedId.", "Give every row one.", file.name, field="sourcedId")
        )
    if is_gone(one):
        return Deleted(kind, key)
    if str(one.get("status") or "active").strip().lower() != "active":
        wrong = Problem("The status is neither active nor tobedeleted.", "Use one of them.", file.name, field="status")
        return Rejected(kind, key, wrong)
    try:
        fields = row(kind, one)
    except Unreadable as error:
        return Rejected(kind, key, _unreadable(file.name, error.field))
    return _checked(kind, fields, known)


def role_items(user: str, one: Object, known: Known, *, whole: bool) -> Iterator[Item]:
    """Yield the roles of a user; ``whole`` says that those which are not told any more are gone."""
    try:
        rows = [] if is_gone(one) else role_rows(user, one)
    except Unreadable as error:
        yield Rejected("role", None, _unreadable("users", error.field))
        return
    yield from (_checked("role", fields, known) for fields in rows)
    if whole or is_gone(one):
        yield Whole("role", role_prefix(user))


def _checked(kind: str, fields: dict[str, str], known: Known) -> Record | Rejected:
    file, columns = BY_KIND[kind], tuple(fields)
    place = "users" if kind == "role" else file.name
    problem = inspect([*fields.values()], columns, None, place, None, ("sourcedId",))
    if problem is not None:
        return Rejected(kind, readable_key(fields["sourcedId"], "sourcedId", problem), problem)
    words = spell(file, fields)
    if words is not None:
        return Rejected(kind, fields["sourcedId"], no_word(words, "OneRoster 1.2", place))
    reference = lost_reference(file, fields, known)
    if reference is not None:
        return Rejected(kind, fields["sourcedId"], _lost(place, reference.column, reference.file))
    return Record(kind, fields["sourcedId"], fields, digest_of(fields.values()))


def _unreadable(place: str, field: str) -> Problem:
    return Problem("The value is not as OneRoster 1.2 has it.", "Correct it in the sending system.", place, field=field)


def _lost(place: str, field: str, target: str) -> Problem:
    return Problem(
        "The field names an object that %(target)s does not have, or that is to be deleted.",
        "Correct it in the sending system.",
        place,
        field=field,
        params={"target": target},
    )
