"""What the controller tells people before they go on to a client: what for and by which law, in each language.

Kept among the client's metadata under the names that ``iam apply`` writes (``settings.CONTROLLERS``): the
first language that is said without a mark, so that it stands in for those that are missing, each other one as
``purpose#sv``.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy.orm import Session

from connectors.problem import Problem
from iam.access.administration import Part
from iam.change import Actor
from iam.errors import Invalid, NotFound
from iam.oidc.clients import by_page
from iam.oidc.clients.settings import CONTROLLERS
from iam.oidc.fields.values import LONGEST_TEXT
from iam.texts import LANGUAGES, N_

Words = Mapping[str, Mapping[str, str]]
"""Texts by name (``purpose``, ``legal_basis``) and language; a language in which nothing is said is left out or
empty."""


def words(metadata: Mapping[str, Any]) -> dict[str, dict[str, str]]:
    """Return what a client's metadata tell, as it is written: no text stands in for another here."""
    return {name: _in_languages(metadata, name) for name in CONTROLLERS}


def _in_languages(metadata: Mapping[str, Any], name: str) -> dict[str, str]:
    marked = {one: metadata[f"{name}#{one}"] for one in LANGUAGES if f"{name}#{one}" in metadata}
    plain = metadata.get(name)
    if plain is None or plain in marked.values():
        return marked
    return {LANGUAGES[0]: plain, **marked}


def tell(session: Session, part: Part, application_key: str, client_id: str, wanted: Words, actor: Actor) -> None:
    """Write what people are told; spaces are tidied. Nothing is written when nothing differs.

    As a declaration may, whoever does this answers for the whole consortium: raises ``NotFound`` for a smaller part and
    for a client that is not there, ``Invalid`` with the field (``purpose-sv``) of each text that cannot stand.
    """
    if not part.everything:
        raise NotFound(Problem("There is no such client, or it is outside your part."))
    owned, client = by_page.found(session, part, application_key, client_id)
    said = {name: _tidied(wanted.get(name, {})) for name in CONTROLLERS}
    _check(said)
    changed = [name for name, before in words(client.metadata_).items() if before != said[name]]
    if not changed:
        return
    kept = {member: value for member, value in client.metadata_.items() if not _is_written_here(member, changed)}
    client.metadata_ = kept | {member: text for name in changed for member, text in _members(name, said[name]).items()}
    session.flush()
    by_page.record(session, "admin:client:words-written", owned, actor, {"client": client_id, "words": sorted(changed)})


def _tidied(given: Mapping[str, str]) -> dict[str, str]:
    """Return the texts that say something. A law's text comes with hard spaces and line breaks of its own."""
    texts = {language: " ".join(given.get(language, "").split()) for language in LANGUAGES}
    return {language: text for language, text in texts.items() if text}


def _check(said: Words) -> None:
    wrong = [
        Problem(
            N_("This is longer than %(most)s characters, or has characters that cannot be shown."),
            N_("Write it shorter, as plain text."),
            field=f"{name}-{language}",
            params={"most": LONGEST_TEXT},
        )
        for name, texts in said.items()
        for language, text in texts.items()
        if not CONTROLLERS[name].values.permits(text)
    ]
    if wrong:
        raise Invalid(*wrong)


def _is_written_here(member: str, names: list[str]) -> bool:
    name, _, language = member.partition("#")
    return name in names and (not language or language in LANGUAGES)


def _members(name: str, texts: Mapping[str, str]) -> dict[str, str]:
    """Return the members that hold these texts; Finnish needs no mark, the language that is read where none is
    named."""
    marked = {f"{name}#{language}": text for language, text in texts.items() if language != LANGUAGES[0]}
    return {name: next(iter(texts.values())), **marked} if texts else {}
