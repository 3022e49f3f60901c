"""The tab of facts: what each source says now, from which run, file and line it came, and since when it is known."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from admin_ui.parts import words
from admin_ui.people.guardians import of_child
from admin_ui.people.view import Subject, names
from iam.directory.occupation import called
from iam.directory.pages.history import Version, versions
from iam.texts import N_
from iam.web import context

SECTIONS = (
    ("affiliation", N_("Positions and studies")),
    ("membership", N_("Groups")),
    ("relationship", N_("Relations to other people")),
    ("profile", N_("Name and contact")),
    ("identifier", N_("Numbers and other identifiers")),
    ("hold", N_("Ended access")),
)
PROFILE = {
    "given_names": N_("Given names"),
    "call_name": N_("Calling name"),
    "family_name": N_("Family name"),
    "email": N_("E-mail"),
    "phone": N_("Telephone"),
    "birth_date": N_("Date of birth"),
}


def read(subject: Subject) -> Mapping[str, Any]:
    """Return what the tab shows."""
    texts = context.texts()
    found = versions(context.db(), subject.part, subject.id, closed=False)
    others = names({version.other_id for version in found if version.other_id})
    absences: dict[Any, int] = {}
    for version in found:
        if version.fact == "absence":
            absences[version.row.affiliation_fact_id] = absences.get(version.row.affiliation_fact_id, 0) + 1
    lines = [(version, line(subject, version, others)) for version in found if version.fact != "absence"]
    sections = [
        {
            "key": fact,
            "title": texts.gettext(title),
            "lines": [one | {"absences": absences.get(v.row.fact_id, 0)} for v, one in lines if v.fact == fact],
        }
        for fact, title in SECTIONS
    ]
    return {
        "sections": [section for section in sections if section["lines"]],
        "has_code": any(_is_code(version) for version in found),
        "guardians": of_child(subject),
    }


def line(subject: Subject, version: Version, others: Mapping[Any, str]) -> dict[str, Any]:
    """Return a version as a line: what it says, its days, who said it and where, and when it was written down."""
    row = version.row
    return {
        "says": " · ".join(says(subject, version, others)),
        "other": version.other_id,
        "starts": words.start(row.valid_from),
        "until": words.end(row.valid_to),
        "source": version.source if version.told else None,
        "source_name": version.told_by(context.texts().language) if version.told else None,
        "hidden": version.source is not None and not version.told,
        "run": version.opened.run_id if version.told else None,
        "file": version.file if version.told else None,
        "line": version.line if version.told else None,
        "at": version.opened.at,
    }


def _position(version: Version, language: str) -> str | None:
    """What a position is called, and beside it the title of its own that its source gave it."""
    names, row = version.position_names or {}, version.row
    name = called(names, row.title or row.occupation, language)
    same = not names or not row.title or row.title.casefold() in {str(one).casefold() for one in names.values()}
    return name if same else f"{name} ({row.title})"


def says(subject: Subject, version: Version, others: Mapping[Any, str]) -> Iterable[str]:
    """Return the parts of what a version says, in words; places of a protected person read "protected"."""
    row, texts = version.row, context.texts()
    place = version.organisation.name(texts.language) if version.organisation else None
    if version.fact == "affiliation":
        told = [
            words.word(words.AFFILIATIONS, row.kind),
            _told(version, _position(version, texts.language)),
            _told(version, place),
        ]
        if row.substitute_for:
            told.append(texts.gettext(N_("substitutes number %(number)s")) % {"number": row.substitute_for})
    elif version.fact == "membership" and version.group is not None:
        told = [words.word(words.GROUPS, version.group.kind), _told(version, version.group.name), _told(version, place)]
    elif version.fact == "relationship":
        told = [_relation(subject, version), others.get(version.other_id) or texts.gettext(N_("No name"))]
    elif version.fact == "profile":
        told = [
            f"{texts.gettext(label)}: {text}"
            for name, label in PROFILE.items()
            if (text := _attribute(subject, row, name))
        ]
    elif version.fact == "identifier":
        told = [
            words.word(words.IDENTIFIERS, row.kind),
            texts.gettext(N_("known, not shown here")) if _is_code(version) else row.value,
        ]
    else:
        told = [texts.gettext(N_("Absent")) if version.fact == "absence" else row.reason]
    return [part for part in told if part]


def _told(version: Version, value: str | None) -> str | None:
    """Return what tells a place where it may be told; else it reads so."""
    return _hidden() if value is not None and not version.told else value and str.__str__(value)


def _hidden() -> str:
    return context.texts().gettext(N_("protected"))


def _relation(subject: Subject, version: Version) -> str:
    if version.row.person_id == subject.id:
        return words.word(words.RELATIONSHIPS, version.row.kind)
    return words.word(words.RELATED, version.row.kind)


def _attribute(subject: Subject, row: Any, name: str) -> str | None:
    value = getattr(row, name)
    if name == "phone":
        return subject.told(value)
    if name == "birth_date":
        return f"{value.day}.{value.month}.{value.year}" if value else None
    return value or None


def _is_code(version: Version) -> bool:
    return version.fact == "identifier" and bool(version.row.value is None)
