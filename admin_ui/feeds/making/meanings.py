"""What a column can mean, in words: each place of a column matching in which a column stands."""

from __future__ import annotations

from admin_ui.parts import words
from iam.sources.making.choices import Thing
from iam.texts import N_
from iam.web import context

_MEANINGS = {
    "key": N_("Number of the row: of each employment relationship its own"),
    "person.given_names": N_("Given names"),
    "person.call_name": N_("Calling name"),
    "person.family_name": N_("Family name"),
    "person.email": N_("E-mail"),
    "person.phone": N_("Phone"),
    "person.birth_date": N_("Day of birth"),
    "person.login": N_("Username"),
    "person.updated": N_("Updated on"),
    "person.suspended.column": N_("Suspended by the source"),
    "affiliation.organisations.column": N_("Place of work or study"),
    "affiliation.organisations.otherwise": N_("Unit, where there is no place of work"),
    "affiliation.kind.column": N_("Kind of the relation"),
    "affiliation.occupation": N_("Code of the occupation"),
    "affiliation.title": N_("Title"),
    "affiliation.from": N_("First day"),
    "affiliation.to": N_("Last day"),
    "affiliation.substitute_for": N_("Substitutes for"),
    "affiliation.primary.column": N_("Primary"),
    "absence.from": N_("First day of an absence"),
    "absence.to": N_("Last day of an absence"),
    "relationships.from": N_("First day of a relationship"),
    "relationships.to": N_("Last day of a relationship"),
    "organisation_alias.column": N_("Key of the organisation"),
    "organisation_alias.otherwise": N_("Another key of the organisation"),
    "group.name": N_("Name of the group"),
    "group.organisation.column": N_("Organisation of the group"),
    "membership.group": N_("Group"),
    "membership.from": N_("First day of a membership"),
    "membership.to": N_("Last day of a membership"),
}


def meaning(thing: Thing) -> str:
    """Return what a thing is, in the reader's language; one that has no words by its place."""
    if thing.what == "person.key" or thing.what == "identifiers.column":
        return words.word(words.IDENTIFIERS, thing.about)
    if thing.what == "relationships.column":
        both = words.RELATIONSHIPS if thing.about != "manager_of" else {"manager_of": N_("Number of the manager")}
        return words.word(both, thing.about)
    return context.texts().gettext(_MEANINGS[thing.what]) if thing.what in _MEANINGS else thing.what
