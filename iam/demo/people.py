"""The people to try: who they are, how they sign in, and what there is to see. The same in every profile and under
every seed."""

from __future__ import annotations

from dataclasses import dataclass

PUPIL, GUARDIAN, SIBLING = "oppilas-00001", "huoltaja-00001-1", "oppilas-00002"
"""OneRoster ids of the pupil of the table, of his guardian, and of his sister."""


@dataclass(frozen=True, slots=True)
class Try:
    """One person to try. ``number`` is the employee number in the HR file, ``sourced_id`` the id in the OneRoster
    bundle.

    The passwords are for demonstrations only and stand in the repository; ``who`` and ``look`` are English sentences.
    """

    login: str
    password: str
    who: str
    look: str
    number: int | None = None
    sourced_id: str | None = None

    @property
    def identifier(self) -> tuple[str, str, str]:
        """Return kind, issuer and value of the identifier by which the feeds name this person."""
        return (
            ("employee-number", "hr", str(self.number))
            if self.number
            else ("oneroster-id", "oneroster", str(self.sourced_id))
        )


TRY: tuple[Try, ...] = (
    Try(
        "aino.esimerkki",
        "kolmas-koivu-kasvaa-1001",
        "Teacher in two schools of the city and, by the hour, at the joint authority's college",
        "Sign in to Wilma: choose a school, and see only that school's roles. Then switch.",
        1001,
    ),
    Try(
        "eero.malli",
        "kolme-kirjaa-hyllylla-1002",
        "Principal of Koivurinne School",
        "One capacity, so nothing is asked.",
        1002,
    ),
    Try(
        "sini.sijainen",
        "hiljainen-tiistai-tulee-1003",
        "Substitute for today only",
        "Her right ends at midnight by itself; the teacher she replaces has none today.",
        1003,
    ),
    Try(
        "taina.tyovoima",
        "puhelin-soi-kuistilla-1004",
        "Employment adviser of a small municipality",
        "No right to Wilma, and it says why. See My account: her right rests on an agreement.",
        1004,
    ),
    Try(
        "pirkko.psykologi",
        "kuuntelen-koulun-kaytavilla-1005",
        "School psychologist employed by the wellbeing services county",
        "Her role in the city's schools lives exactly as long as the agreement.",
        1005,
    ),
    Try(
        "kaisa.kuraattori",
        "levea-silta-joen-yli-1006",
        "School curator employed by the wellbeing services county",
        "The same agreement, another role.",
        1006,
    ),
    Try(
        "sanna.sihteeri",
        "sininen-syksy-saapuu-1007",
        "School secretary, delegated administrator of Koivurinne School",
        "Open the administration: she sees her own school only.",
        1007,
    ),
    Try(
        "paula.paakayttaja",
        "vihrea-lamppu-poydalla-1008",
        "Administrator of the whole consortium",
        "Open the administration: everything.",
        1008,
    ),
    Try(
        "veera.varahenkilo",
        "toinen-katse-riittaa-1010",
        "Second administrator, who accepts what the first proposed",
        "Accept a run that the guard held.",
        1010,
    ),
    Try(
        "onni.oppilas",
        "punainen-reppu-naulassa-3",
        "Pupil of Koivurinne School",
        "A pupil's role in his own school.",
        sourced_id=PUPIL,
    ),
    Try(
        "helena.huoltaja",
        "kaksi-kuksaa-laiturilla",
        "Guardian of two pupils in two schools",
        "She acts as a guardian in each child's school.",
        sourced_id=GUARDIAN,
    ),
)
BY_NUMBER = {person.number: person for person in TRY if person.number}
BY_SOURCED_ID = {person.sourced_id: person for person in TRY if person.sourced_id}
