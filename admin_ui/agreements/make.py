"""An agreement is made at /admin/new-agreement, or after another one at /admin/agreements/KEY/copy: it is without
signatures, so that it gives nobody anything yet."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any
from uuid import UUID

from flask import Response, request
from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session
from werkzeug.datastructures import MultiDict
from werkzeug.wrappers import Response as AnyResponse

from admin_ui.agreements.acts import LONGEST, ActForm, above, agreement_here, back, beside, day_of
from admin_ui.agreements.pages import PATH, SECTION
from admin_ui.parts import frame
from admin_ui.parts.frame import blueprint
from connectors.problem import Problem
from iam import clock
from iam.access.agreement_acts.make import NewAgreement, make
from iam.access.model import agreements
from iam.access.model.agreement import Agreement
from iam.access.model.agreements import Clause, Party
from iam.directory.organisation import Organisation, OrganisationPlace
from iam.errors import Conflict, Denied, Invalid
from iam.texts import LANGUAGES, N_, Wording, worded
from iam.web import context, guard

BLANK = ("controller", "controller")
DECIDERS = ("body", "office_holder")
FOLDED = tuple(f"{name}_{one}" for name in DECIDERS for one in LANGUAGES[1:])
"""The folded fields of who decided, in the languages besides Finnish."""
_BASES = ("act", "section", "gdpr")
_MOST = 9999


@blueprint.get("/new-agreement")
@guard.requires("agreements.write")
def new_agreement() -> Response:
    """Show the empty form of an agreement."""
    return _form(None, ActForm(request.args))


@blueprint.post("/new-agreement")
@guard.requires("agreements.write")
def make_agreement() -> AnyResponse:
    """Make an agreement between two parties, without clauses."""
    return _make(None)


@blueprint.get("/agreements/<key>/copy")
@guard.requires("agreements.write")
def show_copy(key: str) -> Response:
    """Show the form of an agreement with what another one says in it."""
    source = agreement_here(key)
    return _form(source, ActForm(_written(source)))


@blueprint.post("/agreements/<key>/copy")
@guard.requires("agreements.write")
def copy_agreement(key: str) -> AnyResponse:
    """Make an agreement after another one, with its clauses between those who now stand in its parties' places."""
    return _make(agreement_here(key))


def _make(source: Agreement | None) -> AnyResponse:
    session, form = context.db(), ActForm(request.form)
    try:
        said = _read(session, source, form.typed)
        make(session, said, guard.asker(), context.actor())
    except (Denied, Conflict, Invalid) as error:
        form.errors = beside(error)
        return _form(source, form, error.status)
    return back(said.key, N_("The agreement is made. It gives nobody anything before its parties have signed."))


def _read(session: Session, source: Agreement | None, typed: MultiDict[str, str]) -> NewAgreement:
    standing = _parties(source)
    roles = [one.role for one in standing] or list(BLANK)
    fields = [f"party-{place}" for place in range(1, len(roles) + 1)]
    chosen = entities_of(session, typed, fields)
    places = {old.legal_entity_id: new for old, new in zip(standing, chosen, strict=False)}
    clauses = _copied(session, source, places) if source is not None and "clauses" in typed else ()
    return NewAgreement(
        key=text_of(typed, "key"),
        case_number=text_of(typed, "case_number"),
        decision=decision_of(typed),
        purpose=wording_of(typed, "purpose"),
        legal_basis={name: value for name in _BASES if (value := text_of(typed, name))},
        parties=tuple(zip(chosen, roles, strict=True)),
        valid_from=clock.day_start(day_of(typed, "valid_from")),
        valid_to=clock.day_end(day_of(typed, "valid_to")),
        notice_months=_number(typed, "notice_months"),
        notice_days=None if source is None or _number(typed, "notice_months") else source.notice_days,
        review_on=day_of(typed, "review_on") if typed.get("review_on") else None,
        supervision=text_of(typed, "supervision") or None,
        supervised_by=text_of(typed, "supervised_by") or None,
        report_months=_number(typed, "report_months"),
        processing=None if source is None else source.processing,
        clauses=clauses,
    )


def decision_of(typed: Mapping[str, str]) -> dict[str, Any]:
    """Return who decided, when and in which section, as the form says; raises ``Invalid``."""
    told: dict[str, Any] = {name: value for name in DECIDERS if (value := wording_of(typed, name))}
    told |= {"competence": value} if (value := text_of(typed, "competence")) else {}
    if ("body" in told) == ("office_holder" in told):
        message = N_("An agreement is decided on by a body or by an office holder.")
        raise Invalid(Problem(message, N_("Write one of the two."), field="body"))
    days = {name: day_of(typed, name).isoformat() for name in ("date", "final") if name == "date" or typed.get(name)}
    section = _number(typed, "minutes")
    return told | days | ({} if section is None else {"section": section})


def entities_of(session: Session, typed: Mapping[str, str], fields: Sequence[str]) -> list[UUID]:
    """Return the legal entities whose keys or names stand in these fields; raises ``Invalid`` beside the first that is
    none."""
    o, p = Organisation, OrganisationPlace
    written = [text_of(typed, name) for name in fields]
    names = {one.casefold() for one in written}
    columns = (o.key, o.name_fi, o.name_sv, o.name_en)
    # SQLite makes small letters of ASCII only.
    spelt = [condition for one in columns for condition in (func.lower(one).in_(names), one.in_(written))]
    own = (p.organisation_id == o.id, p.legal_entity_id == o.id, p.closed_by.is_(None))
    query = select(o.id, *columns).join(p, own[0]).where(*own[1:], or_(*spelt))
    known = {str(name).casefold(): row[0] for row in session.execute(query) for name in row[1:]}
    for name, one in zip(fields, written, strict=True):
        if one.casefold() not in known:
            message = N_("There is no legal entity of that name or key.")
            remedy = N_("Write the name of the municipality, county or company as it is here.")
            raise Invalid(Problem(message, remedy, field=name))
    return [known[one.casefold()] for one in written]


def _copied(session: Session, source: Agreement, places: Mapping[UUID, UUID]) -> tuple[Clause, ...]:
    """Return the clauses of another agreement between those who now stand in the places of its parties, as long as the
    agreement."""
    standing = agreements.clauses(session, of=[source.id]).get(source.id, {}).values()
    return tuple(
        replace(
            one,
            grantor_id=places.get(one.grantor_id, one.grantor_id),
            grantee_id=places.get(one.grantee_id, one.grantee_id),
            valid_from=clock.LONG_AGO,
            valid_to=clock.FOREVER,
        )
        for one in standing
        if one.valid_to > clock.now()
    )


def _parties(source: Agreement | None) -> list[Party]:
    if source is None:
        return []
    found = agreements.parties(context.db(), [source.id]).get(source.id, [])
    return sorted(found, key=lambda one: (one.legal_entity_id != source.owner_id, str(one.legal_entity_id)))


def _written(source: Agreement) -> MultiDict[str, str]:
    """Return what an agreement says as the form has it: who decided and when is its own, and is asked anew."""
    ids = [one.legal_entity_id for one in _parties(source)]
    rows = context.db().scalars(select(Organisation).where(Organisation.id.in_(ids)))
    names = {row.id: row.name(context.texts().language) for row in rows}
    basis = [(name, str(source.legal_basis[name])) for name in _BASES if name in source.legal_basis]
    return MultiDict(
        [
            *((f"party-{place}", names[one]) for place, one in enumerate(ids, start=1)),
            *written_wording("purpose", source.purpose_said),
            ("notice_months", str(source.notice_months or "")),
            ("supervision", source.supervision or ""),
            ("supervised_by", source.supervised_by or ""),
            ("report_months", str(source.report_months or "")),
            ("competence", str(source.decision.get("competence", ""))),
            ("clauses", "yes"),
            *basis,
        ]
    )


def text_of(typed: Mapping[str, str], name: str) -> str:
    """Return what was typed in a field, as far as it is read."""
    return typed.get(name, "").strip()[:LONGEST]


def wording_of(typed: Mapping[str, str], name: str) -> Wording:
    """Return what was typed in a field, by language where its folded fields say it otherwise; raises ``Invalid`` for
    one without Finnish."""
    first, *others = LANGUAGES
    names = {first: text_of(typed, name)} | {one: text_of(typed, f"{name}_{one}") for one in others}
    if not names[first] and any(names.values()):
        raise Invalid(Problem(N_("This is missing in Finnish."), N_("Write it in Finnish first."), field=name))
    full = {one: text or names[first] for one, text in names.items()}
    return full if len(set(full.values())) > 1 else names[first]


def written_wording(name: str, said: Wording) -> list[tuple[str, str]]:
    """Return a wording as the form has it: what is as in Finnish is left out."""
    first, *others = LANGUAGES
    whole = worded(said, first)
    folded = [(f"{name}_{one}", text) for one in others if (text := worded(said, one)) != whole]
    return [(name, whole), *folded]


def _number(typed: Mapping[str, str], name: str) -> int | None:
    written = text_of(typed, name)
    if not written:
        return None
    if not (written.isascii() and written.isdigit() and 0 < int(written) <= _MOST):
        raise Invalid(Problem(N_("This must be a whole number."), N_("Write it in digits."), field=name))
    return int(written)


def _form(source: Agreement | None, form: ActForm, status: int = 200) -> Response:
    texts, many = context.texts(), len(_parties(source)) or len(BLANK)
    return frame.render(
        "agreements/make.html",
        status,
        section=SECTION,
        breadcrumb=[(PATH, texts.gettext(N_("Agreements")))] if source is None else above(source),
        source=source,
        action="/admin/new-agreement" if source is None else f"{PATH}/{source.key}/copy",
        places=range(1, many + 1),
        form=form,
        heading=texts.gettext(N_("Make an agreement") if source is None else N_("Make a copy of the agreement")),
    )
