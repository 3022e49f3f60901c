"""What a declaration that waits changes, in the reader's words: of rules their sentences, of roles what their pages
say; of other kinds the lines of ``iam apply``."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from sqlalchemy.orm import Session

from admin_ui.overview.stated_words import names_of
from admin_ui.rules.role_versions import told as role_told
from iam.access.pages import role_versions
from iam.access.pages.called import groups_anywhere, roles_called
from iam.access.pages.role_versions import RoleSays
from iam.access.rules.pattern import parse
from iam.access.rules.sentence import labels, readable, sentence
from iam.apply.comparison.difference import Difference
from iam.texts import LANGUAGE_NAMES, N_, in_language
from iam.web import context

KIND_WORDS = {
    "organisation": N_("Organisation"),
    "relation": N_("Tie between organisations"),
    "occupation": N_("Name of an occupation"),
    "code list": N_("List of occupations"),
    "source": N_("Source"),
    "opened source": N_("Organisation open to a source"),
    "connection": N_("Sign-in connection"),
    "opened connection": N_("Organisation open to a sign-in connection"),
    "application": N_("Application"),
    "role": N_("Role"),
    "client": N_("Client"),
    "person": N_("Person"),
    "account": N_("Username"),
    "group": N_("Group"),
    "administrator": N_("Administrator"),
    "client grant": N_("Program"),
    "confirmed guardian": N_("Guardian"),
    "agreement template": N_("Template"),
    "agreement": N_("Agreement"),
    "rule": N_("Rule"),
}
"""What each kind of declaration is called."""
Values = Mapping[str, tuple[Any, Any]]
_NEVER = (None, None)


class DifferenceTold(NamedTuple):
    """What differs, as the page says it: of what kind, what it is called, whether it is new, and a line for each
    thing."""

    kind: str
    called: str
    is_new: bool
    lines: Sequence[str]


def in_words(session: Session, some: Sequence[Difference]) -> list[DifferenceTold]:
    """Return differences as a page says them; a fixed number of statements, however many they are."""
    texts, known = context.texts(), names_of(session, {(one.kind, one.key) for one in some})
    lines = {**_rules(session, some), **_roles(session, some)}
    return [
        DifferenceTold(
            texts.gettext(KIND_WORDS[one.kind]),
            known.get((one.kind, one.key)) or _stated_name(one) or one.key,
            one.action == "create",
            lines.get((one.kind, one.key), one.told),
        )
        for one in some
    ]


def _stated_name(one: Difference) -> str:
    """What something is to be called that is not there yet."""
    name = one.values.get("name", _NEVER)[1]
    return in_language(name, context.texts().language) if isinstance(name, Mapping) and name else ""


def _rules(session: Session, some: Sequence[Difference]) -> dict[tuple[str, str], list[str]]:
    rules = [one for one in some if one.kind == "rule"]
    patterns = [pattern for one in rules for pattern in one.values.get("pattern", _NEVER) if pattern is not None]
    names, language = labels(session, readable(patterns)), context.texts().language

    def said(stored: Any) -> str:
        pattern = None if stored is None else parse(stored)[0]
        return "" if pattern is None else sentence(pattern, names, language)

    both = {one.key: [said(stored) for stored in one.values.get("pattern", _NEVER)] for one in rules}
    return {("rule", one.key): list(_of_rule(one.values, *both[one.key])) for one in rules}


def _of_rule(values: Values, before: str, after: str) -> Iterator[str]:
    t = context.texts().gettext
    if before:
        yield t(N_("Said before: %(sentence)s")) % {"sentence": before}
        yield t(N_("Says from now on: %(sentence)s")) % {"sentence": after}
    elif after:
        yield after
    yield from _renamed(*values.get("name", _NEVER))
    if values.get("retired", _NEVER) in ((False, True), (True, False)):
        yield t(N_("It is withdrawn.") if values["retired"][1] else N_("It is taken into use again."))


def _renamed(before: Mapping[str, str] | None, after: Mapping[str, str] | None) -> Iterator[str]:
    """Yield what the name was and will be; nothing for what had none."""
    say = context.texts().gettext(N_("Name (%(language)s): from %(before)s to %(after)s."))
    for language in LANGUAGE_NAMES if before is not None else ():
        old, new = (before or {}).get(language, ""), (after or {}).get(language, "")
        if old != new:
            yield say % {"language": LANGUAGE_NAMES[language], "before": old or "–", "after": new or "–"}


def _roles(session: Session, some: Sequence[Difference]) -> dict[tuple[str, str], list[str]]:
    roles = {one.key: [_says(one, which) for which in (0, 1)] for one in some if one.kind == "role"}
    says, language = [one for pair in roles.values() for one in pair], context.texts().language
    groups = groups_anywhere(session, {use.partition(":")[0] for one in says for use in one.content}, language)
    included = {key for one in says for key in one.includes or ()}
    called = roles_called(session, included) if included else {}
    names = {key: by.get(language, key) for key, by in called.items()}
    retired = {one.key: one.values.get("retired", _NEVER) for one in some if one.kind == "role"}
    return {
        ("role", key): [*role_told(role_versions.altered(*pair), groups, names), *_retired(*retired[key])]
        for key, pair in roles.items()
    }


def _retired(before: bool | None, after: bool | None) -> Iterator[str]:
    out, again = N_("It is taken out of use: nobody has it any more."), N_("It is taken into use again.")
    if bool(before) != bool(after):
        yield context.texts().gettext(out if after else again)


def _says(one: Difference, which: int) -> RoleSays:
    """What a role says before or after, of that alone in which the two differ; of one that is new nothing before."""
    values = {name: pair[which] for name, pair in one.values.items()}
    includes = [f"{one.key.partition(':')[0]}:{other}" for other in values.get("includes") or ()]
    kept = values.get("meaning"), sorted(includes), values.get("sensitive"), values.get("handed_out")
    return RoleSays(0, values.get("name") or {}, values.get("enforcement") or "", values.get("content") or [], *kept)
