"""The agreements of the demonstration, with dates around today: in force, unsigned, in its notice period, expired
yesterday …"""

from __future__ import annotations

from datetime import date, timedelta
from hashlib import sha256
from typing import Any

from iam.demo.days import Days

STUDENT_WELFARE = ("psykologi", "kuraattori", "terveydenhoitaja")
WELFARE = ["nimi:read", "syntymaaika:read", "luokka:read", "huoltajan-yhteystieto:read"]
ADVICE = ["asiakas:read", "palvelutarve:read", "palvelutarve:write", "palvelut:read"]
WELFARE_AGREEMENT = "opiskeluhuolto-2026"
NAMED = {
    fi: {"fi": fi, "sv": sv, "en": en}
    for fi, sv, en in (
        ("sivistyslautakunta", "bildningsnämnden", "education committee"),
        ("kunnanhallitus", "kommunstyrelsen", "municipal executive"),
        ("kaupunginhallitus", "stadsstyrelsen", "city executive"),
        ("opiskeluhuolto", "elevhälsa", "student welfare"),
        (
            "kunnan täydentävät työllisyyspalvelut",
            "kommunens kompletterande sysselsättningstjänster",
            "supplementary employment services of the municipality",
        ),
        ("yhteinen käyttövaltuushallinta", "gemensam behörighetshantering", "shared access management"),
        (
            "opetuksen palveluihin tunnistautuminen",
            "inloggning i undervisningens tjänster",
            "sign-in to school services",
        ),
        ("sovelluksen ylläpito", "underhåll av tillämpningen", "maintenance of an application"),
    )
}
"""Deciding bodies and purposes by language."""
Agreement = dict[str, Any]


def agreements(days: Days) -> list[Agreement]:
    """Return the eight agreements as ``iam apply`` takes them."""
    return [_welfare(days), *_employment(days), *_shared(days)]


def _welfare(days: Days) -> Agreement:
    """Student welfare between the city and the wellbeing services county: a clause for each occupation in basic and in
    upper secondary education; the worked example."""
    start = days.school_start
    made = _agreement(
        WELFARE_AGREEMENT,
        "KAUP",
        117,
        "sivistyslautakunta",
        48,
        start,
        date(start.year + 1, 7, 31),
        "opiskeluhuolto",
        "1287/2013",
        [_party("mansikkala", start - timedelta(42)), _party("marjala-hva", start - timedelta(37))],
        [
            _clause("mansikkala", "marjala-hva", scope, {occupation: WELFARE})
            for occupation in STUDENT_WELFARE
            for scope in ("perusopetus", "lukiokoulutus")
        ],
    )
    made["decided"] |= {"final": start - timedelta(20), "competence": "hallintosääntö 34 §"}
    more = {
        "review": date(start.year + 1, 3, 31),
        "supervision": "tietosuojavastaava tarkastaa otannan joka kuukausi ja raportoi lautakunnalle vuosittain",
        "annexes": [{"name": "henkilotietojen-kasittely.pdf", "sha256": sha256(b"esimerkki").hexdigest()}],
    }
    return made | more


def _employment(days: Days) -> list[Agreement]:
    """Employment services of four small municipalities with the host city's area, each in another state."""
    started = date(days.today.year - 1, 1, 1)
    later = date(days.today.year + 1, 12, 31)
    states: list[tuple[str, date | None, date]] = [
        ("nevakumpu", started, later),
        ("haapanotko", None, later),
        ("kuusiluoto", started, days.ahead(60)),
        ("jakalajarvi", started, days.ahead(-1)),
    ]
    return [
        _agreement(
            f"tyollisyys-{town}",
            "TYO",
            31 + n,
            "kunnanhallitus",
            112 + n,
            started,
            end,
            "kunnan täydentävät työllisyyspalvelut",
            "380/2023",
            [_party("mansikkala", started - timedelta(30)), _party(town, signed and signed - timedelta(21))],
            [_clause("mansikkala", town, "tyollisyysalue", {"tyollisyysohjaaja": ADVICE})],
        )
        for n, (town, signed, end) in enumerate(states)
    ]


def _shared(days: Days) -> list[Agreement]:
    """Agreements that bind the parties but open no data to anybody's people: they have no clauses."""
    start, end = date(days.today.year - 1, 1, 1), date(days.today.year + 3, 12, 31)
    signed, it = start - timedelta(60), _party("kuntatieto", start - timedelta(60), "processor")
    towns = [
        _party(key, signed)
        for key in ("mansikkala", "rantasaari", "jakalajarvi", "nevakumpu", "haapanotko", "kuusiluoto")
    ]
    college = _party("marjala-kky", signed)
    return [
        _agreement(
            "yhteinen-iam",
            "KAUP",
            12,
            "kaupunginhallitus",
            7,
            start,
            end,
            "yhteinen käyttövaltuushallinta",
            "906/2019",
            [*towns, college, _party("marjala-hva", signed), it],
            [],
        ),
        _agreement(
            "opetuksen-tunnistautuminen",
            "KAUP",
            13,
            "sivistyslautakunta",
            9,
            start,
            end,
            "opetuksen palveluihin tunnistautuminen",
            "628/1998",
            [towns[0], college, it],
            [],
        ),
        _agreement(
            "sovellustoimittaja",
            "KAUP",
            14,
            "kaupunginhallitus",
            21,
            start,
            end,
            "sovelluksen ylläpito",
            "906/2019",
            [towns[0], it],
            [],
        ),
    ]


def _agreement(
    key: str,
    register: str,
    number: int,
    body: str,
    section: int,
    start: date,
    end: date,
    purpose: str,
    act: str,
    parties: list[dict[str, Any]],
    clauses: list[dict[str, Any]],
) -> Agreement:
    return {
        "key": key,
        "case_number": f"{register}-{start.year}-{number}",
        "decided": {"body": NAMED[body], "date": start - timedelta(50), "section": section},
        "parties": parties,
        "in_force": {"from": start, "to": end},
        "purpose": NAMED[purpose],
        "legal_basis": {"act": act, "gdpr": "6.1.c"},
        "clauses": clauses,
    }


def _party(entity: str, signed: date | None, role: str = "controller") -> dict[str, Any]:
    return {"entity": entity, "role": role} | ({"signed": signed} if signed else {})


def _clause(grantor: str, grantee: str, scope: str, allows: dict[str, list[str]]) -> dict[str, Any]:
    place = {"organisation": scope, "with_descendants": True}
    return {
        "grantor": grantor,
        "grantee": grantee,
        "scope": place,
        "allows": {who: list(what) for who, what in allows.items()},
    }
