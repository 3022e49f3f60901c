"""The form of a rule at /admin/rules/new and /admin/rules/KEY/edit: preview, try on a person, look at the effect,
publish."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from flask import Response, request
from sqlalchemy import or_, select
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as AnyResponse

from admin_ui.parts import frame, words
from admin_ui.parts.frame import blueprint
from admin_ui.people import effects as effects_view
from admin_ui.rules import form as rule_form
from admin_ui.rules.form import RuleForm
from admin_ui.rules.pages import PATH, SECTION, offered_roles, role_options, templates
from admin_ui.rules.trial import Trial, day, trial
from connectors.problem import Problem
from iam.access.administration import Part, may_touch
from iam.access.commands.catalogue import copy_code_list
from iam.access.commands.publish import preview
from iam.access.derivation.crossing import crossings, words as crossing_words
from iam.access.model.rule import Rule
from iam.access.pages import code_lists, listing
from iam.access.pages.called import rule_called
from iam.access.pages.code_lists import HeldOccupation
from iam.access.rules.naming import load
from iam.access.rules.pattern import Pattern, parse
from iam.access.rules.resolve import check
from iam.access.rules.sentence import labels, sentence
from iam.directory.organisation import Organisation
from iam.directory.pages import listing as people
from iam.errors import Invalid, NotFound
from iam.oidc.naming import free, key_from
from iam.plans import rule_proposals
from iam.texts import LANGUAGE_NAMES, LANGUAGES, N_
from iam.web import context, guard

OFFERED = 300
"""So many organisations are offered while writing a name; any other may be written by its name."""
OCCUPATIONS = 40
"""So many occupations are offered at once; others are found by a search."""
SHOWN_PLACES = 50
PUBLISH = "publish"
"""The act of the form that changes what people may do."""
FIND = "find"
"""The act that offers other occupations."""
COPY = "copy"
"""The act that makes the chosen list of codes the owner's own."""
RELATED_WORDS = {
    "manager_of": N_("somebody's manager"),
    "sponsor_of": N_("responsible for somebody"),
    "guardian_of": N_("somebody's guardian"),
}
"""What whoever has a position may be asked to be besides."""
_WRITTEN = "role"
"""The field that is in the address when the form was written before."""
_NAMED = re.compile(r" \(([^()]+)\)$")
"""The key behind a name that several organisations have."""


@dataclass
class Answer:
    """What the page says back: errors by field, the sentence, which agreement allows what reaches into another body,
    the effect, and a trial on a person."""

    errors: dict[str, str] = field(default_factory=dict)
    sentence: str = ""
    reaching: list[str] = field(default_factory=list)
    effect: effects_view.View | None = None
    seen: str = ""
    unseen: bool = False
    copied: str = ""
    trial: Trial = field(default_factory=Trial)


@blueprint.get("/rules/new")
@guard.requires("rules.write")
def new_rule() -> Response:
    """Show the empty form, one of the rules to begin with, or what was written before a fresh proof was asked."""
    if _WRITTEN in request.args:
        return _shown_again(rule_form.read(request.args), None)
    form = rule_form.TEMPLATES.get(request.args.get("template", ""), RuleForm())
    if request.args.get("fact") in rule_form.FACTS:
        form = replace(form, fact=request.args["fact"])
    part = guard.part()
    lists = listing.code_lists(context.db(), part)
    if request.args.get("template") == "teacher" and "opettajat" in lists:
        form = form.filled({"code_list": "opettajat"})
    return _page(replace(form, owner=_only_owner(context.db(), part)), Answer(), None)


def _as_written() -> str:
    """Return the address of the form with everything that was written in it: a fresh proof asked at the end loses
    nothing."""
    return f"{request.path}?{rule_form.query(rule_form.read(request.form))}"


@blueprint.post("/rules/new")
@guard.requires("rules.write")
@guard.recent(_as_written, act=PUBLISH)
def write_new_rule() -> AnyResponse:
    """Answer the form of a new rule."""
    return _answer(None)


@blueprint.get("/rules/<key>/edit")
@guard.requires("rules.write")
def edit_rule(key: str) -> Response:
    """Show a rule in the form, or what was written over it before a fresh proof was asked."""
    form = _standing(key)
    if _WRITTEN in request.args:
        return _shown_again(replace(rule_form.read(request.args), key=key, owner=form.owner), key)
    return _page(form, Answer(sentence=_sentence(context.db(), form)), key)


@blueprint.post("/rules/<key>/edit")
@guard.requires("rules.write")
@guard.recent(_as_written, act=PUBLISH)
def write_rule(key: str) -> AnyResponse:
    """Answer the form of a rule that stands."""
    return _answer(key)


def _standing(key: str) -> RuleForm:
    """Return a rule's newest version as fields; raises ``NotFound`` outside the part, or when the form cannot show
    it."""
    session = context.db()
    found, version, owner = listing.rule_of(session, guard.part(), key)
    form = rule_form.from_pattern(key, owner.key, version.pattern)
    if form is None or not may_touch(session, guard.part(), found.owner_id):
        raise NotFound(Problem("There is no such rule, or it is outside your part."))
    return form


def _answer(key: str | None) -> AnyResponse:
    session, form = context.db(), rule_form.read(request.form)
    if key is not None:
        form = replace(form, key=key, owner=_standing(key).owner)
    form, act = _by_key(session, _keyed(session, form, key)), request.form.get("act", "preview")
    if act == FIND:
        return _page(form, Answer(), key)
    if act == COPY:
        return _copy(session, form, key)
    answer, whole = _checked(session, form, key)
    if not whole:
        return _page(form, answer, key, 422)
    if act == PUBLISH and request.form.get("seen") == rule_form.digest(form):
        pattern, actor = rule_form.pattern(form), context.actor()
        waits = rule_proposals.publish(session, form.key, pattern, form.owner, actor, name=form.names)
        return done(form.key, bool(waits), N_("The rule is in force, and rights follow it."))
    if act == "file" and frame.may("persons.export"):
        return effects_view.file(
            session,
            preview(session, rule_form.pattern(form), form.owner, key, part=frame.part_of("persons.export")),
        )
    if act == "test":
        answer.trial = trial(session, form)
        if answer.trial.error:
            answer.errors["person"] = answer.trial.error
    else:
        _effect(session, form, key, answer)
        answer.unseen = act == PUBLISH
    return _page(form, answer, key)


def _shown_again(form: RuleForm, key: str | None) -> Response:
    """Show what was written before a fresh proof, with its effect: publishing it is one press away."""
    session = context.db()
    form = _by_key(session, _keyed(session, form, key))
    answer, whole = _checked(session, form, key)
    if whole:
        _effect(session, form, key, answer)
    return _page(form, answer, key)


def _keyed(session: Session, form: RuleForm, key: str | None) -> RuleForm:
    """Return the form of a new rule with the key that its name gives: it stands in the address and in settings
    files."""
    if key is not None:
        return form
    return replace(form, key=free(session, key_from(form.name_fi) or "rule", Rule.key))


def _checked(session: Session, form: RuleForm, key: str | None) -> tuple[Answer, bool]:
    """Return what is to be said of a form before its effect, and whether it makes a rule."""
    errors, parsed = _check(session, form, key)
    answer = Answer(errors)
    if parsed is not None:
        answer.sentence = sentence(parsed, labels(session, [parsed]), context.texts().language)
        answer.reaching = _reaching(session, parsed, form)
    return answer, parsed is not None and not errors


def _copy(session: Session, form: RuleForm, key: str | None) -> Response:
    """Copy the chosen list of codes for the rule's owner and choose the copy."""
    part, texts = guard.part(), context.texts()
    owner = session.scalars(select(Organisation).where(Organisation.key == form.owner)).one_or_none()
    if owner is None or not may_touch(session, part, owner.id):
        told = texts.gettext(N_("Name the organisation of your own part that is to have the copy."))
        return _page(form, Answer({"owner": told}), key, 422)
    chosen = str(form.asked.get("code_list", ""))
    if chosen not in listing.code_lists(session, part):
        return _page(form, Answer({"code_list": texts.gettext(N_("Choose the list to copy."))}), key, 422)
    try:
        copy = copy_code_list(session, chosen, owner, context.actor())
    except Invalid as error:
        return _page(form, Answer({"code_list": texts.gettext(error.problems[0].message)}), key, 422)
    return _page(form.filled({"code_list": copy}), Answer(copied=copy), key)


def done(key: str, waits: bool, sentence: str) -> AnyResponse:
    """Go on to the rule and say there what was done; or to what waits for a second person."""
    texts = context.texts()
    if waits:
        told = texts.gettext(N_("Nothing was changed yet: it waits for a second person."))
        return frame.done(told, f"{PATH}/{key}/proposal")
    return frame.done(texts.gettext(sentence), f"{PATH}/{key}")


def _check(session: Session, form: RuleForm, key: str | None) -> tuple[dict[str, str], Pattern | None]:
    """Return what is wrong beside each field, and the parsed rule when its pattern is right."""
    found = [*rule_form.problems(form), *_own_problems(session, form, key)]
    parsed = None
    if not any(problem.field not in ("name_fi", "rule") for problem in found):
        parsed, wrong = check(rule_form.pattern(form), form.owner, load(session))
        found += wrong
    texts = context.texts()
    errors: dict[str, str] = {}
    for problem in found:
        told = texts.said(problem)
        errors.setdefault(rule_form.field_of(problem, form), told)
    return errors, parsed


def _own_problems(session: Session, form: RuleForm, key: str | None) -> Iterator[Problem]:
    """Yield what the reader may not write: a name that is taken, another's rule, a role that is not for this part."""
    if key is None and not form.name_fi:
        yield Problem(
            N_("The rule needs a name in Finnish."),
            N_("Say whom it is about, as in Teachers to Wilma."),
            field="name_fi",
        )
    owner_id = session.scalar(select(Organisation.id).where(Organisation.key == form.owner)) if form.owner else None
    if form.owner and (owner_id is None or not may_touch(session, guard.part(), owner_id)):
        yield Problem(
            "There is no organisation %(key)s.", "Name one of your own part.", field="owner", params={"key": form.owner}
        )
    if form.role and form.role not in dict(role_options(session, guard.part())):
        yield Problem(
            "There is no role %(role)s.", "Choose a role of the list.", field="role", params={"role": form.role}
        )


def _by_key(session: Session, form: RuleForm) -> RuleForm:
    """Return the form with organisations by key where a name was chosen; one statement. A name that several have says
    nothing without its key."""
    written = set(form.organisations.values())
    if not written:
        return form
    asked = written | {found[1] for found in map(_NAMED.search, written) if found}
    columns = (Organisation.key, Organisation.name_fi, Organisation.name_sv, Organisation.name_en)
    mine = guard.part().covers(Organisation.id)
    rows = session.execute(select(mine, *columns).where(or_(*(column.in_(asked) for column in columns)))).all()
    known = {text: key for text in written if (key := _meant(text, rows)) is not None}
    return _group_by_key(
        session, form.filled({name: known[text] for name, text in form.organisations.items() if text in known})
    )


def _group_by_key(session: Session, form: RuleForm) -> RuleForm:
    """Return the form with the key of the group where its name was written, if only one in its organisation has it; one
    statement, where a group is asked for."""
    owner, text = str(form.asked.get("group_owner", "")), str(form.asked.get("group", ""))
    if form.fact != "membership" or not owner or not text:
        return form
    named = listing.groups_named(session, guard.part(), owner, text)
    return form.filled({"group": named[0]}) if len(named) == 1 else form


def _meant(text: str, rows: Sequence[Any]) -> str | None:
    """The key of the organisation that a text names: by its key, else the only one of that name, here or anywhere."""
    if any(key == text for _, key, *_ in rows):
        return text
    named = {key: mine for mine, key, *names in rows for name in names if name and text in (name, f"{name} ({key})")}
    near = [key for key, mine in named.items() if mine] or list(named)
    return near[0] if len(near) == 1 else None


def _in_words(session: Session, form: RuleForm, offered: Sequence[people.Offered]) -> tuple[RuleForm, list[str]]:
    """Return the form with the names of its organisations, and the names to choose from; the key stands behind a name
    that several have."""
    language, named = context.texts().language, {one.key: one.name for one in offered}
    others = set(form.organisations.values()) - named.keys()
    rows = session.scalars(select(Organisation).where(Organisation.key.in_(others))).all() if others else []
    named |= {row.key: row.name(language) for row in rows}
    often = Counter(named.values())
    said = {key: name if often[name] == 1 else f"{name} ({key})" for key, name in named.items()}
    shown = form.filled({name: said.get(text, text) for name, text in form.organisations.items()})
    return shown, [said[one.key] for one in offered]


def _effect(session: Session, form: RuleForm, key: str | None, answer: Answer) -> None:
    found = preview(session, rule_form.pattern(form), form.owner, key, part=frame.part_of("persons.read"))
    answer.effect, answer.seen = effects_view.view(session, found), rule_form.digest(form)


def _reaching(session: Session, parsed: Pattern, form: RuleForm) -> list[str]:
    names = load(session)
    found = crossings(session, parsed, names.organisations[form.owner], names)
    return [crossing_words(one, context.texts()) for one in found]


def _sentence(session: Session, form: RuleForm) -> str:
    parsed, _ = parse(rule_form.pattern(form))
    return sentence(parsed, labels(session, [parsed]), context.texts().language) if parsed is not None else ""


def _find() -> str:
    return request.form.get("find", "").strip().replace("\x00", "")[:OFFERED]


def _occupations(session: Session, form: RuleForm) -> list[HeldOccupation]:
    """The occupations to choose from, those chosen first; none where the fact has none."""
    if all(one.control != "occupations" for one in form.fields):
        return []
    owner_id = session.scalar(select(Organisation.id).where(Organisation.key == form.owner)) if form.owner else None
    chosen, people = rule_form.split_codes(str(form.asked.get("occupations", ""))), frame.part_of("persons.read")
    language = context.texts().language
    return code_lists.occupations(
        session, people, OCCUPATIONS, language, owner_id=owner_id, text=_find(), chosen=chosen
    )


def _sources(session: Session, form: RuleForm) -> list[tuple[str, str]]:
    """The sources that state facts in the part or above it, and the one that the rule names."""
    if all(one.control != "source" for one in form.fields):
        return []
    language = context.texts().language
    rows = listing.stating_sources(session, guard.part())
    known = [(one.key, f"{one.called(language)} ({owner.name(language)})") for one, owner in rows]
    named = str(form.asked.get("source", ""))
    return known if not named or named in dict(known) else [*known, (named, named)]


def _list_words(called: str, codes: Sequence[str]) -> str:
    return f"{called} ({', '.join(codes[:4])}{' …' if len(codes) > 4 else ''})"


def _only_owner(session: Session, part: Part) -> str:
    """Return the key of the one organisation the part hangs from; empty when there are several, or it is the whole
    consortium."""
    if part.everything or len(part.granted) != 1:
        return ""
    return session.scalar(select(Organisation.key).where(Organisation.id.in_(part.granted))) or ""


def _page(form: RuleForm, answer: Answer, key: str | None, status: int = 200) -> Response:
    session, texts, part = context.db(), context.texts(), guard.part()
    called = rule_called(session, key, texts.language) if key else ""
    above = [(PATH, texts.gettext(N_("Rules")))] + ([(f"{PATH}/{key}", called)] if key else [])
    shown, organisations = _in_words(session, form, people.offered(session, part, texts.language, OFFERED))
    return frame.render(
        "rules/form.html",
        status,
        section=SECTION,
        breadcrumb=above,
        form=shown,
        answer=answer,
        key=key,
        called=called,
        languages=[(one, LANGUAGE_NAMES[one]) for one in LANGUAGES],
        action=request.path,
        organisations=organisations,
        roles=offered_roles(session, part),
        related=[(one, words.word(RELATED_WORDS, one)) for one in rule_form.RELATED],
        occupations=_occupations(session, form),
        find=_find(),
        options={
            "code list": [
                (one.key, _list_words(one.called(texts.language), one.codes)) for one in code_lists.owned(session, part)
            ],
            "kinds": [pair for pair in words.options(words.AFFILIATIONS) if pair[0] != "guardian"],
            "source": _sources(session, form),
            "organisation kind": words.options(words.ORGANISATIONS),
        },
        on=day().isoformat(),
        person=request.form.get("person", ""),
        templates=templates(),
        shown_places=SHOWN_PLACES,
    )
