"""What is wrong in a declaration: every problem with its file, line, place and remedy, and never a value."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from sqlalchemy.orm import Session

from iam.apply.run import run_apply
from iam.change import SYSTEM
from iam.vault import Vault

from .conftest import EVERYTHING, Apply


@pytest.fixture
def database_url(sqlite_template: Path, tmp_path: Path) -> str:
    """A database on SQLite only: nothing here gets as far as writing, so the other one would tell nothing more."""
    return f"sqlite:///{shutil.copy(sqlite_template, tmp_path / 'avain.db')}"


CLIENT = "  - {key: x, owner: mansikkala, name: {fi: X}, clients: [{client_id: x, auth: %s}]}"
SECRET = "secret: 3Vt8mQz0aLkWc5RjX2hN9pYsE7uGbD4f"
CB = "redirect_uris: [https://x.example/cb]"
ROLE = "  - {key: x, owner: mansikkala, name: {fi: X}, roles: [{key: r, enforcement: at use, name: {fi: R}%s}]}"
HR = "  - {key: x, connector: hr, owner: konsortio, purpose: p, settings: {path: /x}, %s}"
AGREEMENT = (
    "  - {key: x, case_number: X, decided: {body: b, date: 2026-01-01}, purpose: p, legal_basis: {act: a}, "
    "parties: [{entity: mansikkala}, {entity: %s}], in_force: {from: 2026-01-01%s}, clauses: [%s]}"
)
CLAUSE = "{grantor: mansikkala, grantee: marjala-hva, scope: {organisation: %s}, allows: {x: [a:read]}%s}"
RULE = "  - {rule: x, owner: %s, bind: {a: {affiliation: {kind: %s}}}, gives: {role: %s, scope: organisation of a}}"
PERSON = "  - {login: x, given_names: A, family_name: B%s}"
ACCOUNT = "  - {login: %s, person: {identifier: %s, issuer: hr, value: '9'}%s}"

WRONG = [
    # kind, item, place inside of it, words of the problem
    (
        "organisations",
        "  - {key: x y, kind: unit, name: {fi: X}}",
        "key",
        "This has characters that are not allowed here",
    ),
    (
        "organisations",
        "  - {key: x, kind: castle, parent: konsortio, name: {fi: X}}",
        "kind",
        "There is no such value. Use one of: consortium",
    ),
    ("organisations", "  - {key: x, parent: konsortio, name: {fi: X}}", "kind", "This is missing."),
    ("organisations", "  - {key: x, kind: unit, parent: konsortio}", "name", "This is missing."),
    (
        "organisations",
        "  - {key: x, kind: unit, parent: nowhere, name: {fi: X}}",
        "parent",
        "There is no organisation nowhere.",
    ),
    (
        "organisations",
        "  - {key: x, kind: unit, parent: x, name: {fi: X}}",
        "",
        "x would lie under itself from 1900-01-01.",
    ),
    (
        "organisations",
        "  - {key: x, kind: unit, parent: huolto, name: {fi: X}}",
        "",
        "x would lie under nothing from 1900-01-01.",
    ),
    (
        "organisations",
        "  - {key: x, kind: unit, parent: konsortio, name: {fi: X}, from: 2027-02-31}",
        "from",
        "This is no day.",
    ),
    (
        "organisations",
        "  - {key: x, kind: unit, parent: konsortio, name: {fi: X}, from: 2027-01-01, to: 2026-01-01}",
        "to",
        "This ends before",
    ),
    (
        "organisations",
        "  - {key: x, kind: unit, parent: konsortio, name: {fi: X}, school_code: 123}",
        "school_code",
        "This must be text. Put it",
    ),
    (
        "organisations",
        "  - {key: x, kind: unit, parent: konsortio, name: {fi: X}, legal_entity: perhaps}",
        "legal_entity",
        "This must be true or",
    ),
    (
        "organisations",
        "  - {key: x, kind: unit, parent: konsortio, name: {fi: X}, oph_oid: 1.2.246.562.99.1}",
        "oph_oid",
        "is that of KOIVU",
    ),
    (
        "organisations",
        "  - {key: KOIVU, kind: unit, parent: perusopetus}",
        "kind",
        "This differs from what is stated elsewhere.",
    ),
    (
        "organisations",
        "  - {key: KOIVU, parent: perusopetus, from: 2030-01-01}",
        "",
        "KOIVU would stand in two places from 2030-01-01.",
    ),
    (
        "organisations",
        "  - {key: x, kind: unit, parent: konsortio, name: {fi: X}, colour: red}",
        "colour",
        "no such setting. Remove it, or correct",
    ),
    ("organisations", "  - x", "", "This must be a group of named settings."),
    (
        "relations",
        "  - {organisation: mansikkala, kind: likes, other: huolto}",
        "kind",
        "There is no such value. Use one of: 'covers', 'owns'",
    ),
    (
        "relations",
        "  - {organisation: mansikkala, kind: owns, other: mansikkala}",
        "other",
        "An organisation is related to itself.",
    ),
    (
        "relations",
        "  - {organisation: mansikkala, kind: owns, other: nowhere}",
        "other",
        "There is no organisation nowhere.",
    ),
    ("code_lists", "  - {key: opettajat, codes: []}", "", "This is stated twice; first at code_lists[0]."),
    ("code_lists", "  - {key: x, codes: opettaja}", "codes", "This must be a list."),
    (
        "sources",
        "  - {key: x, connector: fax, owner: konsortio, purpose: p}",
        "connector",
        "no such connector. Use one of: claims, hr, ldap, memory",
    ),
    ("sources", "  - {key: x, connector: hr, owner: konsortio, purpose: p}", "settings.path", "This is missing."),
    (
        "sources",
        "  - {key: x, connector: hr, owner: konsortio, purpose: p, settings: {path: hr.csv}}",
        "settings.path",
        "The path is not absolute.",
    ),
    (
        "sources",
        "  - {key: x, connector: hr, owner: konsortio, purpose: p, settings: {path: /x, paht: x}}",
        "settings.paht",
        "correct its name to one of: path",
    ),
    (
        "sources",
        "  - {key: x, connector: hr, owner: konsortio, purpose: p, zone: Mars}",
        "zone",
        "There is no such time zone.",
    ),
    (
        "sources",
        "  - {key: x, connector: hr, owner: konsortio, purpose: p, priority: 0}",
        "priority",
        "This number is too small. Write at least 1.",
    ),
    ("sources", HR % "matching: {employment: {person: {as: x}}}", "matching.employment.person.key", "This is missing."),
    (
        "sources",
        HR % "matching: {employment: {persn: {}}}",
        "matching.employment.persn",
        "correct its name to one of: person",
    ),
    ("sources", HR % "matching: {employment: 5}", "matching.employment", "This must be a group of named settings."),
    ("sources", HR % "matching: {user: {}}", "matching.user", "no such kind of record. Use one of: employment"),
    (
        "sources",
        HR % "matching: {employment: {person: {key: numero, as: x}}}",
        "matching.employment.person.key",
        "There is no column numero. Use one of: henkilonumero",
    ),
    (
        "sources",
        HR % "matching: {employment: {relationships: [{kind: friend_of, column: hetu}]}}",
        "matching.employment.relationships",
        "no such kind of relationship",
    ),
    ("sources", HR % "matching: {employment: {}, correlate: [upn]}", "matching.correlate", "reads no identifier upn"),
    ("sources", HR % "matching: {employment: {}, correlate: 5}", "matching.correlate", "The column matching is wrong"),
    (
        "sources",
        HR % "correlate: [identity-code, upn]",
        "correlate",
        "reads no identifier upn. Use one of: employee-number, identity-code.",
    ),
    ("applications", "  - {key: x, owner: nowhere, name: {fi: X}}", "owner", "There is no organisation nowhere."),
    (
        "applications",
        "  - {key: x, owner: mansikkala, name: {fi: X}, enabled: [nowhere]}",
        "enabled",
        "There is no organisation nowhere.",
    ),
    (
        "applications",
        "  - {key: x, owner: mansikkala, name: {fi: X}, notice: maybe}",
        "notice",
        "There is no such value.",
    ),
    (
        "applications",
        ROLE % ", content: [oppilaat]",
        "roles[0].content[0]",
        "This has characters that are not allowed here",
    ),
    ("applications", ROLE % ", content: oppilaat:read", "roles[0].content", "This must be a list."),
    ("applications", ROLE % ", includes: [s]", "roles[0].includes", "There is no role x:s."),
    ("applications", ROLE % ", includes: [r]", "roles[0].includes", "Roles include one another in a circle."),
    ("applications", CLIENT % f"client_secret_basic, {CB}", "clients[0].secret", "This client has no secret."),
    (
        "applications",
        CLIENT % f"client_secret_basic, secret: kissa, {CB}",
        "clients[0].secret",
        "This secret is too easy to guess.",
    ),
    (
        "applications",
        CLIENT % f"client_secret_basic, secret_file: no.txt, {CB}",
        "clients[0].secret_file",
        "This file cannot be read.",
    ),
    (
        "applications",
        CLIENT % f"none, {SECRET}, {CB}",
        "clients[0].secret",
        "This client does not authenticate by a secret.",
    ),
    (
        "applications",
        CLIENT % f"client_secret_basic, {SECRET}",
        "clients[0].redirect_uris",
        "People cannot come back to this client.",
    ),
    (
        "applications",
        CLIENT % "none, redirect_uris: ['http://x.example/cb']",
        "clients[0].redirect_uris",
        "An address without TLS must be on",
    ),
    (
        "applications",
        CLIENT % "none, redirect_uris: ['https://x.example/cb#a']",
        "clients[0].redirect_uris",
        "has no fragment",
    ),
    (
        "applications",
        CLIENT % "none, redirect_uris: ['https://*.example/cb']",
        "clients[0].redirect_uris",
        "This is no address",
    ),
    (
        "applications",
        CLIENT % "none, redirect_uris: ['javascript:alert(1)']",
        "clients[0].redirect_uris",
        "Only an application on the person's",
    ),
    ("applications", CLIENT % f"none, pkce: optional, {CB}", "clients[0].pkce", "A public client must use PKCE."),
    (
        "applications",
        CLIENT % f"none, grants: [client_credentials], {CB}",
        "clients[0].grants",
        "A client that proves nothing",
    ),
    ("applications", CLIENT % f"private_key_jwt, {CB}", "clients[0].jwks", "This client has no key."),
    (
        "applications",
        CLIENT % f"private_key_jwt, jwks: {{keys: [{{kty: RSA, d: x}}]}}, {CB}",
        "clients[0].jwks",
        "private or secret key",
    ),
    ("applications", CLIENT % f"private_key_jwt, jwks: {{kty: RSA}}, {CB}", "clients[0].jwks", "This is no JWK set."),
    (
        "applications",
        CLIENT % f"none, mapper: {{roles: groups}}, {CB}",
        "clients[0].mapper.roles",
        "This is no rule for a claim.",
    ),
    (
        "applications",
        "  - {key: x, owner: mansikkala, name: {fi: X}, clients: [{client_id: avain-admin, auth: none, " + CB + "}]}",
        "clients[0].client_id",
        "This client belongs to another application.",
    ),
    ("agreements", AGREEMENT % ("marjala-hva", ", to: 2025-01-01", ""), "in_force.to", "This ends before it begins."),
    ("agreements", AGREEMENT % ("KOIVU", "", ""), "parties[1].entity", "KOIVU is no legal entity."),
    ("agreements", AGREEMENT % ("mansikkala", "", ""), "parties[1].entity", "This party is named twice."),
    (
        "agreements",
        AGREEMENT % ("marjala-hva", "", CLAUSE % ("huolto", "")),
        "clauses[0].scope.organisation",
        "huolto does not belong to mansikkala.",
    ),
    (
        "agreements",
        AGREEMENT % ("konsortio", "", CLAUSE % ("KOIVU", "")),
        "clauses[0].grantee",
        "This is no party of the agreement.",
    ),
    (
        "agreements",
        AGREEMENT % ("marjala-hva", "", CLAUSE % ("KOIVU", ", to: 1800-01-01")),
        "clauses[0].to",
        "This ends before it begins.",
    ),
    ("rules", RULE % ("mansikkala", "robot", "'wilma:opettaja'"), "bind.a.affiliation.kind", "There is no such kind."),
    ("rules", RULE % ("mansikkala", "employee", "'wilma:kuningas'"), "gives.role", "There is no role wilma:kuningas."),
    ("rules", RULE % ("nowhere", "employee", "'wilma:opettaja'"), "owner", "There is no organisation nowhere."),
    ("persons", PERSON % ", password: kissa", "password", "The password is shorter than 15 characters."),
    ("persons", PERSON % ", password: salasanasalasana1", "password", "one of those that are guessed first"),
    ("persons", PERSON % ", password: kolme-uutta-ovea-ja-avain", "password", "holds your name, your username"),
    (
        "persons",
        PERSON.replace(": B", ": Uusitalo") % ", password: kolme-uusitalo-ovea",
        "password",
        "holds your name, your username",
    ),
    (
        "persons",
        PERSON % ", password: kolme-mansikkala-ovea, affiliations: [{organisation: KOIVU, kind: employee}]",
        "password",
        "the name of your organisation",
    ),
    (
        "persons",
        PERSON % ", password: kolme-smultronstad-ovea, affiliations: [{organisation: KOIVU, kind: employee}]",
        "password",
        "the name of your organisation",
    ),
    ("persons", PERSON % ", password_file: no.txt", "password_file", "This file cannot be read."),
    (
        "persons",
        PERSON % ", affiliations: [{organisation: KOIVU, kind: robot}]",
        "affiliations[0].kind",
        "There is no such value.",
    ),
    (
        "persons",
        PERSON % ", affiliations: [{organisation: nowhere, kind: employee}]",
        "affiliations[0].organisation",
        "There is no organisation",
    ),
    (
        "persons",
        PERSON % ", affiliations: [{organisation: huolto, kind: employee, to: 2022-01-01}]",
        "affiliations[0]",
        "huolto does not exist in",
    ),
    (
        "persons",
        "  - {login: AINO.Esimerkki, given_names: A, family_name: B}",
        "",
        "This is stated twice; first at persons[0].",
    ),
    ("accounts", ACCOUNT % ("x", "employee-number", ""), "person", "No source has brought this person."),
    (
        "accounts",
        ACCOUNT % ("x", "identity-code", ""),
        "person.identifier",
        "A declaration must not hold identity codes.",
    ),
    ("groups", "  - {key: x, organisation: nowhere, name: X}", "organisation", "There is no organisation nowhere."),
    (
        "groups",
        "  - {key: x, organisation: KOIVU, name: X, members: [nobody]}",
        "members",
        "Nobody has the login nobody.",
    ),
    (
        "groups",
        "  - {key: vastuuhenkilot, organisation: KOIVU, name: X}",
        "name",
        "This differs from what is stated elsewhere.",
    ),
    (
        "administrators",
        "  - {login: nobody, organisation: KOIVU, permissions: [admin]}",
        "login",
        "Nobody has the login nobody.",
    ),
    (
        "administrators",
        "  - {login: aino.esimerkki, organisation: KOIVU, permissions: [fly]}",
        "permissions[0]",
        "There is no such value.",
    ),
    (
        "administrators",
        "  - {login: aino.esimerkki, organisation: KOIVU, permissions: []}",
        "permissions",
        "This list is too short.",
    ),
    ("gods", "  - {}", None, "There is no such kind of thing. Use one of: organisations"),
]


def adding(kind: str, item: str) -> tuple[str, int, int]:
    """The whole consortium with one more item at the end of a kind; also the item's place in its list, and its line."""
    lines = EVERYTHING.splitlines()
    if f"{kind}:" not in lines:
        return "\n".join([*lines, f"{kind}:", item]), 0, len(lines) + 2
    start = lines.index(f"{kind}:") + 1
    end = next((n for n in range(start, len(lines)) if lines[n] and not lines[n].startswith(" ")), len(lines))
    return (
        "\n".join([*lines[:end], item, *lines[end:]]),
        sum(line.startswith("  - ") for line in lines[start:end]),
        end + 1,
    )


@pytest.mark.parametrize(
    ("kind", "item", "inside", "words"),
    WRONG,
    ids=[f"{kind}-{inside}-{n}" for n, (kind, _, inside, _) in enumerate(WRONG)],
)
def test_a_wrong_item_is_told_with_its_line_its_place_and_a_remedy(
    apply: Apply, kind: str, item: str, inside: str | None, words: str
) -> None:
    text, number, line = adding(kind, item)
    problems = apply(text).problems
    place = kind if inside is None else f"{kind}[{number}].{inside}".rstrip(".")
    found = [problem for problem in problems if problem.field == place]
    assert len(problems) == 1, [str(problem) for problem in problems]
    assert found, [str(problem) for problem in problems]
    assert words in str(found[0])
    assert found[0].remedy
    assert found[0].line == (line - 1 if inside is None else line)
    assert str(found[0].file).endswith("consortium.yaml")


def test_every_problem_of_a_declaration_is_told_at_once(apply: Apply) -> None:
    text = EVERYTHING.replace("enforcement: by token", "enforcement: sometimes").replace(
        "email: aino@example.org", "emial: aino@example.org"
    )
    assert [problem.field for problem in apply(text).problems] == [
        "applications[0].roles[0].enforcement",
        "applications[0].roles[1].enforcement",
        "applications[0].roles[2].enforcement",
        "persons[0].emial",
    ]


def test_the_line_is_that_of_the_setting_itself(apply: Apply) -> None:
    (problem,) = apply(EVERYTHING.replace("    email: aino@example.org", "    email: 17")).problems
    assert problem.line == EVERYTHING.splitlines().index("    email: aino@example.org") + 1


def test_a_problem_repeats_no_value(apply: Apply) -> None:
    text = EVERYTHING.replace("kolmas-koivu-kasvaa-1001", "lyhyt-sana").replace(
        "family_name: Esimerkki", "family_name: {salainen: nimi}"
    )
    told = " ".join(str(problem) for problem in apply(text).problems)
    assert not [value for value in ("lyhyt", "salainen: ", "nimi}") if value in told]


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("organisations:\n  - {key: a\n  - b", 3),
        ("a: b: c", 1),
        ("rules: [\x00]", None),
        ("a: &a [*b]", 1),
        ("[a]: b", 1),
    ],
)
def test_what_is_not_yaml_is_told_with_its_line(apply: Apply, text: str, line: int | None) -> None:
    (problem,) = apply(text).problems
    assert problem.message == "This is not YAML."
    assert problem.line == line


def test_a_setting_that_is_stated_twice_is_told(apply: Apply) -> None:
    (problem,) = apply(
        EVERYTHING.replace("    email: aino@example.org", "    email: aino@example.org\n    email: a@example.org")
    ).problems
    assert (problem.field, problem.message) == ("persons[0].email", "This is stated twice.")


def test_aliases_within_aliases_do_not_grow_without_end(apply: Apply) -> None:
    text = "a0: &a0 [x, x]\n" + "".join(
        f"a{n}: &a{n} [*a{n - 1}, *a{n - 1}, *a{n - 1}, *a{n - 1}]\n" for n in range(1, 40)
    )
    assert len(apply(text).problems) == 40


def test_a_name_without_a_value_is_told_and_values_are_put_in(apply: Apply) -> None:
    problem, _path_is_not_absolute = apply(EVERYTHING, variables={}).problems
    assert (problem.field, str(problem.params["name"])) == ("sources[0].settings.path", "DATA")
    assert "--set DATA=VALUE" in str(problem)


def test_a_value_that_is_put_in_may_be_a_day_a_number_or_a_truth(apply: Apply) -> None:
    text = (
        EVERYTHING.replace("2026-06-12", "'${DAY}'")
        .replace("section: 48", "section: '${N}'")
        .replace("legal_entity: true", "legal_entity: '${T}'")
    )
    assert not apply(text, variables={"DATA": "/srv", "DAY": "2026-06-12", "N": "48", "T": "true"}).problems


def test_a_file_that_is_not_there_brings_no_further_problems(session: Session, tmp_path: Path, vault: Vault) -> None:
    path = tmp_path / "access.yaml"
    path.write_text("applications: [{key: x, owner: nowhere, name: {fi: X}}]", encoding="utf-8")
    report = run_apply(session, [tmp_path / "gone.yaml", path], {}, SYSTEM, vault)
    assert [problem.message for problem in report.problems] == ["This file cannot be read."]


def test_a_folder_without_declarations_is_told(session: Session, tmp_path: Path, vault: Vault) -> None:
    (problem,) = run_apply(session, [tmp_path], {}, SYSTEM, vault).problems
    assert problem.message == "This folder has no file that ends in .yaml."


def test_an_organisation_that_could_not_be_read_is_not_reported_as_unknown(apply: Apply) -> None:
    text = EVERYTHING.replace("kind: municipality", "kind: town")
    assert [problem.field for problem in apply(text).problems] == ["organisations[1].kind"]


def test_a_client_of_another_application_is_not_taken_over(applied: Apply) -> None:
    other = "applications: [{key: x, owner: mansikkala, name: {fi: X}, clients: [{client_id: wilma, auth: none, redirect_uris: [https://x.example]}]}]"
    assert [problem.field for problem in applied(other).problems] == ["applications[0].clients[0].client_id"]


def test_a_rule_is_not_given_to_another_organisation(applied: Apply) -> None:
    text = EVERYTHING.replace(
        "rule: opettaja-wilmaan\n    owner: mansikkala", "rule: opettaja-wilmaan\n    owner: konsortio"
    )
    assert [problem.field for problem in applied(text).problems] == ["rules[0].owner"]


def test_a_login_is_not_given_to_another_kind_of_person(applied: Apply) -> None:
    text = 'accounts: [{login: aino.esimerkki, person: {identifier: employee-number, issuer: hr, value: "9"}}]'
    assert [problem.field for problem in applied(text).problems] == ["accounts[0].person"]


def test_a_parent_that_ends_before_its_units_is_told(applied: Apply) -> None:
    text = "organisations: [{key: perusopetus, kind: unit, parent: mansikkala, name: {fi: P}, to: 2027-12-31}]"
    (problem,) = applied(text).problems
    assert str(problem).endswith(
        "KOIVU would lie under nothing from 2028-01-01. Let its parent, and all above, last at least as long."
    )
