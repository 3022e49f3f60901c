"""Rules at /admin/rules: the list, a rule with its versions, and the form that says its sentence and shows its effect
before it holds."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, NamedTuple
from uuid import UUID

import yaml
from flask import Response, request
from sqlalchemy.orm import Session

from admin_ui.parts import frame, lists, paging, words
from admin_ui.parts.frame import blueprint
from admin_ui.parts.lists import Listed
from admin_ui.parts.seen import profiles
from admin_ui.rules import form as rule_form
from iam.access.administration import Part, may_touch
from iam.access.model.rule import RuleVersion
from iam.access.pages import counting, listing
from iam.access.pages.counting import Count
from iam.access.pages.listing import ROLE_KEYS, RULE_KEYS, VERSION_KEYS
from iam.access.rules.handing import offered
from iam.access.rules.names import Labels
from iam.access.rules.pattern import parse
from iam.access.rules.sentence import labels, readable, sentence
from iam.directory.queries import Profile
from iam.plans import rule_proposals
from iam.texts import LANGUAGE_NAMES, N_, in_language
from iam.web import context, guard

PATH = "/admin/rules"
SECTION = "rules"
_AT_LEAST = N_("at least %(n)s")
STATES = {"published": N_("In force"), "withdrawn": N_("Withdrawn"), "draft": N_("Draft"), "replaced": N_("Replaced")}
LOOKS = {"published": "success", "withdrawn": "neutral", "draft": "info"}

frame.section(SECTION, N_("Rules"), PATH, "rules.read", 50)


@dataclass(frozen=True, slots=True)
class RuleLine:
    """A rule as the list shows it; ``name`` is empty where it has none: then its sentence stands."""

    key: str
    name: str
    sentence: str
    owner: str
    state: str
    word: str
    look: str

    @property
    def called(self) -> str:
        """Its name, else its sentence."""
        return self.name or self.sentence or self.key


@blueprint.get("/rules")
@guard.requires("rules.read")
def rules() -> Response:
    """Show a page of the list: all, those with a text in their name or code, or those that give a role."""
    query, role = _wanted(context.db(), guard.part())
    return frame.render(
        "rules/rules.html",
        section=SECTION,
        page=Listed(query, RULE_KEYS, lines).page(),
        text=lists.text(),
        role=role,
        export_url=paging.address(f"{PATH}.csv"),
        templates=templates(),
    )


@blueprint.get("/rules.csv")
@guard.requires("rules.read")
def rules_file() -> Response:
    """Take home the list as filtered."""
    query, role = _wanted(context.db(), guard.part())
    header = (N_("Rule"), N_("What it says"), N_("Owner"), N_("State"), N_("Code"))

    def cells(one: RuleLine) -> tuple[str, ...]:
        return one.name, one.sentence, one.owner, one.word, one.key

    return Listed(query, RULE_KEYS, lines).file("rules", header, cells, {"role": role})


@blueprint.get("/rules/<key>")
@guard.requires("rules.read")
def rule(key: str) -> Response:
    """Show a rule: what it says, what it gives now, and its versions."""
    session, part, texts = context.db(), guard.part(), context.texts()
    found, version, owner = listing.rule_of(session, part, key)
    write = frame.part_of("rules.write")
    return frame.render(
        "rules/rule.html",
        section=SECTION,
        breadcrumb=[(PATH, texts.gettext(N_("Rules")))],
        rule=found,
        version=version,
        owner=owner.name(texts.language),
        line=lines(session, [(found, version, owner)])[0],
        names=[(LANGUAGE_NAMES[one], name) for one, name in (found.name or {}).items() if one in LANGUAGE_NAMES],
        role=listing.role_names(session, [version.role_id])[version.role_id],
        count=counted(counting.of_rule(session, part, found.id)),
        page=_history(found.id, version).page(paging.cursor(20)),
        may_write=bool(write) and may_touch(session, write, found.owner_id),
        waits=rule_proposals.of_rule(session, key),
        in_form=rule_form.from_pattern(key, owner.key, version.pattern) is not None,
        data=yaml.safe_dump(version.pattern, allow_unicode=True, sort_keys=False),
        export_url=f"{PATH}/{key}/versions.csv",
    )


class VersionCells(NamedTuple):
    """A version of a rule as a line of the file shows it."""

    n: int
    state: str
    published: str
    by: str
    sentence: str


@blueprint.get("/rules/<key>/versions.csv")
@guard.requires("rules.read")
def versions_file(key: str) -> Response:
    """Take home the versions of a rule."""
    (found, version, _), texts = listing.rule_of(context.db(), guard.part(), key), context.texts()
    header = N_("Version"), N_("State"), N_("Published"), N_("By"), N_("What it says")

    def cells(one: dict[str, Any]) -> VersionCells:
        return VersionCells(one["n"], one["word"], texts.moment(one["at"]), one["who"], one["sentence"])

    return _history(found.id, version).file("versions", header, cells, {"rule": key})


def _history(rule_id: UUID, newest: RuleVersion) -> Listed[dict[str, Any]]:
    last = newest.n - (newest.state == "draft")
    return Listed(listing.versions(rule_id), VERSION_KEYS, partial(_versions, last), newest_first=True)


def lines(session: Session, rows: Sequence[Any]) -> list[RuleLine]:
    """Return rules as lists show them; two statements, however many they are."""
    names, texts = labels(session, readable(row[1].pattern for row in rows)), context.texts()
    return [
        RuleLine(
            rule.key,
            in_language(rule.name or {}, texts.language),
            said(version.pattern, names),
            owner.name(texts.language),
            version.state,
            words.word(STATES, version.state),
            LOOKS[version.state],
        )
        for rule, version, owner in rows
    ]


def said(pattern: Any, names: Labels) -> str:
    """Return a stored rule as a sentence in the reader's language; empty when it cannot be read."""
    parsed, _ = parse(pattern)
    return sentence(parsed, names, context.texts().language) if parsed is not None else ""


def templates() -> list[tuple[str, str, str]]:
    """Return the rules to begin with: the name in the address, what it is for, and what it says."""
    texts = context.texts()
    told = {
        "teacher": (N_("Teacher"), N_("Employees of a school, while not absent, get a role in their school.")),
        "pupil": (N_("Pupil"), N_("Pupils and students of a school get a role in their school.")),
        "substitute": (
            N_("Day substitute"),
            N_("Substitutes get a role in the school for just the days they substitute."),
        ),
    }
    return [(key, texts.gettext(name), texts.gettext(text)) for key, (name, text) in told.items()]


def role_options(session: Session, part: Part) -> list[tuple[str, str]]:
    """Return the roles that concern the part: (application:role, as people say it)."""
    return _options(session, listing.roles(part))


def offered_roles(session: Session, part: Part) -> list[tuple[str, str]]:
    """Return the roles among them that an organisation of the part may hand out, by a rule or by hand."""
    return _options(session, listing.roles(part).where(offered(part)))


def shown_roles(session: Session, part: Part) -> tuple[list[tuple[str, str]], list[tuple[str, str]]]:
    """Return what ``role_options`` and ``offered_roles`` return; one statement."""
    flagged = listing.roles(part).add_columns(offered(part).label("offered"))
    rows = session.execute(flagged.order_by(*ROLE_KEYS)).all()
    return _said(row[:3] for row in rows), _said(row[:3] for row in rows if row.offered)


def _options(session: Session, query: Any) -> list[tuple[str, str]]:
    return _said(session.execute(query.order_by(*ROLE_KEYS)))


def _said(rows: Iterable[Any]) -> list[tuple[str, str]]:
    language = context.texts().language
    return [
        (f"{app.key}:{role.key}", listing.RoleName(app.key, app.name, role.key, version.name).said(language))
        for role, app, version in rows
        if not (role.retired or app.retired)
    ]


def _versions(last: int, session: Session, rows: Sequence[Any]) -> list[dict[str, Any]]:
    names = labels(session, readable(version.pattern for version, _ in rows))
    shown = profiles(session, {row[0].published_by for row in rows if row[0].published_by})
    return [
        {
            "n": version.n,
            "word": words.word(STATES, "replaced" if _is_replaced(version, last) else version.state),
            "look": LOOKS[version.state],
            "at": change.at,
            "who": shown.get(version.published_by, Profile()).display_name or "–",
            "sentence": said(version.pattern, names),
        }
        for version, change in rows
    ]


def _is_replaced(version: RuleVersion, last: int) -> bool:
    """Whether another version came in its place; the last one before a rule is given up was withdrawn."""
    return version.state == "withdrawn" and version.n < last


def _wanted(session: Session, part: Part) -> tuple[Any, str]:
    """Return the query the address asks for, and the role it names (empty: none). An unknown role gives an empty
    list."""
    role = request.args.get("role", "")[: lists.LONGEST].replace("\x00", "")
    if ":" not in role:
        return listing.rules(part, text=lists.text()), ""
    application, _, key = role.partition(":")
    return listing.rules(part, text=lists.text(), role_id=listing.role_of(session, part, application, key)[0].id), role


def counted(count: Count) -> str:
    """Return a number of people as pages say it."""
    return context.texts().gettext(_AT_LEAST) % {"n": count.n} if count.more else str(count.n)
