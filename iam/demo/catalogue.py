"""The consortium's organisations as plain rows: what exists in which profile, before codes and dates are added.

A row of ``ENTITIES``: key, kind, names (fi, sv, en), language. Nothing here names a real organisation.
"""

from __future__ import annotations

from typing import NamedTuple

Names = tuple[str, str, str]


class UnitRow(NamedTuple):
    """A unit under ``parent``; ``weight`` is how many of the generated employees it gets, 0 is none."""

    key: str
    kind: str
    parent: str
    names: Names
    weight: int


class SchoolRow(NamedTuple):
    """A school under ``parent``: its lowest and highest grade, and how many parallel classes each has."""

    key: str
    kind: str
    parent: str
    names: Names
    grades: tuple[int, int]
    parallel: int


ROOT = "marjala-konsortio"

ENTITIES: tuple[tuple[str, str, Names, str], ...] = (
    ("mansikkala", "municipality", ("Mansikkala", "Smultronstad", "Mansikkala"), "fi"),
    ("rantasaari", "municipality", ("Rantasaari", "Strandö", "Rantasaari"), "fi"),
    ("jakalajarvi", "municipality", ("Jäkäläjärvi", "Jeagiljávri", "Jäkäläjärvi"), "se"),
    ("nevakumpu", "municipality", ("Nevakumpu", "Mosskulla", "Nevakumpu"), "fi"),
    ("haapanotko", "municipality", ("Haapanotko", "Aspdalen", "Haapanotko"), "fi"),
    ("kuusiluoto", "municipality", ("Kuusiluoto", "Granholmen", "Kuusiluoto"), "fi"),
    (
        "marjala-hva",
        "wellbeing-county",
        ("Marjalan hyvinvointialue", "Marjala välfärdsområde", "Marjala wellbeing services county"),
        "fi",
    ),
    (
        "marjala-kky",
        "joint-authority",
        ("Marjalan koulutuskuntayhtymä", "Marjala utbildningssamkommun", "Marjala joint authority for education"),
        "fi",
    ),
    ("kuntatieto", "company", ("Marjalan Kuntatieto Oy", "Marjala Kommundata Ab", "Marjala Municipal IT Ltd"), "fi"),
    (
        "lahdesaatio",
        "private-provider",
        ("Kirkaslähteen koulusäätiö", "Skolstiftelsen Klarkälla", "Kirkaslähde School Foundation"),
        "fi",
    ),
)

MORE_MUNICIPALITIES: tuple[tuple[str, Names], ...] = (
    ("vaapukka", ("Vaapukkala", "Hallonby", "Vaapukkala")),
    ("karpalo", ("Karpaloinen", "Tranbärsby", "Karpaloinen")),
    ("juolukka", ("Juolukkamaa", "Odonby", "Juolukkamaa")),
    ("lakka", ("Lakkaneva", "Hjortronmossen", "Lakkaneva")),
    ("ketunleipa", ("Ketunleipälä", "Harsyraby", "Ketunleipälä")),
    ("variksenmarja", ("Variksenkumpu", "Kråkrisby", "Variksenkumpu")),
)
"""Further municipalities of the large profile."""

UNITS: tuple[UnitRow, ...] = (
    UnitRow("mansikkala-hallinto", "unit", "mansikkala", ("Kaupunginkanslia", "Stadskansliet", "City office"), 30),
    UnitRow(
        "mansikkala-tekninen", "unit", "mansikkala", ("Tekninen toimi", "Tekniska sektorn", "Technical services"), 40
    ),
    UnitRow("perusopetus", "unit", "mansikkala", ("Perusopetus", "Grundläggande utbildning", "Basic education"), 6),
    UnitRow(
        "lukiokoulutus", "unit", "mansikkala", ("Lukiokoulutus", "Gymnasieutbildning", "Upper secondary education"), 2
    ),
    UnitRow(
        "varhaiskasvatus",
        "unit",
        "mansikkala",
        ("Varhaiskasvatus", "Småbarnspedagogik", "Early childhood education"),
        4,
    ),
    UnitRow(
        "tyollisyysalue",
        "employment-area",
        "mansikkala",
        ("Mansikkalan työllisyysalue", "Smultronstads sysselsättningsområde", "Mansikkala employment area"),
        24,
    ),
    UnitRow(
        "rantasaari-sivistys", "unit", "rantasaari", ("Sivistyspalvelut", "Bildningstjänster", "Education services"), 6
    ),
    UnitRow(
        "rantasaari-tyollisyys",
        "unit",
        "rantasaari",
        ("Työllisyyspalvelut", "Sysselsättningstjänster", "Employment services"),
        3,
    ),
    UnitRow(
        "jakalajarvi-sivistys",
        "unit",
        "jakalajarvi",
        ("Sivistyspalvelut", "Bildningstjänster", "Education services"),
        4,
    ),
    UnitRow(
        "jakalajarvi-tyollisyys",
        "unit",
        "jakalajarvi",
        ("Työllisyyspalvelut", "Sysselsättningstjänster", "Employment services"),
        2,
    ),
    UnitRow(
        "nevakumpu-sivistys", "unit", "nevakumpu", ("Sivistyspalvelut", "Bildningstjänster", "Education services"), 3
    ),
    UnitRow(
        "nevakumpu-tyollisyys",
        "unit",
        "nevakumpu",
        ("Työllisyyspalvelut", "Sysselsättningstjänster", "Employment services"),
        2,
    ),
    UnitRow(
        "haapanotko-sivistys", "unit", "haapanotko", ("Sivistyspalvelut", "Bildningstjänster", "Education services"), 3
    ),
    UnitRow(
        "haapanotko-tyollisyys",
        "unit",
        "haapanotko",
        ("Työllisyyspalvelut", "Sysselsättningstjänster", "Employment services"),
        2,
    ),
    UnitRow(
        "kuusiluoto-sivistys", "unit", "kuusiluoto", ("Sivistyspalvelut", "Bildningstjänster", "Education services"), 3
    ),
    UnitRow(
        "kuusiluoto-tyollisyys",
        "unit",
        "kuusiluoto",
        ("Työllisyyspalvelut", "Sysselsättningstjänster", "Employment services"),
        2,
    ),
    UnitRow(
        "hva-opiskeluhuolto",
        "unit",
        "marjala-hva",
        ("Opiskeluhuolto", "Elev- och studerandevård", "Student welfare"),
        0,
    ),
    UnitRow(
        "kky-hallinto",
        "unit",
        "marjala-kky",
        ("Kuntayhtymän hallinto", "Samkommunens förvaltning", "Joint authority office"),
        5,
    ),
    UnitRow("kuntatieto-palvelut", "unit", "kuntatieto", ("Asiakaspalvelut", "Kundtjänster", "Customer services"), 10),
    UnitRow("kuntatieto-tuotanto", "unit", "kuntatieto", ("Palvelutuotanto", "Serviceproduktion", "Operations"), 10),
    UnitRow(
        "lahde-hallinto", "unit", "lahdesaatio", ("Säätiön toimisto", "Stiftelsens kansli", "Foundation office"), 1
    ),
)

SCHOOLS: tuple[SchoolRow, ...] = (
    SchoolRow(
        "KOIVU", "school", "perusopetus", ("Koivurinteen koulu", "Björkbrinkens skola", "Koivurinne School"), (1, 6), 4
    ),
    SchoolRow(
        "RANTA", "school", "perusopetus", ("Rantapuiston koulu", "Strandparkens skola", "Rantapuisto School"), (1, 9), 2
    ),
    SchoolRow(
        "LUKIO",
        "school",
        "lukiokoulutus",
        ("Mansikkalan lukio", "Smultronstads gymnasium (finskt)", "Mansikkala Upper Secondary"),
        (10, 12),
        8,
    ),
    SchoolRow(
        "STRAND", "school", "rantasaari-sivistys", ("Strandön koulu", "Strandö skola", "Strandö School"), (1, 9), 2
    ),
    SchoolRow(
        "OPISTO",
        "school",
        "marjala-kky",
        ("Marjalan ammattiopisto", "Marjala yrkesinstitut", "Marjala Vocational College"),
        (10, 12),
        10,
    ),
    SchoolRow(
        "VANHAKYLA", "school", "perusopetus", ("Vanhankylän koulu", "Gammelby skola", "Vanhakylä School"), (1, 6), 0
    ),
    SchoolRow(
        "KUUSI", "school", "perusopetus", ("Kuusimäen koulu", "Granbackens skola", "Kuusimäki School"), (1, 6), 3
    ),
    SchoolRow(
        "HAAPA", "school", "perusopetus", ("Haapalehdon koulu", "Asplundens skola", "Haapalehto School"), (1, 6), 3
    ),
    SchoolRow(
        "LEPPA", "school", "perusopetus", ("Leppäkosken koulu", "Alforsens skola", "Leppäkoski School"), (1, 6), 2
    ),
    SchoolRow(
        "PIHLA", "school", "perusopetus", ("Pihlajaharjun koulu", "Rönnåsens skola", "Pihlajaharju School"), (7, 9), 6
    ),
    SchoolRow(
        "NIITTY",
        "school",
        "perusopetus",
        ("Niittyrannan koulu", "Ängsstrandens skola", "Niittyranta School"),
        (1, 6),
        2,
    ),
    SchoolRow(
        "PURO", "school", "perusopetus", ("Puronvarren koulu", "Bäckkantens skola", "Puronvarsi School"), (1, 6), 2
    ),
    SchoolRow(
        "KALLIO", "school", "perusopetus", ("Kalliolaakson koulu", "Bergdalens skola", "Kalliolaakso School"), (1, 9), 2
    ),
    SchoolRow(
        "METSO", "school", "perusopetus", ("Metsonpolun koulu", "Tjäderstigens skola", "Metsonpolku School"), (1, 6), 2
    ),
    SchoolRow("HARJU", "school", "perusopetus", ("Harjunpään koulu", "Åsändans skola", "Harjunpää School"), (1, 6), 1),
    SchoolRow(
        "SUVI", "school", "perusopetus", ("Suvilahden koulu", "Sommarvikens skola", "Suvilahti School"), (1, 6), 1
    ),
    SchoolRow(
        "TAIVAL", "school", "perusopetus", ("Taipaleentien koulu", "Edvägens skola", "Taipaleentie School"), (1, 6), 1
    ),
    SchoolRow(
        "VALKAMA", "school", "perusopetus", ("Venevalkaman koulu", "Båthamnens skola", "Venevalkama School"), (7, 9), 5
    ),
    SchoolRow(
        "AHO", "school", "perusopetus", ("Ahomansikan koulu", "Smultronbackens skola", "Ahomansikka School"), (1, 6), 1
    ),
    SchoolRow(
        "LEHTO", "school", "perusopetus", ("Lehtokurpan koulu", "Morkullans skola", "Lehtokurppa School"), (1, 6), 1
    ),
    SchoolRow(
        "SILTA", "school", "perusopetus", ("Siltasaaren koulu", "Broholmens skola", "Siltasaari School"), (7, 9), 4
    ),
    SchoolRow(
        "TORPPA",
        "school",
        "perusopetus",
        ("Torpparinmäen koulu", "Torparbackens skola", "Torpparinmäki School"),
        (1, 6),
        1,
    ),
    SchoolRow(
        "KANERVA",
        "school",
        "perusopetus",
        ("Kanervakankaan koulu", "Ljunghedens skola", "Kanervakangas School"),
        (1, 6),
        1,
    ),
    SchoolRow("LOUHI", "school", "perusopetus", ("Louhikon koulu", "Stenbrottets skola", "Louhikko School"), (1, 6), 1),
    SchoolRow(
        "SAMMAL", "school", "perusopetus", ("Sammalpolun koulu", "Mosstigens skola", "Sammalpolku School"), (1, 6), 1
    ),
    SchoolRow(
        "PK-MUSTIKKA",
        "unit",
        "varhaiskasvatus",
        ("Mustikan päiväkoti", "Daghemmet Blåbäret", "Mustikka Day-care"),
        (0, 0),
        3,
    ),
    SchoolRow(
        "PK-PUOLUKKA",
        "unit",
        "varhaiskasvatus",
        ("Puolukan päiväkoti", "Daghemmet Lingonet", "Puolukka Day-care"),
        (0, 0),
        3,
    ),
    SchoolRow(
        "PK-KETTU",
        "unit",
        "varhaiskasvatus",
        ("Ketunpesän päiväkoti", "Daghemmet Rävlyan", "Ketunpesä Day-care"),
        (0, 0),
        3,
    ),
    SchoolRow(
        "PK-SIILI", "unit", "varhaiskasvatus", ("Siilin päiväkoti", "Daghemmet Igelkotten", "Siili Day-care"), (0, 0), 2
    ),
    SchoolRow(
        "RS-KOULU",
        "school",
        "rantasaari-sivistys",
        ("Rantasaaren koulu", "Strandö finska skola", "Rantasaari School"),
        (1, 9),
        1,
    ),
    SchoolRow(
        "GYMN",
        "school",
        "rantasaari-sivistys",
        ("Strandön lukio", "Strandö gymnasium", "Strandö Upper Secondary"),
        (10, 12),
        2,
    ),
    SchoolRow(
        "PK-SKAR",
        "unit",
        "rantasaari-sivistys",
        ("Saariston päiväkoti", "Skärgårdens daghem", "Archipelago Day-care"),
        (0, 0),
        2,
    ),
    SchoolRow(
        "JAKALA",
        "school",
        "jakalajarvi-sivistys",
        ("Jäkäläjärven koulu", "Jeagiljávri skola", "Jäkäläjärvi School"),
        (0, 9),
        1,
    ),
    SchoolRow(
        "JOHKA", "school", "jakalajarvi-sivistys", ("Joenmutkan koulu", "Åkrökens skola", "Joenmutka School"), (0, 6), 1
    ),
    SchoolRow(
        "NEVA", "school", "nevakumpu-sivistys", ("Nevakummun koulu", "Mosskulla skola", "Nevakumpu School"), (0, 9), 1
    ),
    SchoolRow(
        "NOTKO",
        "school",
        "haapanotko-sivistys",
        ("Haapanotkon koulu", "Aspdalens skola", "Haapanotko School"),
        (0, 9),
        1,
    ),
    SchoolRow(
        "LUOTO",
        "school",
        "kuusiluoto-sivistys",
        ("Kuusiluodon koulu", "Granholmens skola", "Kuusiluoto School"),
        (0, 9),
        1,
    ),
    SchoolRow(
        "SATAMA",
        "school",
        "marjala-kky",
        ("Ammattiopiston satamakampus", "Yrkesinstitutets hamncampus", "Harbour Campus"),
        (10, 12),
        4,
    ),
    SchoolRow(
        "VALMA",
        "unit",
        "marjala-kky",
        ("Valmentava koulutus", "Handledande utbildning", "Preparatory education"),
        (10, 10),
        2,
    ),
    SchoolRow(
        "LAHDE", "school", "lahdesaatio", ("Kirkaslähteen koulu", "Klarkällans skola", "Kirkaslähde School"), (1, 9), 1
    ),
)

MERGED, MERGED_INTO, CLOSING = "VANHAKYLA", "KOIVU", "LOUHI"
SWEDISH = ("STRAND", "GYMN", "PK-SKAR")
"""Schools that teach in Swedish."""

SMALL_UNITS = (
    "perusopetus",
    "lukiokoulutus",
    "tyollisyysalue",
    "rantasaari-sivistys",
    "nevakumpu-tyollisyys",
    "hva-opiskeluhuolto",
    "kuntatieto-palvelut",
)
SMALL_SCHOOLS = ("KOIVU", "RANTA", "LUKIO", "STRAND", "OPISTO", "VANHAKYLA")
