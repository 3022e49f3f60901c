"""Texts that would be markup, a script or a formula if anybody took them for more than text, in every field that
somebody writes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import count
from typing import Any

from sqlalchemy import String, select
from sqlalchemy.orm import Session
from werkzeug.routing import Rule

from iam.access.model.role import Application, RoleVersion
from iam.database.base import Base
from iam.directory.affiliation import Affiliation, Group
from iam.directory.organisation import Organisation
from iam.directory.person import PersonProfile
from iam.directory.source import RunReject, Source
from iam.oidc.model import Client
from iam.signin.federation.connection import Connection
from tests.kit.worlds import neighbour
from tests.kit.worlds.admin import World

TAG = "avain-canary"
RUNNING = (
    f"<img src=x onerror=alert('{TAG}')>",
    f"</title><script>alert('{TAG}')</script>",
    f"\"><svg onload=alert('{TAG}')>",
    f"' autofocus onfocus=alert('{TAG}') x='",
    f"<iframe srcdoc=\"<script>alert('{TAG}')</script>\">",
    f"<img src=//evil.example/{TAG}>",
    f"</script><script src=//evil.example/{TAG}></script>",
    f"<details open ontoggle=alert('{TAG}')>",
)
"""What a browser acts upon when it takes it for markup: a picture that fails, scripts, events, frames, requests to
elsewhere."""
PAYLOADS = (
    f'"><{TAG} onload=alert(1)>',
    f"'><{TAG} onmouseover='alert(1)'>",
    f"</script><{TAG}>",
    f"</title></textarea><{TAG}>",
    f"--><{TAG}>",
    f"<{TAG}",
    f"{{{{7*7}}}}<{TAG}>",
    f'" {TAG}="',
    f"' {TAG}='",
    f"`{TAG}`",
    f"\\u003c{TAG}>",
    f"&lt;{TAG}&gt;",
    f"javascript:alert('{TAG}')",
    f'=HYPERLINK("http://evil.example/{TAG}")',
    f"\u202e<{TAG}>",
    f"<svg><{TAG}>",
    f"<style>@import '//evil.example/{TAG}'</style>",
    *RUNNING,
)
_FACTS: Mapping[type[Base], set[str]] = {
    PersonProfile: set(),
    Organisation: {"key", "kind"},
    Affiliation: {"kind"},
    Group: {"kind"},
    Source: {"key", "connector", "zone"},
    RunReject: {"kind"},
}
"""What somebody writes, with its columns that hold words of ours."""
_NAMED: tuple[Any, ...] = (Application, RoleVersion, Connection)


def write(world: World) -> None:
    """Add a neighbour to the consortium, and make every text that anybody may write a payload."""
    neighbour.build(world)
    with Session(world.engine) as session, session.begin():
        session.add(
            Connection(
                key="kunta",
                name={"fi": "x"},
                issuer="https://a.example",
                client_id="a",
                secret=None,
                domains=[],
                identifier={},
            )
        )
        session.flush()
        numbers = count()
        _write_facts(session, numbers)
        for one in _NAMED:
            for row in session.scalars(select(one)):
                row.name = {language: PAYLOADS[next(numbers) % len(PAYLOADS)] for language in ("fi", "sv", "en")}
        for client in session.scalars(select(Client)):
            client.metadata_ = {
                "purpose": PAYLOADS[0],
                "legal_basis": PAYLOADS[1],
                "policy_uri": PAYLOADS[12],
                "contacts": [PAYLOADS[2]],
            }
        assert next(numbers) > 60


def _write_facts(session: Session, numbers: Iterator[int]) -> None:
    for model, skipped in _FACTS.items():
        columns = [
            column.key
            for column in model.__mapper__.column_attrs
            if isinstance(column.columns[0].type, String) and column.key not in skipped
        ]
        for row in session.scalars(select(model)):
            for name in columns:
                if getattr(row, name) is not None:
                    n = next(numbers)
                    setattr(row, name, PAYLOADS[n % len(PAYLOADS)] + str(n))


def rules(world: World, method: str) -> Iterator[Rule]:
    """The routes that answer a method."""
    for rule in world.app.url_map.iter_rules():
        if method in (rule.methods or ()) and rule.endpoint != "static":
            yield rule


def addresses(world: World) -> list[str]:
    """Every page, with what is the neighbour's and what is one's own."""
    found = []
    for rule in rules(world, "GET"):
        if rule.rule.startswith("/admin"):
            found += [neighbour.address(world, rule, theirs) for theirs in (set(), set(rule.arguments))]
        elif not rule.arguments:
            found.append(rule.rule)
    people = [
        f"/admin/persons/{world.ids[who]}?tab={tab}"
        for who in ("anna", neighbour.MARK)
        for tab in ("rights", "facts", "timeline", "log", "signin", "trace", "seen")
    ]
    asked = [f"{path}?q={TAG}" for path in ("/admin/persons", "/admin/organisations", "/admin/rules", "/admin/roles")]
    sent = [f"/login?login_hint=%22><{TAG}>", f"/login?lang=<{TAG}>", f"/admin/persons?q=%22><{TAG}>"]
    return sorted({*found, *people, *asked, *sent})
