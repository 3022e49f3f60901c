"""How an empty installation begins: the top of the tree and its first administrator, stated as any declaration, so that
``iam export`` gives them back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import exists, select
from sqlalchemy.orm import Session

from connectors.problem import Problem
from iam.apply.declared.said import Said
from iam.apply.export import in_yaml
from iam.apply.run import run_said
from iam.audit import log
from iam.change import Actor
from iam.directory.organisation import Organisation
from iam.errors import Conflict, Invalid
from iam.texts import N_
from iam.vault import Vault

ADMIN = "admin"


@dataclass(frozen=True, slots=True)
class Beginning:
    """The consortium by ``key`` and ``name``, and who administers it first."""

    key: str
    name: str
    login: str
    given_names: str
    family_name: str
    email: str | None = None

    @property
    def said(self) -> Said:
        """It as the text of a file."""
        return Said([("init.yaml", in_yaml(self._rows()))], {})

    def _rows(self) -> dict[str, list[dict[str, Any]]]:
        tree = {"key": self.key, "kind": "consortium", "name": {"fi": self.name}, "legal_entity": True}
        names = {"given_names": self.given_names, "family_name": self.family_name, "email": self.email}
        works = [{"organisation": self.key, "kind": "employee"}]
        return {
            "organisations": [tree],
            "persons": [{"login": self.login, **names, "affiliations": works}],
            "administrators": [{"login": self.login, "organisation": self.key, "permissions": [ADMIN]}],
        }


def begin(session: Session, beginning: Beginning, actor: Actor, vault: Vault) -> None:
    """Begin in the session's transaction, with its event. Raises ``Conflict`` where there is an organisation already,
    ``Invalid`` with what is wrong."""
    if session.scalar(select(exists().where(Organisation.key.is_not(None)))):
        remedy = N_("Make another administrator with iam person make-admin, or on the pages.")
        raise Conflict(Problem(N_("This installation has begun already: it has organisations."), remedy))
    report = run_said(session, beginning.said, actor, vault, consortium=beginning.name)
    if report.problems:
        raise Invalid(*report.problems)
    assert report.applied is not None
    envelope = {"organisation": beginning.key, "login": beginning.login}
    log.write(session, "config:installation:begun", actor, change_id=report.applied.change_id, envelope=envelope)
