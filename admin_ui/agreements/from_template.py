"""An agreement is made by a template at /admin/agreement-templates/KEY/make: who stands in each place, and where what
is allowed holds, are typed; the rest is the template's."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import NamedTuple
from uuid import UUID

from flask import Response, request
from sqlalchemy.orm import Session
from werkzeug.datastructures import MultiDict
from werkzeug.wrappers import Response as AnyResponse

from admin_ui.agreements.acts import ActForm, back, beside, day_of
from admin_ui.agreements.make import decision_of, entities_of, text_of
from admin_ui.agreements.pages import SECTION, basis_line
from admin_ui.agreements.templates import TEMPLATES, above_templates, notice_words, role_word
from admin_ui.parts import frame
from admin_ui.parts.frame import blueprint
from connectors.problem import Problem
from iam import clock
from iam.access.agreement_acts.make import NewAgreement, make
from iam.access.agreement_acts.template import Placed, clauses_of
from iam.access.model.agreement import AgreementTemplate
from iam.access.model.agreement_templates import TemplateBody, TemplatePlace
from iam.access.pages import agreement_templates as listing
from iam.errors import Conflict, Denied, Invalid
from iam.texts import N_, worded
from iam.web import context, guard

SHOWN, MOST = 2, 6
"""So many fields a place are shown at once, and so many there are."""
_MISSING = Problem(N_("Nobody stands in this place."), N_("Name at least one municipality, county or company."))
_NO_PARTY = Problem(N_("This is missing."), N_("Name the party, or leave out where it is allowed."))


class Seat(NamedTuple):
    """Where one entity of a place is typed: the fields of the party, and of where it allows something."""

    place: TemplatePlace
    party: str
    where: str


@blueprint.get("/agreement-templates/<key>/make")
@guard.requires("agreements.write")
def show_make_by_template(key: str) -> Response:
    """Ask who stands in each place, who decided and when, and the days in force."""
    template = _template_here(key)
    body = TemplateBody.read(template.body)
    return _form(template, body, ActForm(MultiDict([("competence", body.competence or ""), *request.args.items()])))


@blueprint.post("/agreement-templates/<key>/make")
@guard.requires("agreements.write")
def make_by_template(key: str) -> AnyResponse:
    """Make an agreement by a template, with its clauses between all who stand in its places."""
    session, template, form = context.db(), _template_here(key), ActForm(request.form)
    body = TemplateBody.read(template.body)
    try:
        said = _read(session, key, body, form.typed)
        make(session, said, guard.asker(), context.actor())
    except (Denied, Conflict, Invalid) as error:
        form.errors = beside(error)
        return _form(template, body, form, error.status)
    return back(said.key, N_("The agreement is made. It gives nobody anything before its parties have signed."))


def _template_here(key: str) -> AgreementTemplate:
    return listing.template_of(context.db(), guard.part(), key)[0]


def _read(session: Session, key: str, body: TemplateBody, typed: MultiDict[str, str]) -> NewAgreement:
    seats = list(_taken(body, typed))
    entities = entities_of(session, typed, [one.party for one in seats])
    _refuse_the_same(seats, entities)
    scopes = _scopes(session, typed, body, seats, entities)
    placed: dict[str, list[Placed]] = {one.key: [] for one in body.places}
    for seat, entity, scope in zip(seats, entities, scopes, strict=True):
        placed[seat.place.key].append(Placed(entity, scope))
    return NewAgreement(
        key=text_of(typed, "key"),
        case_number=text_of(typed, "case_number"),
        decision=decision_of(typed),
        purpose=body.purpose,
        legal_basis=body.legal_basis,
        parties=tuple((entity, seat.place.role) for seat, entity in zip(seats, entities, strict=True)),
        valid_from=clock.day_start(day_of(typed, "valid_from")),
        valid_to=clock.day_end(day_of(typed, "valid_to")),
        notice_months=body.notice_months,
        notice_days=body.notice_days,
        supervision=body.supervision,
        all_sign=body.all_sign,
        clauses=clauses_of(body, placed),
        template=key,
    )


def _seats(body: TemplateBody) -> list[list[Seat]]:
    """The fields of each place, in their order."""
    return [
        [Seat(place, f"party-{n}-{m}", f"where-{n}-{m}") for m in range(1, MOST + 1)]
        for n, place in enumerate(body.places, start=1)
    ]


def _taken(body: TemplateBody, typed: Mapping[str, str]) -> Iterator[Seat]:
    """Yield the fields in which somebody is named; raises ``Invalid`` for a place in which nobody is."""
    for seats in _seats(body):
        taken = [one for one in seats if text_of(typed, one.party)]
        for one in seats:
            if one not in taken and text_of(typed, one.where):
                raise Invalid(replace(_NO_PARTY, field=one.party))
        if not taken:
            raise Invalid(replace(_MISSING, field=seats[0].party))
        yield from taken


def _refuse_the_same(seats: Sequence[Seat], entities: Sequence[UUID]) -> None:
    for n, seat in enumerate(seats):
        if entities[n] in entities[:n]:
            message = N_("An agreement has at least two parties, each once.")
            raise Invalid(Problem(message, N_("Name another organisation."), field=seat.party))


def _scopes(
    session: Session, typed: Mapping[str, str], body: TemplateBody, seats: Sequence[Seat], entities: Sequence[UUID]
) -> list[UUID]:
    """Return where each allows something: the organisation of its own that is named there, else itself; raises
    ``Invalid`` beside the first that is none of its own."""
    written = {
        entity: text_of(typed, seat.where)
        for seat, entity in zip(seats, entities, strict=True)
        if seat.place.key in body.grantors and text_of(typed, seat.where)
    }
    known = listing.places_within(session, {entity: [one] for entity, one in written.items()}) if written else {}
    return [
        _one_of(known.get((entity, written[entity].casefold()), set()), seat) if entity in written else entity
        for seat, entity in zip(seats, entities, strict=True)
    ]


def _one_of(found: set[UUID], seat: Seat) -> UUID:
    if not found:
        message = N_("That organisation does not belong to who allows it.")
        raise Invalid(Problem(message, N_("Choose one of the party that allows it."), field=seat.where))
    if len(found) > 1:
        raise Invalid(Problem(N_("Several organisations are called so."), N_("Write its key."), field=seat.where))
    return next(iter(found))


def _form(template: AgreementTemplate, body: TemplateBody, form: ActForm, status: int = 200) -> Response:
    language = context.texts().language
    return frame.render(
        "agreement_templates/make.html",
        status,
        section=SECTION,
        breadcrumb=[*above_templates(), (f"{TEMPLATES}/{template.key}", template.name(language))],
        made_by=template,
        body=body,
        purpose=worded(body.purpose, language),
        basis=basis_line(body.legal_basis),
        notice=notice_words(body),
        role=role_word,
        seats=_seats(body),
        shown=SHOWN,
        form=form,
    )
