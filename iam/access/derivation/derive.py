"""Derivation: rules and facts become assignments, as sets. One person is a set of one.

Flow: every published rule's SELECT fills ``match_`` -> pieces between absences (``absent``) -> the clause gate
(``ceiling``) fills ``wanted`` -> what stands and is not wanted is closed, what is wanted and does not stand is opened
(``settle``); what was granted by hand passes the same gate (``hands``). Working tables are temporary and belong to the
session's connection; the caller owns the transaction.
"""

from __future__ import annotations

from collections.abc import Collection, Hashable, Iterable
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import Insert, Table, insert, literal, select
from sqlalchemy.orm import Session

from iam.access.derivation import absent, ceiling, hands, settle, turns
from iam.access.derivation.relevant import FEW, facts_of, owners_over, places
from iam.access.derivation.working import affected, around, for_many, match_, prepare, wanted
from iam.access.model.rule import PublishedRule, published
from iam.access.rules.compile_sql import COLUMNS, Limits, compile_rule
from iam.access.rules.names import Names
from iam.access.rules.naming import of_rules
from iam.access.rules.pattern import Pattern, parse
from iam.access.rules.resolve import gives, meaning
from iam.change import Change
from iam.database.bulk import analyze

_KEPT = 10_000
"""Rules of which a process remembers how they are matched."""
MANY = 10_000
"""Persons from which on nothing is looked up among what they are to hold."""


@dataclass(frozen=True, slots=True)
class Counts:
    """How many assignments a derivation opened and closed."""

    opened: int
    closed: int


def derive(
    session: Session,
    change: Change,
    *,
    persons: Collection[UUID] | Table | None = None,
    rules: Collection[UUID] | None = None,
    trial: bool = False,
) -> Counts:
    """Bring assignments in line with facts, rules, roles and clauses; return what changed by rule.

    ``persons`` limits whose rights are looked at (ids, or a table with each ``person_id`` once), ``rules`` which rules'
    (rule ids); None means all. Rules that no longer resolve (a withdrawn role), or whose owner may not hand the role
    out, give nothing. Waits for its turn (``turns``), raising ``Conflict`` when that does not come, unless it is a
    ``trial`` that the caller takes back.
    """
    prepare(session)
    limited = persons is not None
    count = _fill_affected(session, persons) if persons is not None else 0
    if not trial:
        turns.of_persons(session, change, count) if limited else turns.of_definitions(session, change)
    if limited:
        _fill_around(session)
    few = limited and count <= FEW
    _fill_matches(session, rules, limited=limited, few=few)
    absent.split(session)
    ceiling.fill_permits(session)
    if not limited or count > MANY:
        for_many(session)
    ceiling.fill_wanted(session)
    if not few:
        analyze(session, wanted)
    closed = settle.close(session, change, limited=limited, rules=rules)
    opened = settle.open_(session, change, limited=limited)
    hands.follow(session, change, limited=limited)
    return Counts(opened, closed)


def _fill_affected(session: Session, persons: Collection[UUID] | Table) -> int:
    """Note whose rights are looked at; return how many persons they are."""
    if isinstance(persons, Table):
        theirs = insert(affected).from_select(["person_id"], select(persons.c.person_id))
        done = session.execute(theirs, execution_options={"preserve_rowcount": True})
        count = int(getattr(done, "rowcount", 0))
    else:
        rows = [{"person_id": person_id} for person_id in set(persons)]
        count = len(rows)
        if rows:
            session.execute(insert(affected), rows)
    analyze(session, affected)
    return count


def _fill_around(session: Session) -> None:
    """Note where those persons are, once it is their turn: before it another may bring a place."""
    session.execute(insert(around).from_select(["organisation_id"], places()))
    analyze(session, around)


def _fill_matches(session: Session, rules: Collection[UUID] | None, *, limited: bool, few: bool) -> None:
    facts = facts_of(session) if few else None
    read = patterns(published(session, rules, owners_over(session, facts) if limited else None))
    names = of_rules(session, [(rule.owner_id, pattern) for rule, pattern in read])
    for rule, pattern in read:
        if not gives(pattern, names, rule.owner_id):
            continue
        if facts is not None and not facts.concern(pattern, rule.owner_id, names):
            continue
        session.execute(_matching(pattern, rule, names, limited))
    # Of a few persons the planner sees that the table is small, and what it has planned before stays planned.
    if not few:
        analyze(session, match_)


_parsed: dict[UUID, Pattern | None] = {}
_compiled: dict[tuple[UUID, bool], tuple[Hashable, Insert]] = {}


def patterns(rules: Iterable[PublishedRule]) -> list[tuple[PublishedRule, Pattern]]:
    """Return rules with their patterns; those that are none any more are left out."""
    return [(rule, pattern) for rule in rules if (pattern := pattern_of(rule)) is not None]


def pattern_of(rule: PublishedRule) -> Pattern | None:
    """Return the pattern of a version, which never changes; None when it is none any more."""
    if rule.version_id not in _parsed:
        if len(_parsed) >= _KEPT:
            _parsed.clear()
        _parsed[rule.version_id] = parse(rule.pattern)[0]
    return _parsed[rule.version_id]


def _matching(pattern: Pattern, rule: PublishedRule, names: Names, limited: bool) -> Insert:
    """The statement that matches a version, made anew only when its owner, or what its names stand for, has changed."""
    means, known = (rule.owner_id, meaning(pattern, names)), _compiled.get((rule.version_id, limited))
    if known is not None and known[0] == means:
        return known[1]
    query = compile_rule(pattern, rule.owner_id, rule.version_id, names, Limits(affected, around) if limited else None)
    made = insert(match_).from_select([*COLUMNS, "piece"], query.add_columns(literal(0)))
    if len(_compiled) >= _KEPT:
        _compiled.clear()
    _compiled[rule.version_id, limited] = means, made
    return made
