"""``iam agreement``: how agreements stand, and what a party does on one: the same acts as on its page."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import click
from sqlalchemy.orm import Session

from iam.access.administration import WHOLE
from iam.access.agreement_acts.act import SIGN, WRITE, Act, grantors
from iam.access.agreement_acts.cancel import Cancel
from iam.access.agreement_acts.notice import GiveNotice
from iam.access.agreement_acts.sign import Sign
from iam.access.agreement_acts.suspension import Lift, Suspend
from iam.access.asker import Asker
from iam.access.model.agreement import Agreement
from iam.access.model.amendments import amendments
from iam.access.pages import agreements as listing
from iam.access.pages.agreements import AGREEMENT_KEYS, AgreementState
from iam.cli.support import Console
from iam.plans import agreement_proposals

WAITS = 3
"""Exit code when nothing was done yet, for it waits for a second person."""
DAY = click.DateTime(["%Y-%m-%d"])
_PARTY = click.option("--party", required=True, metavar="ORGANISATION", help="The party that does it, by its key.")


@click.group()
def agreement() -> None:
    """Agreements between legal entities."""


@agreement.command("list")
@click.pass_obj
def list_(console: Console) -> None:
    """Print how the agreements stand that concern who asks."""
    with console.transaction() as session:
        part = console.part(session, console.actor(session), "agreements.read")
        rows = session.execute(listing.agreements(part).order_by(*AGREEMENT_KEYS)).all()
        states = listing.standings(session, [row[0].id for row in rows])
        found = [_data(row[0], states[row[0].id]) for row in rows]
    words = "\n".join(f"{one['key']}  {one['state']}  {one['case_number']}" for one in found)
    console.show(found, words or "No agreements.")


@agreement.command()
@click.argument("key")
@click.pass_obj
def show(console: Console, key: str) -> None:
    """Print how an agreement stands, party by party, and what waits about it."""
    with console.transaction() as session:
        found = _found(console, session, key, "agreements.read")
        state = listing.standings(session, [found.id])[found.id]
        data, waiting = _data(found, state), agreement_proposals.of_agreement(session, key)
        data["amendments"] = [
            {"n": one.n, "decided": one.decision, "delegation": one.delegation}
            for one in amendments(session, [found.id])[found.id]
        ]
        data["waits"] = None if waiting is None else {"digest": waiting.digest, **(waiting.stated or {})}
    parties = [f"  {one['party']}: {one['state']}" for one in data["parties"]]
    waits = ["It waits for a second person."] if data["waits"] else []
    console.show(data, "\n".join([f"{data['key']}: {data['state']}", *parties, *waits]))


@agreement.command()
@click.argument("key")
@_PARTY
@click.option("--on", "day", type=DAY, required=True, help="The day on which it was signed.")
@click.option("--by", "signed_by", help="Who signed.")
@click.option("--document", help="The number of the document.")
@click.option("--service", help="Through which service, where it was signed electronically.")
@click.pass_obj
def sign(
    console: Console,
    key: str,
    party: str,
    day: datetime,
    signed_by: str | None,
    document: str | None,
    service: str | None,
) -> None:
    """Record the signature of a party. What gives rights waits for a person of the grantor: exit code 3."""
    with console.transaction() as session:
        found = _found(console, session, key, SIGN)
        entity_id = console.organisation(session, party, WHOLE).id
        waits = _do(console, session, found, Sign(entity_id, day.date(), signed_by, document, service))
    _end(console, key, waits, f"The signature of {party} is recorded.")


@agreement.command()
@click.argument("key")
@_PARTY
@click.option("--last-day", type=DAY, help="The last day in force, where the agreement names no time of notice.")
@click.pass_obj
def notice(console: Console, key: str, party: str, last_day: datetime | None) -> None:
    """Give notice for a party."""
    last: date | None = None if last_day is None else last_day.date()
    with console.transaction() as session:
        found = _found(console, session, key, WRITE)
        act = GiveNotice(console.organisation(session, party, WHOLE).id, last)
        waits = _do(console, session, found, act)
        told = act.last(found)
    _end(console, key, waits, f"{party} gave notice; its last day is {told}.")


@agreement.command()
@click.argument("key")
@_PARTY
@click.option("--reason", required=True, help="Why it must stop now; whoever lifts it reads it.")
@click.pass_obj
def suspend(console: Console, key: str, party: str, reason: str) -> None:
    """Suspend an agreement at once: nobody has a right by it from the next request on."""
    with console.transaction() as session:
        found = _found(console, session, key, WRITE)
        waits = _do(console, session, found, Suspend(console.organisation(session, party, WHOLE).id, reason))
    _end(console, key, waits, f"{key} is suspended.")


@agreement.command()
@click.argument("key")
@_PARTY
@click.option("--reason", required=True, help="Why it is given up.")
@click.pass_obj
def cancel(console: Console, key: str, party: str, reason: str) -> None:
    """Cancel an agreement that is not in force yet: it never will be."""
    with console.transaction() as session:
        found = _found(console, session, key, WRITE)
        waits = _do(console, session, found, Cancel(console.organisation(session, party, WHOLE).id, reason))
    _end(console, key, waits, f"{key} is cancelled.")


@agreement.command()
@click.argument("key")
@click.pass_obj
def lift(console: Console, key: str) -> None:
    """Lift a suspension. Needs --as with a second person of every party that allows something."""
    with console.transaction() as session:
        found = _found(console, session, key, WRITE)
        waits = _do(console, session, found, Lift(min(grantors(session, found.id), default=found.owner_id)))
    _end(console, key, waits, f"{key} gives rights again.")


def _found(console: Console, session: Session, key: str, permission: str) -> Agreement:
    part = console.part(session, console.actor(session), permission)
    return listing.agreement_of(session, part, key).agreement


def _do(console: Console, session: Session, found: Agreement, act: Act) -> list[str]:
    actor = console.actor(session)
    asker: Asker = console.asker(session, actor)
    waits = agreement_proposals.do(session, found, act, asker, actor)
    return [console.texts.filled(one.message, one.params) for one in waits]


def _end(console: Console, key: str, waits: list[str], words: str) -> None:
    """Say what was done, or why it waits, with the exit code of that."""
    told = "\n".join(["Nothing was changed yet: it waits for a second person.", *waits]) if waits else words
    console.show({"agreement": key, "waits": waits}, told)
    if waits:
        click.get_current_context().exit(WAITS)


def _data(found: Agreement, state: AgreementState) -> dict[str, Any]:
    term = state.term
    return {
        "key": found.key,
        "case_number": found.case_number,
        "state": state.state,
        "from": None if term is None else term.valid_from,
        "to": None if term is None else term.valid_to,
        "parties": [
            {"party": line.entity.key, "state": line.state, "signed": line.party.signed_on} for line in state.parties
        ],
        "cancelled": found.cancelled_on and {"on": found.cancelled_on, "reason": found.cancelled_because},
        "suspended_because": None if state.suspension is None else state.suspension.reason,
    }
