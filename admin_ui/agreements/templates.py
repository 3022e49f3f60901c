"""Templates of agreements at /admin/agreement-templates: what each holds, in words; and one made of an agreement at
/admin/agreements/KEY/template."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flask import Response, request
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as AnyResponse

from admin_ui.agreements.acts import ActForm, above, agreement_here, beside
from admin_ui.agreements.make import text_of
from admin_ui.agreements.pages import PARTIES, PATH, SECTION, basis_line
from admin_ui.parts import frame, words
from admin_ui.parts.frame import blueprint
from admin_ui.parts.lists import Listed
from admin_ui.parts.uses import positions_said, uses_said
from iam.access.agreement_acts.template import LANGUAGES, NewTemplate, make_template
from iam.access.model.agreement import Agreement
from iam.access.model.agreement_templates import TemplateBody, TemplatePlace
from iam.access.pages import agreement_templates as listing
from iam.errors import Conflict, Denied, Invalid
from iam.texts import N_, worded
from iam.web import context, guard

TEMPLATES = "/admin/agreement-templates"
_NAMES = [f"name_{language}" for language in LANGUAGES]


@blueprint.get("/agreement-templates")
@guard.requires("agreements.read")
def agreement_templates() -> Response:
    """Show a page of the list."""
    listed = Listed(listing.templates(guard.part()), listing.TEMPLATE_KEYS, _lines)
    return frame.render(
        "agreement_templates/templates.html", section=SECTION, breadcrumb=above_templates()[:1], page=listed.page()
    )


@blueprint.get("/agreement-templates/<key>")
@guard.requires("agreements.read")
def agreement_template(key: str) -> Response:
    """Show what a template holds: places, and what is allowed between them."""
    found, owner = listing.template_of(context.db(), guard.part(), key)
    language, body, session = context.texts().language, TemplateBody.read(found.body), context.db()
    allowed = [one.allows for one in body.clauses]
    return frame.render(
        "agreement_templates/template.html",
        section=SECTION,
        breadcrumb=above_templates(),
        made_by=found,
        owner=owner.name(language),
        body=body,
        purpose=worded(body.purpose, language),
        basis=basis_line(body.legal_basis),
        notice=notice_words(body),
        role=role_word,
        uses=uses_said(session, {use for one in allowed for some in one.values() for use in some}),
        positions=positions_said(session, {code for one in allowed for code in one}),
        called={one.key: one.name(language) for one in body.places},
    )


@blueprint.get("/agreements/<key>/template")
@guard.requires("agreements.write")
def show_template_form(key: str) -> Response:
    """Ask what a template of an agreement is called."""
    return _form(agreement_here(key), ActForm(request.args))


@blueprint.post("/agreements/<key>/template")
@guard.requires("agreements.write")
def make_template_of_agreement(key: str) -> AnyResponse:
    """Make a template of an agreement: it gives nobody anything."""
    agreement, form = agreement_here(key), ActForm(request.form)
    said = NewTemplate(
        text_of(form.typed, "key"), {language: text_of(form.typed, f"name_{language}") for language in LANGUAGES}
    )
    try:
        make_template(context.db(), agreement, said, guard.asker(), context.actor())
    except (Denied, Conflict, Invalid) as error:
        form.errors = beside(error)
        return _form(agreement, form, error.status)
    told = context.texts().gettext(N_("The template is made. It gives nobody anything."))
    return frame.done(told, f"{TEMPLATES}/{said.key}")


def above_templates() -> list[tuple[str, str]]:
    """Return the pages above those of one template."""
    texts = context.texts()
    return [(PATH, texts.gettext(N_("Agreements"))), (TEMPLATES, texts.gettext(N_("Templates of agreements")))]


def role_word(place: TemplatePlace) -> str:
    """Return the role of those who stand in a place, as a word."""
    return words.word(PARTIES, place.role)


def notice_words(body: TemplateBody) -> str:
    """Return the time of notice in words; "" where none is agreed."""
    texts = context.texts()
    if body.notice_months is not None:
        said, n = texts.ngettext("%(num)d month", "%(num)d months", body.notice_months), body.notice_months
    elif body.notice_days is not None:
        said, n = texts.ngettext("%(num)d day", "%(num)d days", body.notice_days), body.notice_days
    else:
        return ""
    return said % {"num": n}


def _lines(session: Session, rows: Sequence[Any]) -> list[tuple[str, str, list[str], str]]:
    """Key, name, places and owner of each."""
    language = context.texts().language
    return [
        (
            row.key,
            row.name(language),
            [one.name(language) for one in TemplateBody.read(row.body).places],
            owner.name(language),
        )
        for row, owner in rows
    ]


def _form(agreement: Agreement, form: ActForm, status: int = 200) -> Response:
    texts = context.texts()
    labels = (N_("Name in Finnish"), N_("Name in Swedish"), N_("Name in English"))
    return frame.render(
        "agreement_templates/new.html",
        status,
        section=SECTION,
        breadcrumb=above(agreement),
        agreement=agreement,
        fields=list(zip(_NAMES, map(texts.gettext, labels), strict=True)),
        form=form,
    )
