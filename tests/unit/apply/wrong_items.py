"""Items with one thing wrong in each, and what is said of it."""

from __future__ import annotations

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
    (
        "sources",
        "  - {key: x, connector: hr, owner: konsortio, purpose: p}",
        "settings.path",
        "The source needs a file, a folder or a folder of another server, and just one of them.",
    ),
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
    (
        "agreements",
        (AGREEMENT % ("marjala-hva", "", "")).replace("body: ", "office_holder: x, body: "),
        "decided",
        "An agreement is decided on by a body or by an office holder.",
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
