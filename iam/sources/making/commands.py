"""What is done to a source on its pages: it is made, out of use at first, changed, taken into use and out of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel, ValidationError
from sqlalchemy import exists, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from connectors import registry
from connectors.contract import Connector, ReadsAll
from connectors.problem import Problem
from iam.access.administration import Part, may_touch
from iam.audit import log
from iam.change import Actor, Change, begin
from iam.database.types import uuid7
from iam.directory.organisation import Organisation
from iam.directory.source import Source
from iam.errors import Conflict, Invalid
from iam.signin import last_administrator
from iam.signin.accounts import ending
from iam.signin.federation import reach
from iam.sources.making import files, hidden, settings
from iam.sources.making.files import Files
from iam.sources.making.said import FIELDS, USUAL_PRIORITY, SourceSaid
from iam.texts import N_

_IN_USE = Problem(N_("This key is in use."), N_("Choose another key."), field="key")
CHANGEABLE = frozenset(FIELDS) - {"connector", "disabled"}


def offered() -> dict[str, type[Connector]]:
    """Return the connectors of which a source can be made on a page, by name: those that read a system."""
    found = {name: _loaded(name) for name in registry.names() if name != "memory"}
    return {name: one for name, one in found.items() if one is not None and issubclass(one, ReadsAll)}


def _loaded(name: str) -> type[Connector] | None:
    try:
        return registry.connector(name)
    except ImportError:
        # A package that is broken takes only its own sources down.
        return None


def make(session: Session, said: Mapping[str, Any], part: Part, walls: Files, actor: Actor) -> Source:
    """Make a source of an organisation in the part, paused, and return it.

    Raises ``Invalid`` with everything that is wrong, each with its field (``settings.path``), and ``Conflict`` for a
    key that is in use.
    """
    item = _read({**said, "disabled": True})
    owner = session.scalars(select(Organisation).where(Organisation.key == item.owner)).one_or_none()
    if owner is None or not may_touch(session, part, owner.id):
        raise Invalid(
            Problem(
                "There is no organisation %(key)s.",
                N_("Choose an organisation of your part."),
                field="owner",
                params={"key": item.owner},
            )
        )
    if session.scalar(select(exists().where(Source.key == item.key))):
        raise Conflict(_IN_USE)
    values = _checked(item, {}, part, walls)
    change = begin(session, "command", actor, f"source {item.key}: make")
    source = Source(id=uuid7(), key=item.key, owner_id=owner.id, **values)
    try:
        with session.begin_nested():
            session.add(source)
    except IntegrityError:
        # Somebody else made one of this key at the same moment.
        raise Conflict(_IN_USE) from None
    _tell(session, "source:config:made", source, change, actor, connector=item.connector)
    return source


def change(
    session: Session, source: Source, said: Mapping[str, Any], part: Part, walls: Files, actor: Actor
) -> frozenset[str]:
    """Change what ``said`` says of a source, and return what differs by that; raises ``Invalid`` as ``make`` does.

    Secret settings that are not said stay as they are, unless what they are sent to is changed.
    """
    standing = {name: getattr(source, name) for name in FIELDS}
    owner = session.get_one(Organisation, source.owner_id).key
    given = {name: value for name, value in said.items() if name in CHANGEABLE}
    values = _checked(_read({"key": source.key, "owner": owner} | standing | given), standing, part, walls)
    differing = frozenset(name for name in CHANGEABLE if values[name] != standing[name])
    if not differing:
        return differing
    made = begin(session, "command", actor, f"source {source.key}: change")
    for name in differing:
        setattr(source, name, values[name])
    if "schedule" in differing:
        source.scheduled_at = None
    _tell(session, "source:config:changed", source, made, actor, fields=sorted(differing))
    return differing


def disable(session: Session, source: Source, actor: Actor) -> None:
    """Read nothing of a source any more, and end the sessions that it proved; nothing when it is out of use already.

    Raises ``Conflict`` where nobody would administer the whole any more who can sign in: by its directory they do.
    """
    if source.disabled:
        return
    made = begin(session, "command", actor, f"source {source.key}: pause")
    with last_administrator.kept(session):
        source.disabled = True
    ending.end_by(session, actor, "source disabled", reach.of_source(source.id))
    _tell(session, "source:use:paused", source, made, actor)


def resume(session: Session, source: Source, actor: Actor) -> None:
    """Take a source into use; nothing when it is. Raises ``Invalid`` for one that cannot be read as it is set."""
    if not source.disabled:
        return
    item = _read({name: getattr(source, name) for name in FIELDS} | {"key": source.key, "owner": "x"})
    found = list(settings.problems(registry.connector(item.connector), item.settings))
    found += settings.matching_problems(item.connector, item.matching, item.correlate)
    if found:
        raise Invalid(*found)
    made = begin(session, "command", actor, f"source {source.key}: resume")
    source.disabled = False
    _tell(session, "source:use:resumed", source, made, actor)


def _read(said: Mapping[str, Any]) -> SourceSaid:
    try:
        return SourceSaid.model_validate(said)
    except ValidationError as error:
        raise Invalid(*settings.of_model(error, SourceSaid)) from None


def _checked(item: SourceSaid, standing: Mapping[str, Any], part: Part, walls: Files) -> dict[str, Any]:
    """Return what is to be written of a source; raises ``Invalid`` with everything that is wrong."""
    connector = offered().get(item.connector)
    if connector is None:
        names = ", ".join(offered())
        raise Invalid(
            Problem(
                "There is no such connector.", "Use one of: %(allowed)s.", field="connector", params={"allowed": names}
            )
        )
    before = standing.get("settings") or {}
    kept = _kept(item, connector, before)
    values, found = settings.completed(connector, item.settings, kept)
    folder = walls.of(item.owner)
    found += files.problems(connector.settings_model, item.settings, before, folder)
    found += settings.matching_problems(item.connector, item.matching, item.correlate)
    found += _priority(item, standing, part)
    if found:
        raise Invalid(*found)
    name = None if item.name is None else item.name.model_dump()
    return {one: getattr(item, one) for one in FIELDS} | {"settings": values, "name": name}


def _kept(item: SourceSaid, connector: type[Connector], before: Mapping[str, Any]) -> dict[str, Any]:
    """Return the secrets that stay: none where something is changed that says where they go."""
    model, secret = connector.settings_model, hidden.secret_names(item.connector)
    whither = getattr(model, "secrets_go_by", None)
    asked = set(model.model_fields) if whither is None else set(whither)
    said, standing = hidden.without(item.settings, secret), hidden.without(before, secret)
    if any(_said(model, name, said) != _said(model, name, standing) for name in asked - secret):
        return {}
    return hidden.alone(before, secret)


def _said(model: type[BaseModel], way: str, said: Mapping[str, Any]) -> Any:
    """Return what is said of the setting at ``way``, typed or declared, or what holds where nothing is."""
    name, _, within = way.partition(".")
    info = model.model_fields[name]
    found = said.get(name, None if info.is_required() else info.get_default(call_default_factory=True))
    inner = hidden.group(info.annotation)
    if within and inner is not None:
        return _said(inner, within, found) if isinstance(found, Mapping) else None
    if isinstance(found, (list, tuple)):
        return list(found)
    return found if found is None or isinstance(found, Mapping) else str(found)


def _priority(item: SourceSaid, standing: Mapping[str, Any], part: Part) -> list[Problem]:
    """A source that wins over the usual ones says how people are called elsewhere too."""
    if part.everything or item.priority >= USUAL_PRIORITY or item.priority == standing.get("priority"):
        return []
    return [
        Problem(
            N_("This number lets the source win over those of others."),
            N_("Write at least %(allowed)s, or ask an administrator of the whole consortium."),
            field="priority",
            params={"allowed": USUAL_PRIORITY},
        )
    ]


def _tell(session: Session, type_: str, source: Source, made: Change, actor: Actor, **more: Any) -> None:
    envelope = {"source": source.key} | more
    log.write(session, type_, actor, organisation_id=source.owner_id, change_id=made.id, envelope=envelope)
