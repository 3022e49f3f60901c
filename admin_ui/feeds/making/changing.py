"""A source is changed, paused and taken into use on its pages, at /admin/sources/KEY/settings, /pause and /resume."""

from __future__ import annotations

from typing import Any

from flask import Response, request
from pydantic import ValidationError
from werkzeug.wrappers import Response as AnyResponse

from admin_ui.feeds import connector_words
from admin_ui.feeds.making import settings_form
from admin_ui.feeds.making.new import (
    TEXTS,
    SourceForm,
    beside,
    named_languages,
    names_setting,
    read,
    usual,
    walls,
    written_name,
)
from admin_ui.feeds.sources import PATH, SECTION
from admin_ui.parts import frame
from admin_ui.parts.frame import blueprint
from connectors.contract import Connector, NamesColumns
from connectors.problem import Problem
from iam.directory.organisation import Organisation
from iam.directory.source import Source
from iam.errors import Conflict, Invalid
from iam.sources import listing
from iam.sources.making import commands
from iam.texts import N_
from iam.web import context, guard

SETTINGS = f"{PATH}/{{key}}/settings"
_SOURCE = f"{PATH}/{{key}}"


@blueprint.get("/sources/<key>/settings")
@guard.requires("sources.write")
def show_source_settings(key: str) -> Response:
    """Show what is said of a source, to be changed; its secrets are not there."""
    return _form(source_here(key), SourceForm())


@blueprint.post("/sources/<key>/settings")
@guard.requires("sources.write")
@guard.recent(SETTINGS)
def change_source(key: str) -> AnyResponse:
    """Change settings of a source."""
    source, typed = source_here(key), request.form
    connector = commands.offered()[source.connector]
    chosen = names_setting(connector)
    try:
        settings = settings_form.read(connector.settings_model, typed, chosen)
        if chosen in source.settings and _has_own_names(connector, settings):
            settings[chosen] = source.settings[chosen]
        said = {**read(typed), "settings": settings}
        changed = commands.change(context.db(), source, said, guard.part(), walls(), context.actor())
    except Invalid as error:
        fields = [*settings_form.names(connector.settings_model)]
        return _form(source_here(key), SourceForm(typed, beside(error, fields)), error.status)
    told = N_("The settings are saved.") if changed else N_("Nothing was changed.")
    return frame.done(context.texts().gettext(told), f"{PATH}/{key}")


@blueprint.post("/sources/<key>/pause")
@guard.requires("sources.write")
def disable_source(key: str) -> AnyResponse:
    """Read nothing of a source from now on."""
    commands.disable(context.db(), source_here(key), context.actor())
    return frame.done(context.texts().gettext(N_("The source is paused: nothing of it is read.")), f"{PATH}/{key}")


@blueprint.post("/sources/<key>/resume")
@guard.requires("sources.write")
@guard.recent(_SOURCE)
def resume_source(key: str) -> AnyResponse:
    """Take a source into use."""
    commands.resume(context.db(), source_here(key), context.actor())
    return frame.done(context.texts().gettext(N_("The source is in use.")), f"{PATH}/{key}")


def _has_own_names(connector: type[Connector], settings: dict[str, Any]) -> bool:
    """Whether what is read by these settings has names of its own for its columns, so that those chosen stay."""
    try:
        made = connector(connector.settings_model.model_validate(settings))
    except ValidationError:
        return True
    return isinstance(made, NamesColumns) and made.has_own_names


def source_here(key: str) -> Source:
    """Return a source of the part that can be changed on a page; raises ``NotFound``, and ``Conflict`` for one whose
    connector is not offered."""
    source: Source = listing.source_of(context.db(), guard.part(), key)[0]
    if source.connector not in commands.offered():
        raise Conflict(
            Problem(N_("This source is not changed on a page."), N_("State it in a settings file, with iam apply."))
        )
    return source


def above(source: Source) -> list[tuple[str, str]]:
    """Return the pages above those of a source."""
    texts = context.texts()
    return [(PATH, texts.gettext(N_("Sources"))), (f"{PATH}/{source.key}", source.called(texts.language))]


def _form(source: Source, form: SourceForm, status: int = 200) -> Response:
    connector = commands.offered()[source.connector]
    standing: dict[str, Any] = {name: getattr(source, name) for name in (*TEXTS, "keep_good_rows")}
    standing |= written_name(source.name)
    owner = context.db().get_one(Organisation, source.owner_id)
    return frame.render(
        "sources/making/settings.html",
        status,
        section=SECTION,
        breadcrumb=above(source),
        source=source,
        action=SETTINGS.format(key=source.key),
        heading=context.texts().gettext(N_("Settings of the source")),
        lead=connector_words.named(source.connector, connector)[1],
        form=form,
        said=form.typed if form.typed is not None else standing,
        inputs=settings_form.inputs(connector.settings_model, source.settings, form.typed, names_setting(connector)),
        owners=[],
        usual=usual(),
        languages=named_languages(),
        folder=walls().of(owner.key),
    )
