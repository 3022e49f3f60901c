"""Two municipalities and their people, for commands about everybody in an organisation."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy.orm import Session

from iam import clock
from iam.change import Actor
from iam.directory.affiliation import Affiliation
from iam.signin.accounts.account import Account
from iam.signin.passwords.credentials import set_password
from iam.vault import Vault
from tests.kit.factories import facts
from tests.kit.people import OTHER, add_person, hold


class World:
    """A municipality with a school, another with none, and people with and without passwords."""

    def __init__(self, session: Session, vault: Vault) -> None:
        self.vault = vault
        self.tree = facts.tree(
            session,
            ("ROOT", "consortium", None, True),
            ("MARJALA", "municipality", "ROOT", True),
            ("KOIVU", "school", "MARJALA", False),
            ("KUUSILA", "municipality", "ROOT", True),
        )
        self.ids = {
            login: add_person(session, vault, login, None)
            for login in ("aino", "eino", "iiris", "olli", "unto", "vieno")
        }
        for login, organisation in (
            ("aino", "KOIVU"),
            ("eino", "MARJALA"),
            ("iiris", "KUUSILA"),
            ("olli", "KOIVU"),
            ("vieno", "KOIVU"),
        ):
            self.employ(session, login, organisation)
        self.employ(session, "unto", "KOIVU", ended=True)
        set_password(session, vault, self.ids["olli"], OTHER, Actor())
        hold(session, self.ids["vieno"])
        session.get_one(Account, self.ids["eino"]).language = "sv"

    def employ(self, session: Session, login: str, organisation: str, *, ended: bool = False) -> None:
        now, change = clock.now(), facts.change(session)
        place = self.tree[organisation]
        session.add(
            Affiliation(
                person_id=self.ids[login],
                organisation_id=place,
                kind="employee",
                valid_from=now - timedelta(days=9),
                valid_to=now + timedelta(days=-1 if ended else 9),
                opened_by=change.id,
            )
        )
