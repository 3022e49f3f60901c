"""What two versions of a rule say otherwise, in the words of their sentences: pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import zip_longest
from typing import NamedTuple

from iam.access.rules.names import Labels
from iam.access.rules.pattern import Bound, Pattern
from iam.access.rules.sentence import fact_words, scope_words
from iam.texts import N_, Texts


class Altered(NamedTuple):
    """What is said otherwise: of what, only before, and only after."""

    what: str
    before: Sequence[str]
    after: Sequence[str]


def differences(before: Pattern, after: Pattern, names: Labels, language: str) -> list[Altered]:
    """Return what two patterns say otherwise in ``language``; empty where their words are the same."""
    t = Texts(language)
    pairs = zip_longest(before.bound, after.bound)
    who = (_altered(N_("Who"), _said(one, names, t), _said(other, names, t), t) for one, other in pairs)
    rest = (_altered(what, _rest(before, names, t)[what], _rest(after, names, t)[what], t) for what in _REST)
    return [one for one in (*who, *rest) if one.before or one.after]


_ABSENT, _RELATED, _ROLE, _WHERE = _REST = (
    N_("While absent"),
    N_("A relationship"),
    N_("Role"),
    N_("Where"),
)
"""What is said of a rule beside whom it is about."""


def _rest(pattern: Pattern, names: Labels, t: Texts) -> dict[str, list[str]]:
    return {
        _ABSENT: [t.gettext(N_("the role rests") if pattern.absence_of else N_("the role stays"))],
        _RELATED: [t.gettext(N_("is asked for at use") if pattern.needs_relationship else N_("is not asked for"))],
        _ROLE: [names.roles.get(pattern.role, {}).get(t.language, pattern.role)],
        _WHERE: [scope_words(pattern, names, t)],
    }


def _said(item: Bound | None, names: Labels, t: Texts) -> list[str]:
    return [] if item is None else list(_of_fact(item, names, t))


def _of_fact(item: Bound, names: Labels, t: Texts) -> Iterator[str]:
    yield fact_words(item, t)
    yield from (text for condition in item.conditions for text in condition.words(names, t) if text)


def _altered(what: str, before: Iterable[str], after: Iterable[str], t: Texts) -> Altered:
    told, now = list(before), list(after)
    return Altered(t.gettext(what), [one for one in told if one not in now], [one for one in now if one not in told])
