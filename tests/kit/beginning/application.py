"""An application with a client, roles with content, organisations that enable it, and a rule by form."""

from __future__ import annotations

from typing import NamedTuple

from tests.kit.beginning.desk import Desk

APPLICATION = "/admin/applications/wilma"


class Role(NamedTuple):
    """A role of the application: its code, its name, and what it holds."""

    key: str
    name: str
    content: tuple[str, ...]


class Rule(NamedTuple):
    """A rule: its name, its owner, the occupation it asks for, the role it gives, and where (None: where the position
    is)."""

    key: str
    owner: str
    occupation: str
    role: str
    where: str | None = None


TEACHER = Role("opettaja", "Opettaja", ("oppilaat:read", "arviointi:write"))
PSYCHOLOGIST = Role("psykologi", "Koulupsykologi", ("nimi:read", "luokka:read"))
TEACHES = Rule("opettaja-wilmaan", "Mansikkala", "luokanopettaja", "Opettaja")
LISTENS = Rule("psykologi-wilmaan", "Marjalan hyvinvointialue", "psykologi", "Koulupsykologi", "Mansikkala")


class Registered(NamedTuple):
    """What the developer of an application copies."""

    client_id: str
    secret: str


def add_application(desk: Desk, redirect_uri: str) -> Registered:
    """Register Wilma, owned by a municipality, with a client whose people come back to an address."""
    desk.goto("/admin/")
    desk.follow("Sovellus: palvelu, johon ihmiset kirjautuvat")
    desk.looked_at("application-none")
    desk.follow("Lisää sovellus")
    desk.fill(Palvelun_nimi="Wilma", Omistaja="Mansikkala")
    desk.page.locator("label", has_text="Verkkosovellus").click()
    desk.say("Paluuosoitteet (redirect_uri)", redirect_uri)
    desk.seen("application-new")
    desk.press("Rekisteröi")
    desk.seen("application-made")
    return Registered("wilma-web", desk.page.locator("#secret").inner_text())


def enable(desk: Desk, *organisations: str) -> None:
    """Let organisations use it."""
    for name in organisations:
        desk.goto(f"{APPLICATION}/organisations")
        desk.press(f"Ota käyttöön: {name}")


def add_role(desk: Desk, role: Role) -> None:
    """Add a role with its content."""
    desk.goto(APPLICATION)
    desk.follow("Lisää rooli")
    desk.fill(Koodi=role.key)
    desk.say("Nimi (Suomi)", role.name)
    desk.say("Muu tietoryhmä tai toiminto", "\n".join(role.content))
    desk.say("Miten rooli tulee voimaan", "vaikuttaa muutamassa minuutissa: palvelu lukee sen kirjautuessa")
    desk.press("Näytä vaikutus")
    desk.seen(f"role-{role.key}")
    desk.press("Tallenna rooli")
    desk.sees("Rooli on tallennettu")


def publish_rule(desk: Desk, rule: Rule) -> None:
    """Write a rule with the form and publish it."""
    desk.goto("/admin/rules/new")
    desk.fill(Säännön_nimi=rule.key, Omistaja=rule.owner)
    desk.tick("Työntekijä")
    desk.say("Muu koodi", rule.occupation)
    desk.field("Rooli").select_option(label=f"Wilma: {rule.role}")
    if rule.where:
        desk.fill(Missä="alla nimetyssä organisaatiossa", Organisaatio=rule.where)
    desk.press("Näytä vaikutus")
    desk.seen(f"rule-{rule.key}")
    desk.press("Julkaise sääntö")
