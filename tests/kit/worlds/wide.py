"""Two schools' worth of everything, for those who walk over every route: what is a reader's own, what is foreign, and
what is nowhere.

Every foreign thing has a name that nothing else has (``CANARIES``), so that wherever it is told it is seen.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any
from uuid import UUID

from sqlalchemy import select, update
from werkzeug.routing import Rule
from werkzeug.test import TestResponse

from iam import clock
from iam.access.commands.appointing import Appointment
from iam.access.model.agreement import Agreement, AgreementClause, AgreementParty, AgreementTerm, ClauseContent
from iam.access.model.assignment import AdminGrant, Assignment
from iam.access.model.proposal import Proposal
from iam.access.model.role import ApplicationEnabled, DataGroup, RoleVersion
from iam.access.model.rule import RuleVersion
from iam.change import Change
from iam.database.types import uuid7
from iam.delivery.outbox import Message
from iam.directory.affiliation import Group, Membership
from iam.directory.occupation import Occupation
from iam.directory.person import Identifier
from iam.directory.source import Ambiguity, SourceOpening
from iam.oidc.model import Attempt
from iam.signin.federation.connection import Connection
from tests.kit.factories import consortium, waiting_bulk
from tests.kit.worlds import catalogue
from tests.kit.worlds.admin import TREE, World, administer, employ, give, person

UNKNOWN = "0192f000-0000-7000-8000-000000000000"
CANARIES = (
    "Kanaria",
    "Kiisunen",
    "Kiisu",
    "Rehtorikanaria",
    "kanariasovellus",
    "kanariarooli",
    "kanariasyote",
    "kanariasaanto",
    "kanarialista",
    "kanariakoodi",
    "kanariasopimus",
    "kanariayhteys",
    "Vieras",
    "Erityisopettaja",
    "Kuusi",
    "Mustikkala",
)
"""What the foreign things are called; nothing else here has any of these words in it."""
Objects = Mapping[str, Mapping[str, str]]
"""By the first word of the address: the route's arguments."""


def routes(world: World, method: str, endpoints: str = "admin.") -> list[Rule]:
    """Every route of the administration pages (``api.``: of the API) that answers ``method``, but for its door."""
    found = [one for one in world.app.url_map.iter_rules() if one.endpoint.startswith(endpoints)]
    door = ("admin.login", "admin.callback")
    return [one for one in found if method in (one.methods or ()) and one.endpoint not in door]


def fill(rule: Rule, given: Objects, place: int = 2) -> str:
    """Return the address of a route with the arguments filled in; a route that is new here has to be told of in
    ``objects``. ``place`` is where the address tells what it is about."""
    values = given.get(rule.rule.split("/")[place].split(".")[0], {})
    missing = rule.arguments - values.keys()
    assert not missing, f"say in wide.objects() which {missing} {rule} is about"
    built = rule.build({name: values[name] for name in rule.arguments})
    assert built is not None
    return built[1]


def mixed(rule: Rule, own: Objects, other: Objects) -> Iterator[str]:
    """Yield the addresses of a route in which one argument is another's and the rest are one's own; of all another's,
    too."""
    section = rule.rule.split("/")[2].split(".")[0]
    for argument in sorted(rule.arguments):
        yield fill(rule, {section: {**own.get(section, {}), argument: other.get(section, {})[argument]}})
    if len(rule.arguments) > 1:
        yield fill(rule, other)


def said(response: TestResponse) -> str:
    """Return what a page tells, without what differs at every look: the code of a request, a form's token, its own
    address."""
    own = r'(name="(csrf_token|from_page)" value|nonce)="[^"]*"|href="[^"]*[?;]lang=[^"]*"'
    text = re.sub(own, "", response.text)
    return re.sub(r"mention this code.*?</code>", "", text, flags=re.DOTALL)


def build(world: World) -> None:
    """Fill the world: the school KOIVU is one's own, MUSTIKKALA with its school KUUSI is foreign, RANTA is beside
    KOIVU."""
    catalogue.application(world, "oma", "KOIVU", "omarooli")
    catalogue.application(world, "kanariasovellus", "MUSTIKKALA", "kanariarooli")
    world.write(
        RoleVersion(
            role_id=world.ids["omarooli"],
            n=2,
            name={"fi": "Omarooli"},
            enforcement="at use",
            change_id=world.ids["change"],
        )
    )
    consortium.client(world, "wilma", "wilma")
    for key, at in (("oma", "KOIVU"), ("kanariasovellus", "KUUSI")):
        world.write(DataGroup(application_id=world.ids[key], key=key, name={"fi": f"{key} fi"}))
        world.write(ApplicationEnabled(application_id=world.ids["wilma"], organisation_id=world.ids[at]))
    person(world, "kiisu", "Kiisunen")
    employ(world, "kiisu", "KUUSI", "Rehtorikanaria")
    give(world, "kiisu", "KUUSI")
    _rules(world)
    _agreements(world)
    _sources(world)
    _groups(world)
    _messages(world)
    _attempts(world)
    _administrators(world)


def _administrators(world: World) -> None:
    """What sanna administers in KOIVU, and somebody foreign in KUUSI; and an appointment that waits in each."""
    person(world, "kolli", "Kiisunen")
    employ(world, "kolli", "KUUSI", "Rehtorikanaria")
    administer(world, "kolli", "KUUSI", "sessions.end")
    for name, who, appointed, place in (("own", "sanna", "anna", "KOIVU"), ("foreign", "kolli", "kiisu", "KUUSI")):
        waits = appointment(world, appointed, place)
        world.write(waits)
        world.ids[f"{name} grant"] = grant_of(world, who)
        world.ids[f"{name} appointment"] = waits.id


def grant_of(world: World, login: str) -> UUID:
    """Return the id by which lists name what a person administers."""
    query = select(AdminGrant.id).where(AdminGrant.person_id == world.ids[login]).order_by(AdminGrant.id)
    with world.transaction() as session:
        return session.scalars(query.limit(1)).one()


def appointment(world: World, login: str, organisation: str) -> Proposal:
    """Somebody's appointment in an organisation, which paula wants and another must accept."""
    today = clock.today()
    permissions = frozenset({"sessions.end"})
    act = Appointment("appoint", world.ids[login], world.ids[organisation], permissions, today, today)
    return Proposal(
        kind="administrator",
        key=f"{login} in {organisation}",
        digest="x",
        owner_id=world.ids[organisation],
        counts={"gain": 1, "lose": 0},
        reasons=[],
        stated=act.stated(),
        proposed_by=world.ids["paula"],
        proposed_at=clock.now(),
    )


def _rules(world: World) -> None:
    catalogue.rule(world, "omasaanto", "KOIVU")
    _altered(world, "omasaanto")
    consortium.role(world, "wilma", "avustaja")
    bound = {"affiliation": {"kind": "employee", "organisation": {"is": "KUUSI"}}}
    pattern = {"bind": {"a": bound}, "gives": {"role": "wilma:avustaja", "scope": "organisation of a"}}
    catalogue.rule(world, "kanariasaanto", "KUUSI", pattern)
    world.write(Occupation(code="omaammatti", name={"fi": "Oma ammatti"}))
    catalogue.code_list(world, "omalista", "opettaja", owner="KOIVU")
    catalogue.code_list(world, "kanarialista", "kanariakoodi", owner="KUUSI")
    world.write(by_rule(world, "anna", "KOIVU", "omasaanto"), by_rule(world, "kiisu", "KUUSI", "kanariasaanto"))
    world.write(waiting(world, "anna", "KOIVU", "omasaanto"), waiting(world, "kiisu", "KUUSI", "kanariasaanto"))


def _altered(world: World, rule: str) -> None:
    """Let a rule have a second version, so that its first can be restored."""
    with world.transaction() as session:
        session.execute(update(RuleVersion).where(RuleVersion.rule_id == world.ids[rule]).values(state="withdrawn"))
    bound = {"affiliation": {"kind": "employee"}}
    pattern = {"bind": {"a": bound}, "gives": {"role": "wilma:opettaja", "scope": "organisation of a"}}
    catalogue.version(world, rule, 2, "published", pattern)


def waiting(world: World, who: str, organisation: str, rule: str) -> Proposal:
    """The withdrawal of a rule, which somebody wants and another must accept."""
    return Proposal(
        kind="withdrawal",
        key=rule,
        digest="x",
        owner_id=world.ids[organisation],
        counts={"gain": 0, "lose": 1},
        reasons=[],
        proposed_by=world.ids[who],
        proposed_at=clock.now(),
    )


def by_rule(world: World, login: str, organisation: str, rule: str, **changes: Any) -> Assignment:
    """A right that a rule gives to somebody employed in an organisation."""
    entity = world.ids[str(TREE[organisation][0])]
    values: dict[str, Any] = {
        "person_id": world.ids[login],
        "capacity_id": world.ids[f"{login} {organisation}"],
        "capacity_kind": "employee",
        "fact_1": world.ids[f"{login} {organisation} v"],
    }
    return Assignment(
        role_id=world.ids["opettaja"],
        role_version_id=world.ids["opettaja v1"],
        scope_id=world.ids[organisation],
        holder_entity_id=entity,
        scope_entity_id=entity,
        origin="rule",
        rule_version_id=version_of(world, rule),
        place_id=uuid7(),
        **world.lasting(100),
        **{**values, **changes},
    )


def version_of(world: World, rule: str) -> UUID:
    """Return the id of a rule's newest version."""
    query = select(RuleVersion.id).where(RuleVersion.rule_id == world.ids[rule]).order_by(RuleVersion.n.desc())
    with world.transaction() as session:
        return session.scalars(query.limit(1)).one()


def _agreements(world: World) -> None:
    catalogue.agreement(world, "omasopimus")
    catalogue.template(world, "omapohja", "KOIVU")
    catalogue.template(world, "kanariapohja", "MUSTIKKALA")
    _closed_clause(world, "omasopimus")
    row = Agreement(
        key="kanariasopimus",
        case_number="K-1",
        decision={},
        purpose="Kanaria",
        legal_basis={"act": "1/2013"},
        owner_id=world.ids["MUSTIKKALA"],
    )
    world.write(row)
    world.write(
        AgreementParty(
            agreement_id=row.id,
            legal_entity_id=world.ids["MUSTIKKALA"],
            role="controller",
            signed_on=clock.today(),
            in_from=clock.day_start(clock.today()),
            **world.lasting(),
        ),
        AgreementTerm(agreement_id=row.id, **world.lasting()),
        catalogue.noticed(world, "omasopimus", "MANSIKKALA", owner="MANSIKKALA"),
        catalogue.noticed(world, "kanariasopimus", "MUSTIKKALA", owner="MUSTIKKALA"),
    )


def _closed_clause(world: World, agreement: str) -> None:
    """A clause that a later change closed: it can be restored."""
    change = Change(kind="command", at=clock.now())
    world.write(change)
    world.ids[f"{agreement} change"] = change.id
    row = AgreementClause(
        agreement_id=world.ids[agreement],
        n=5,
        grantor_id=world.ids["MANSIKKALA"],
        grantee_id=world.ids["MUSTIKKALA"],
        scope_id=world.ids["MANSIKKALA"],
        with_descendants=True,
        valid_from=clock.LONG_AGO,
        valid_to=clock.FOREVER,
        opened_by=world.ids["change"],
        closed_by=change.id,
    )
    world.write(row)
    world.write(ClauseContent(clause_id=row.id, occupation="psykologi", data_group="nimi", operation="read"))


def _sources(world: World) -> None:
    for key, owner in (("omasyote", "KOIVU"), ("kanariasyote", "MUSTIKKALA")):
        catalogue.source(world, key, owner)
        plan = catalogue.plan(world, key)
        run = catalogue.run(world, key, plan_id=plan.id, counts={"rows": 2, "rejected": 1})
        world.write(
            catalogue.reject(run.id, 1),
            catalogue.effect(world, plan.id, "start", world.ids["KOIVU"], person_id=world.ids["anna"]),
            catalogue.effect(world, plan.id, "start", world.ids["KUUSI"], person_id=world.ids["kiisu"]),
            catalogue.effect(
                world,
                plan.id,
                "gain",
                world.ids["KUUSI"],
                person_id=world.ids["kiisu"],
                role_id=world.ids["opettaja"],
                affiliation_kind=None,
            ),
        )
        people = sorted(str(world.ids[who]) for who in ("anna", "kiisu"))
        unclear = Ambiguity(source_id=world.ids[key], person_key="10001", run_id=run.id, candidates=people)
        world.write(unclear)
        world.ids.update({f"{key} run": run.id, f"{key} unclear": unclear.id})
    for name, place in (("own", "KOIVU"), ("foreign", "KUUSI")):
        opening = SourceOpening(source_id=world.ids["hr"], organisation_id=world.ids[place], **world.lasting())
        world.write(opening)
        world.ids[f"{name} opening"] = opening.id
    world.write(
        Connection(
            key="kanariayhteys",
            name={"fi": "Kanariayhteys"},
            issuer="https://kanaria.example",
            client_id="k",
            domains=[],
            identifier={},
            owner_id=world.ids["MUSTIKKALA"],
        )
    )


def _messages(world: World) -> None:
    now = clock.now()
    common: dict[str, Any] = {"created_at": now, "due_at": now, "given_up_at": now, "attempts": 28}
    for name, client, who in (("own", "oma", "anna"), ("foreign", "kanariasovellus", "kiisu")):
        logout = Message(kind="backchannel-logout", target=client, payload={}, last_error="status 503", **common)
        mail = Message(
            kind="mail",
            target="mail server",
            payload={"person": str(world.ids[who]), "language": "fi"},
            last_error="status 550",
            **common,
        )
        world.write(logout, mail)
        world.ids.update({f"{name} logout": logout.id, f"{name} mail": mail.id})


def _attempts(world: World) -> None:
    for who, place in (("anna", "KOIVU"), ("anna", "KUUSI"), ("kiisu", "KUUSI")):
        at = str(world.ids[f"{who} {place}"])
        world.write(
            attempt(
                world, who, {"step": "capacity", "id": at, "kind": "employee", "organisation": place, "enters": True}
            )
        )


def attempt(world: World, who: str, capacity: Mapping[str, Any], client: str = "wilma") -> Attempt:
    """A sign-in that went through in a capacity."""
    always = {"from": clock.LONG_AGO.isoformat(), "to": clock.FOREVER.isoformat()}
    steps = [
        {"step": "sign-in", "acr": None, "least": None},
        {**always, **capacity},
        {"step": "answer", "capacity": capacity["id"]},
    ]
    return Attempt(
        id=uuid7(),
        at=clock.now(),
        request_id="",
        client_id=client,
        person_id=world.ids[who],
        outcome="issued",
        steps=steps,
    )


def _groups(world: World) -> None:
    for name, place, member in (("omaryhma", "KOIVU", "anna"), ("Kanariaryhma", "KUUSI", "kiisu")):
        row = Group(organisation_id=world.ids[place], key=name.lower(), name=name)
        world.write(row)
        world.ids[name] = row.id
        world.ids[f"{name} bulk"] = waiting_bulk.bulk_act(world, member, place)
        world.write(Membership(group_id=row.id, person_id=world.ids[member], **world.lasting()))


def local(world: World) -> None:
    """Add lauri, an administrator with every permission over the school KOIVU, and none elsewhere."""
    person(world, "lauri", "Paikallinen")
    administer(world, "lauri", "KOIVU", "admin")


def objects(world: World) -> tuple[Objects, Objects, Objects]:
    """Return what one's own, foreign and missing objects are called in addresses, by the first word of the address."""
    ids = {name: str(id_) for name, id_ in world.ids.items()}
    own = named_things(
        ids["anna"],
        ids["anna right KOIVU"],
        ids["KOIVU"],
        "oma",
        "omarooli",
        "omasaanto",
        "omasopimus",
        "omasyote",
        ids["omasyote run"],
        ids["omasyote unclear"],
        ids["own logout"],
        ids["own mail"],
        change=ids["omasopimus change"],
        connector="hr",
        opening=ids["own opening"],
        grant=ids["own grant"],
        appointment=ids["own appointment"],
        group=ids["omaryhma"],
        act="rename",
        does="give-right",
        bulk=ids["omaryhma bulk"],
    )
    foreign = named_things(
        ids["kiisu"],
        ids["kiisu right KUUSI"],
        ids["KUUSI"],
        "kanariasovellus",
        "kanariarooli",
        "kanariasaanto",
        "kanariasopimus",
        "kanariasyote",
        ids["kanariasyote run"],
        ids["kanariasyote unclear"],
        ids["foreign logout"],
        ids["foreign mail"],
        clause="2",
        version="7",
        opening=ids["foreign opening"],
        grant=ids["foreign grant"],
        appointment=ids["foreign appointment"],
        group=ids["Kanariaryhma"],
        bulk=ids["Kanariaryhma bulk"],
    )
    missing = {section: {name: _absent(name) for name in values} for section, values in own.items()}
    return own, foreign, missing


def _absent(name: str) -> str:
    if name == "n":
        return "99"
    return UNKNOWN if name.endswith("_id") and name != "client_id" else "eioleolemassa"


def named_things(
    who: str,
    right: str,
    place: str,
    application: str,
    role: str,
    rule: str,
    agreement: str,
    source: str,
    run: str,
    unclear: str = UNKNOWN,
    logout: str = UNKNOWN,
    mail: str = UNKNOWN,
    clause: str = "1",
    version: str = "1",
    change: str = UNKNOWN,
    connector: str = "eioleolemassa",
    opening: str = UNKNOWN,
    grant: str = UNKNOWN,
    appointment: str = UNKNOWN,
    group: str = UNKNOWN,
    act: str = "eioleolemassa",
    does: str = "eioleolemassa",
    bulk: str = UNKNOWN,
) -> dict[str, dict[str, str]]:
    """Return the arguments of routes by the first word of the address."""
    return {
        "persons": {
            "person_id": who,
            "assignment_id": right,
            "guardian_id": who,
            "request_id": UNKNOWN,
            "fact_id": right,
        },
        "organisations": {"organisation_id": place, "opening_id": opening, "act": act},
        "groups": {"group_id": group},
        "bulk": {"does": does, "bulk_id": bulk},
        "applications": {
            "key": application,
            "application": application,
            "client_id": application,
            "organisation_id": place,
        },
        "roles": {"application": application, "key": role, "n": version},
        "rules": {"key": rule, "n": version},
        "occupations": {"code": rule.replace("saanto", "ammatti")},
        "code-lists": {"key": rule.replace("saanto", "lista")},
        "agreements": {"key": agreement, "n": clause, "change_id": change},
        "agreement-templates": {"key": agreement.replace("sopimus", "pohja")},
        "sources": {"key": source, "ambiguity_id": unclear},
        "new-source": {"connector": connector},
        "runs": {"run_id": run},
        "deputies": {"deputy_id": UNKNOWN},
        "administrators": {"person_id": who, "grant_id": grant, "proposal_id": appointment},
        "undelivered": {"message_id": logout, "mail_id": mail},
    }


def number_of(world: World, login: str) -> str:
    """Return the employee number of a person."""
    with world.transaction() as session:
        return str(session.scalar(select(Identifier.value).where(Identifier.person_id == world.ids[login])))
