"""The form of a role at /admin/applications/KEY/new-role and /admin/roles/APPLICATION/KEY/edit: its names, content and
what it includes, with the effect first."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from hmac import compare_digest

from flask import Response, request
from werkzeug.wrappers import Response as AnyResponse

from admin_ui.applications.pages import PATH as APPLICATIONS
from admin_ui.parts import frame, words
from admin_ui.parts.frame import blueprint
from admin_ui.people import effects as effects_view
from admin_ui.rules import role_form
from admin_ui.rules.edit import SHOWN_PLACES
from admin_ui.rules.role_form import RoleForm
from admin_ui.rules.role_versions import WAITING, told
from admin_ui.rules.roles import HANDED_OUT, PATH, SECTION
from connectors.problem import Problem
from iam.access.pages import role_versions
from iam.access.pages.role_versions import RoleSays
from iam.apply.declared.written import Row
from iam.apply.guarded import name_of
from iam.apply.on_pages import application_stating, stating
from iam.apply.on_pages.application_stating import digest_of, role_stated
from iam.errors import AvainError, Conflict, Denied, Invalid, NotFound
from iam.oidc.clients import by_page
from iam.texts import LANGUAGE_NAMES, LANGUAGES, N_, in_language
from iam.web import context, guard

_NEW, _EDIT = APPLICATIONS + "/{application}/new-role", PATH + "/{application}/{key}/edit"


@dataclass
class RoleAnswer:
    """What the page says back: errors by field, what is wrong with the whole, what would differ, and the effect."""

    errors: dict[str, str] = field(default_factory=dict)
    wrong: str = ""
    differs: Sequence[str] = ()
    effects: effects_view.View | None = None
    status: int = 200


@blueprint.get("/applications/<application>/new-role")
@guard.requires("applications.write")
@guard.recent(_NEW)
def new_role(application: str) -> Response:
    """Show the empty form."""
    return _page(_application(application), RoleForm(), None, RoleAnswer())


@blueprint.post("/applications/<application>/new-role")
@guard.requires("applications.write")
@guard.recent(_NEW)
def add_role(application: str) -> AnyResponse:
    """Show what the role would be and do, or add it when just that was seen."""
    return _answer(_application(application), None)


@blueprint.get("/roles/<application>/<key>/edit")
@guard.requires("applications.write")
@guard.recent(_EDIT)
def edit_role(application: str, key: str) -> Response:
    """Show a role in the form."""
    of = _application(application)
    standing = _standing(of, key)
    return _page(of, role_form.of_row(standing), standing, RoleAnswer())


@blueprint.post("/roles/<application>/<key>/edit")
@guard.requires("applications.write")
@guard.recent(_EDIT)
def write_role(application: str, key: str) -> AnyResponse:
    """Show what would differ and whom it touches, or write it when just that was seen."""
    of = _application(application)
    return _answer(of, _standing(of, key))


def _application(key: str) -> Row:
    """An application of the reader's part as it stands; raises ``NotFound``."""
    by_page.application(context.db(), guard.part(), key)
    return application_stating.application_row(context.db(), key)


def _standing(of: Row, key: str) -> Row:
    found = next((one for one in of["roles"] if one["key"] == key), None)
    if found is None:
        raise NotFound(Problem("There is no such role, or it is outside your part."))
    return dict(found)


def _answer(of: Row, standing: Row | None) -> AnyResponse:
    form = role_form.read(request.form)
    if standing is not None:
        form = replace(form, key=standing["key"])
    answer = RoleAnswer(_errors(form, of, new=standing is None), status=422)
    if answer.errors:
        return _page(of, form, standing, answer)
    answer.differs = list(_differs(of, standing, role_form.row(form)))
    if not compare_digest(digest_of(standing), request.form.get("stood", "")):
        moved = N_("Somebody changed this role meanwhile. Below stands what you wrote, and how it differs from it now.")
        answer.wrong, answer.status = context.texts().gettext(moved), 409
        return _page(of, form, standing, answer)
    return _looked_at(of, form, standing, answer)


def _looked_at(of: Row, form: RoleForm, standing: Row | None, answer: RoleAnswer) -> AnyResponse:
    """Show the effect; or write, where just this effect was seen."""
    session, actor, vault = context.db(), context.actor(), context.vault()
    stated = role_stated(of, role_form.row(form))
    try:
        _, would = stating.look(session, stated, actor, vault, frame.part_of("persons.read"))
        if compare_digest(effects_view.sealed(would.effects.digest), request.form.get("seen", "")):
            fields = _fields(standing, role_form.row(form))
            consortium = context.settings().consortium
            report = application_stating.write(session, stated, actor, vault, fields, consortium=consortium)
            return _done(of["key"], form.key, standing, None if report.held is None else report.held.digest)
        answer.effects, answer.status = effects_view.view(session, would), 200
    except (Denied, Conflict, Invalid) as error:
        _wrong(answer, error)
    return _page(of, form, standing, answer)


def _wrong(answer: RoleAnswer, error: AvainError) -> None:
    """Say what is wrong, each beside its field where it has one."""
    answer.status = error.status
    for problem in error.problems:
        sentence, name = context.texts().said(problem), role_form.field_of(problem)
        if name is None:
            answer.wrong = answer.wrong or sentence
        else:
            answer.errors.setdefault(name, sentence)


def _done(application: str, key: str, standing: Row | None, waits: str | None) -> AnyResponse:
    say, here = context.texts().gettext, f"{PATH}/{application}/{key}"
    if waits is None:
        return frame.done(say(N_("The role is saved, and rights follow it.")), here)
    sentence = say(N_("Nothing was changed yet: it waits for a second person."))
    return frame.done(sentence, WAITING + name_of(waits).partition("/")[2])


def _errors(form: RoleForm, of: Row, *, new: bool) -> dict[str, str]:
    found: dict[str, str] = {}
    for problem in role_form.problems(form, [one["key"] for one in of["roles"]], new=new):
        found.setdefault(str(problem.field), context.texts().said(problem))
    return found


def _fields(standing: Row | None, wanted: Row) -> list[str]:
    """The fields that differ from what stands; all of them for what is new."""
    before = {} if standing is None else role_form.row(role_form.of_row(standing))
    return [name for name, value in wanted.items() if before.get(name) != value]


def _differs(of: Row, standing: Row | None, wanted: Row) -> Iterator[str]:
    """A sentence for each thing that would be otherwise."""
    t, empty = (
        context.texts().gettext,
        RoleSays(0, {}, wanted["enforcement"], (), None, (), False, wanted["handed_out"]),
    )
    before = None if standing is None else role_form.row(role_form.of_row(standing))
    after = _says(of, wanted)
    yield from told(
        role_versions.altered(_says(of, before) if before else empty, after), _group_names(of), _qualified_names(of)
    )
    if wanted["retired"] != (before is not None and before["retired"]):
        out, again = N_("It is taken out of use: nobody has it any more."), N_("It is taken into use again.")
        yield t(out if wanted["retired"] else again)


def _says(of: Row, row: Row) -> RoleSays:
    includes = [f"{of['key']}:{one}" for one in row["includes"]]
    kept = row["meaning"], includes, row["sensitive"], row["handed_out"]
    return RoleSays(0, row["name"], row["enforcement"], row["content"], *kept)


def _group_names(of: Row) -> dict[str, str]:
    language = context.texts().language
    return {one["key"]: in_language(one["name"], language, one["key"]) for one in of.get("data_groups", ())}


def _qualified_names(of: Row) -> dict[str, str]:
    return {f"{of['key']}:{key}": name for key, name in _role_names(of).items()}


def _role_names(of: Row) -> dict[str, str]:
    language = context.texts().language
    return {one["key"]: in_language(one["name"], language, one["key"]) for one in of["roles"]}


def _page(of: Row, form: RoleForm, standing: Row | None, answer: RoleAnswer) -> Response:
    texts = context.texts()
    held = [right for one in of["roles"] for right in one.get("content", ())]
    named = _group_names(of)
    groups, shown = role_form.offered(form, held, list(named))
    return frame.render(
        "roles/form.html",
        answer.status,
        section=SECTION,
        breadcrumb=_above(of, standing),
        action=request.path,
        form=shown,
        answer=answer,
        new=standing is None,
        stood=digest_of(standing),
        languages=[(one, LANGUAGE_NAMES[one]) for one in LANGUAGES],
        groups=[(group, named.get(group, group), some) for group, some in groups],
        operations=dict(words.options(words.OPERATIONS)),
        others=[pair for pair in _role_names(of).items() if standing is None or pair[0] != standing["key"]],
        enforcements=words.options(words.ENFORCEMENTS),
        handed_out=words.options(HANDED_OUT),
        summary=[(name, text) for name, text in answer.errors.items()],
        shown_places=SHOWN_PLACES,
        application_name=in_language(of["name"], texts.language, of["key"]),
    )


def _above(of: Row, standing: Row | None) -> list[tuple[str, str]]:
    texts = context.texts()
    if standing is None:
        name = in_language(of["name"], texts.language, of["key"])
        return [(APPLICATIONS, texts.gettext(N_("Applications"))), (f"{APPLICATIONS}/{of['key']}", name)]
    name = in_language(standing["name"], texts.language, standing["key"])
    return [(PATH, texts.gettext(N_("Roles"))), (f"{PATH}/{of['key']}/{standing['key']}", name)]
