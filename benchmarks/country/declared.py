"""What is declared of the country before the first feed: the root, a town, what everybody gets, and one agreement."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from benchmarks.country.town import OCCUPATIONS, SCHOOLS, UNITS, name, source_of
from iam.cli.demo.run import ACCEPTER, STARTER

ROOT, SHARED, AGREEMENT = "maa", "yhtyma", "yhteiset-palvelut"
EVERYBODY = 4
"""Rules that give everybody a right; two of them not to the absent."""
START = "2000-01-01"


def country(folder: Path, first: int = 0) -> Path:
    """Write the declaration of the country with its first town."""
    content: dict[str, Any] = {
        "organisations": [
            _organisation(ROOT, "consortium", None),
            _organisation(SHARED, "joint-authority", ROOT),
            *town_organisations(first),
        ],
        "persons": [_operator(login) for login in (STARTER, ACCEPTER)],
        "administrators": [
            {"login": login, "organisation": ROOT, "permissions": ["admin"]} for login in (STARTER, ACCEPTER)
        ],
        "applications": [
            _application("tyo", ROOT, [ROOT], [*(f"kaikki-{n}" for n in range(EVERYBODY)), *OCCUPATIONS]),
            _application("yhteiset", SHARED, [SHARED, name(first)], ["psykologi"]),
        ],
        "rules": [*_rules(), _agreed_rule(first)],
        "agreements": [agreement(first)],
        "sources": [source(folder, first)],
    }
    return write(folder / "country.yaml", content)


def new_town(folder: Path, number: int) -> Path:
    """Write the declaration of one town more."""
    content = {"organisations": town_organisations(number), "sources": [source(folder, number)]}
    return write(folder / f"{name(number)}.yaml", content)


def write(path: Path, content: dict[str, Any]) -> Path:
    """Write a declaration; return where."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(yaml.safe_dump(content, allow_unicode=True, sort_keys=False), encoding="utf-8")
    return path


def file_of(folder: Path, number: int) -> Path:
    """Where a town's payroll lies."""
    return folder / f"{name(number)}.csv"


def source(folder: Path, number: int) -> dict[str, Any]:
    """The declaration of a town's source."""
    return {
        "key": source_of(number),
        "connector": "hr",
        "owner": name(number),
        "purpose": "henkilöstöhallinto",
        "priority": 10,
        "settings": {"path": str(file_of(folder, number))},
    }


def agreement(first: int, last_day: str = "2030-12-31", operations: tuple[str, ...] = ("tiedot:read",)) -> Any:
    """The declaration of the agreement between the joint authority and the first town."""
    return {
        "key": AGREEMENT,
        "case_number": "YHT-2026-1",
        "decided": {"body": "yhtymähallitus", "date": "2026-01-12", "section": 1},
        "parties": [
            {"entity": SHARED, "role": "controller", "signed": "2026-01-15"},
            {"entity": name(first), "role": "controller", "signed": "2026-01-16"},
        ],
        "in_force": {"from": "2026-02-01", "to": last_day},
        "purpose": "yhteiset palvelut",
        "legal_basis": {"act": "1287/2013", "gdpr": "6.1.c"},
        "clauses": [
            {
                "grantor": SHARED,
                "grantee": name(first),
                "scope": {"organisation": SHARED, "with_descendants": True},
                "allows": {"psykologi": list(operations)},
            }
        ],
    }


def pattern(occupation: str, role: str, under: str = ROOT, scope: Any = "organisation of a") -> dict[str, Any]:
    """What a rule says of those who have an occupation, unless they are absent."""
    affiliation = {"kind": "employee", "occupation": occupation, "organisation": {"under": under}}
    return {
        "bind": {"a": {"affiliation": affiliation}},
        "unless": {"absence_of": "a"},
        "gives": {"role": role, "scope": scope},
    }


def _rules() -> list[dict[str, Any]]:
    everybody: dict[str, Any] = {"kind": ["employee", "substitute"], "organisation": {"under": ROOT}}
    rules: list[dict[str, Any]] = []
    for n in range(EVERYBODY):
        rule = {
            "rule": f"kaikki-{n}",
            "owner": ROOT,
            "bind": {"a": {"affiliation": everybody}},
            "gives": {"role": f"tyo:kaikki-{n}", "scope": "organisation of a"},
        }
        rules.append(rule | ({"unless": {"absence_of": "a"}} if n % 2 else {}))
    return [*rules, *({"rule": one, "owner": ROOT, **pattern(one, f"tyo:{one}")} for one in OCCUPATIONS)]


def _agreed_rule(first: int) -> dict[str, Any]:
    given = pattern("psykologi", "yhteiset:psykologi", name(first), {"organisation": SHARED})
    return {"rule": "yhteiset-psykologit", "owner": name(first), **given}


def town_organisations(number: int) -> list[dict[str, Any]]:
    """The declaration of a town's ten organisations."""
    town = name(number)
    units = (
        _organisation(f"{town}-{unit}", "school" if unit in SCHOOLS else "unit", town, entity=False) for unit in UNITS
    )
    return [_organisation(town, "municipality", ROOT), *units]


def _organisation(key: str, kind: str, parent: str | None, *, entity: bool = True) -> dict[str, Any]:
    row = {"key": key, "kind": kind, "name": dict.fromkeys(("fi", "sv", "en"), key.title()), "from": START}
    return row | ({"parent": parent} if parent else {}) | ({"legal_entity": True} if entity else {})


def _application(key: str, owner: str, enabled: list[str], roles: list[str]) -> dict[str, Any]:
    return {
        "key": key,
        "owner": owner,
        "name": dict.fromkeys(("fi", "sv", "en"), key.title()),
        "entry": "role",
        "enabled": enabled,
        "notice": "inform",
        "ask_capacity": True,
        "subject": "pairwise",
        "roles": [
            {
                "key": role,
                "enforcement": "by token",
                "handed_out": "parts",
                "content": ["tiedot:read"],
                "name": dict.fromkeys(("fi", "sv", "en"), role.capitalize()),
            }
            for role in roles
        ],
    }


def _operator(login: str) -> dict[str, Any]:
    given, family = login.split(".")
    return {
        "login": login,
        "given_names": given.title(),
        "family_name": family.title(),
        "password": f"kaukana-metsassa-asuu-{len(family)}-karhua",
        "affiliations": [
            {
                "organisation": SHARED,
                "kind": "employee",
                "occupation": "paakayttaja",
                "title": "Pääkäyttäjä",
                "from": "2026-01-01",
            }
        ],
    }
