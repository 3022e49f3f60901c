"""The form at /admin/applications/KEY/settings: an application's names, owner and how people come to it, its effect
first."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from hmac import compare_digest
from typing import Any

from flask import Response, request
from werkzeug.datastructures import MultiDict
from werkzeug.wrappers import Response as AnyResponse

from admin_ui.applications.new import owners
from admin_ui.applications.pages import ENTRIES, NOTICES, PATH, SECTION, SUBJECTS
from admin_ui.parts import frame
from admin_ui.parts.frame import blueprint
from admin_ui.parts.words import options, word
from admin_ui.people import effects as effects_view
from connectors.problem import Problem
from iam.access.model.role import Application
from iam.apply.declared.written import Row
from iam.apply.guarded import name_of
from iam.apply.on_pages import application_stating, stating
from iam.apply.on_pages.application_stating import application_stated, digest_of
from iam.directory.organisation import Organisation
from iam.errors import Conflict, Denied, Invalid
from iam.oidc.clients import by_page
from iam.signin.factors import levels
from iam.texts import LANGUAGE_NAMES, LANGUAGES, N_, in_language
from iam.web import context, guard

_SETTINGS = f"{PATH}/{{application}}/settings"
_WAITING = "/admin/declaration?waits="
"""Where a declaration that waits is shown; that room lies above this one."""
SHOWN_PLACES, _LONGEST = 50, 400
WAYS = {
    levels.PASSWORD: N_("a password is enough"),
    levels.TWO_FACTOR: N_("a password and a code"),
    levels.PASSKEY: N_("a passkey"),
}
_CHOICES: Mapping[str, Mapping[str, str]] = {
    "entry": ENTRIES,
    "notice": NOTICES,
    "subject": SUBJECTS,
    "least_acr": {"": N_("any way of signing in"), **WAYS},
}
LABELS = {
    "name": N_("Name"),
    "owner": N_("Owner"),
    "entry": N_("Who may sign in"),
    "notice": N_("At sign-in the person"),
    "subject": N_("Identifier of the person"),
    "least_acr": N_("Least way of signing in"),
    "ask_capacity": N_("A person with several positions chooses one"),
    "retired": N_("Out of use: nobody can sign in, and nobody has its roles"),
}


@dataclass
class ApplicationAnswer:
    """What the page says back: errors by field, what is wrong with the whole, and the effect."""

    errors: dict[str, str] = field(default_factory=dict)
    wrong: str = ""
    effects: effects_view.View | None = None
    status: int = 200


@blueprint.get("/applications/<application>/settings")
@guard.requires("applications.write")
@guard.recent(_SETTINGS)
def application_settings(application: str) -> Response:
    """Show the form."""
    row, standing = _found(application)
    return _page(row, standing, standing, ApplicationAnswer())


@blueprint.post("/applications/<application>/settings")
@guard.requires("applications.write")
@guard.recent(_SETTINGS)
def change_application(application: str) -> AnyResponse:
    """Show what would differ and whom it touches, or write it when just that was seen."""
    row, standing = _found(application)
    wanted, answer = read(request.form, standing, _answers_for_all()), ApplicationAnswer(status=422)
    if not wanted["name"]["fi"]:
        answer.errors["name_fi"] = context.texts().said(Problem(N_("The application needs a name in Finnish.")))
    if wanted["owner"] != standing["owner"] and wanted["owner"] not in dict(owners(guard.part())):
        told = Problem(N_("There is no such organisation, or it is outside your part."), N_("Choose another."))
        answer.errors["owner"] = context.texts().said(told)
    if answer.errors:
        return _page(row, standing, wanted, answer)
    if not compare_digest(digest_of(standing), request.form.get("stood", "")):
        moved = N_(
            "Somebody changed this application meanwhile. Below stands what you wrote, and how it differs from it now."
        )
        answer.wrong, answer.status = context.texts().gettext(moved), 409
        return _page(row, standing, wanted, answer)
    return _looked_at(row, standing, wanted, answer)


def _found(application: str) -> tuple[Application, Row]:
    """An application of the reader's part, and how it stands; raises ``NotFound``."""
    row = by_page.application(context.db(), guard.part(), application)
    standing = application_stating.application_row(context.db(), application)
    return row, {name: value for name, value in standing.items() if name != "roles"}


def _answers_for_all() -> bool:
    """Whether the reader says what people are told, as on a client's page: for the whole consortium alone."""
    return frame.part_of("config.apply").everything


def read(form: MultiDict[str, str], standing: Row, whole: bool) -> Row:
    """Return the application that the fields say, as a declaration states it; what has no field stays as it stands.
    Pure."""
    names = {one: " ".join(form.get(f"name_{one}", "").split())[:_LONGEST] for one in LANGUAGES}
    wanted = standing | {
        "name": {one: names[one] or names["fi"] for one in LANGUAGES},
        "owner": form.get("owner", "") or standing["owner"],
        "ask_capacity": "ask_capacity" in form,
        "retired": True if "retired" in form else None,
    }
    for name, known in _CHOICES.items():
        if form.get(name) in known and (name != "notice" or whole):
            wanted[name] = form[name] or None
    return wanted


def _looked_at(row: Application, standing: Row, wanted: Row, answer: ApplicationAnswer) -> AnyResponse:
    """Show the effect; or write, where just this effect was seen."""
    session, actor, vault = context.db(), context.actor(), context.vault()
    stated = application_stated(wanted)
    try:
        _, would = stating.look(session, stated, actor, vault, frame.part_of("persons.read"))
        if compare_digest(effects_view.sealed(would.effects.digest), request.form.get("seen", "")):
            fields = [name for name, *_ in differences(standing, wanted)]
            consortium = context.settings().consortium
            report = application_stating.write(session, stated, actor, vault, fields, consortium=consortium)
            return _done(row.key, wanted, None if report.held is None else report.held.digest)
        answer.effects, answer.status = effects_view.view(session, would), 200
    except (Denied, Conflict, Invalid) as error:
        answer.wrong, answer.status = context.texts().said(error.problems[0]), error.status
    return _page(row, standing, wanted, answer)


def _done(key: str, wanted: Row, waits: str | None) -> AnyResponse:
    say = context.texts().gettext
    if waits is None:
        return frame.done(say(N_("The application is saved, and rights follow it.")), f"{PATH}/{key}")
    sentence = say(N_("Nothing was changed yet: it waits for a second person."))
    return frame.done(sentence, _WAITING + name_of(waits).partition("/")[2])


def differences(standing: Row, wanted: Row) -> list[tuple[str, Any, Any]]:
    """Return each field that differs with its value before and after; pure."""
    pairs = [(name, standing.get(name), wanted.get(name)) for name in LABELS]
    return [one for one in pairs if (one[1] or None) != (one[2] or None)]


def _lines(standing: Row, wanted: Row, called: Mapping[str, str]) -> list[tuple[str, str, str]]:
    say = context.texts().gettext

    def words(name: str, value: Any) -> str:
        if name == "name":
            return " / ".join(dict.fromkeys(value.values()))
        if name == "owner":
            return called.get(value, value)
        if name in _CHOICES:
            return word(_CHOICES[name], value or "")
        return say(N_("yes")) if value else say(N_("no"))

    return [
        (say(LABELS[name]), words(name, before), words(name, after))
        for name, before, after in differences(standing, wanted)
    ]


def _page(row: Application, standing: Row, wanted: Row, answer: ApplicationAnswer) -> Response:
    texts = context.texts()
    name = in_language(row.name, texts.language, row.key)
    owner = context.db().get_one(Organisation, row.owner_id)
    choices = {owner.key: owner.name(texts.language)} | dict(owners(guard.part()))
    return frame.render(
        "applications/application_settings.html",
        answer.status,
        section=SECTION,
        breadcrumb=[(PATH, texts.gettext(N_("Applications"))), (f"{PATH}/{row.key}", name)],
        action=request.path,
        name=name,
        wanted=wanted,
        answer=answer,
        labels={one: texts.gettext(label) for one, label in LABELS.items()},
        languages=[(one, LANGUAGE_NAMES[one]) for one in LANGUAGES],
        owners=list(choices.items()),
        choices={one: options(known) for one, known in _CHOICES.items() if one != "notice" or _answers_for_all()},
        differs=_lines(standing, wanted, choices),
        stood=digest_of(standing),
        shown_places=SHOWN_PLACES,
    )
