"""Every sentence that people read exists in Finnish and in Swedish, with the places that are filled in when it is
shown."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path

import pytest
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po

from tests.architecture.tree import CODE, TOP, modules

METHODS = [("**/vendor/**", "ignore"), ("**.py", "python"), ("**/templates/**.html", "jinja2.ext:babel_extract")]
OPTIONS = {"**/templates/**.html": {"silent": "false"}}
PLACE = re.compile(r"%\((\w+)\)")
TRANSLATED = ("fi", "sv")

NOT_SAID = {
    "fi": {
        r"\b(oma\w*|sinun) os(a|i|aa|assa|asta)\w*si\b|\bosasi\b": "vastuualueesi",
        r"(?i)\btehtävä(?!ksi)|\btehtäv(iä|ien|än|ät|itt)": "palvelussuhde, opinnot, asema or ammattinimike",
        r"kertakäyttökood": "kertakoodi",
        r"vakiomitt": "määrämittainen",
        r"\bmääritystiedost": "määrittelytiedosto",
        r"neuvon(ta|taan|nasta)\b": "käyttäjätuki",
        r"suunnitelma": "muutosesitys",
        r"(?i)asiakkuu": "asiakassuhde",
        r"lupatyyp": "myöntötapa",
        r"\d\.\d+ (sekun|prosen|%)": "a decimal comma",
    },
    "sv": {
        r"\bdin (egen )?del\b|^Del$|\b(i|till|hela den) delen\b|med en del och": "(ditt) ansvarsområde",
        r"\bhuvudet\b": "headern",
        r"personnummer": "personbeteckning",
        r"[Ss]ammanslutning": "konsortiet",
        r"helpdesk|stödtjänst": "användarstödet",
        r"på sistone": "senaste inloggningar, den senaste tiden",
        r"(?i)kundrelation": "kundförhållande",
        r"(?i)\bpasskey": "lösennyckel",
        r"(?i)anställningsnum": "personalnummer",
        r"(?i)tillståndstyp": "beviljande",
        r"(?i)namn eller (en |denna )?nyckel|skriv (dess )?nyckel": "beteckning",
        r"(?i)lägg till (en )?befattning": "lägg till en anknytning",
        r"\bVerkan\b": "Effekten",
        r"(?i)\bdefinition": "deklarationer",
        r"huvudanvändar": "administratör",
        r"\bbefogenhet": "behörighet",
    },
}
"""Words that a catalogue does not use, and the one that it does."""

Forms = tuple[str, ...]
"""A sentence, or its singular and its plural."""


@cache
def marked() -> dict[Forms, str]:
    """Every message marked in code or templates, and the file it stands in."""
    found: dict[Forms, str] = {}
    for package in CODE:
        for file, _, message, _, _ in extract_from_dir(str(TOP / package), METHODS, OPTIONS):
            found[forms(message)] = f"{package}/{file}"
    return found | {(message,): str(path.relative_to(TOP)) for path in modules() for message in problems(path)}


def problems(path: Path) -> Iterator[str]:
    """The sentences of every ``Problem`` made in a module: what is wrong, and the remedy."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "Problem":
            named = [given.value for given in node.keywords if given.arg in {"message", "remedy"}]
            for given in [*node.args[:2], *named]:
                if isinstance(given, ast.Constant) and isinstance(given.value, str) and given.value:
                    yield given.value


@cache
def translations(language: str) -> dict[Forms, Forms]:
    """What a catalog translates: neither empty, nor a guess that waits for a translator."""
    with (TOP / "iam" / "locale" / language / "LC_MESSAGES" / "avain.po").open("rb") as file:
        catalog = [(forms(m.id), forms(m.string)) for m in read_po(file, locale=language) if not m.fuzzy]
    return {message: translated for message, translated in catalog if any(message) and all(translated)}


def forms(text: str | Sequence[str] | None) -> Forms:
    """A message's one form, or all of its plural forms."""
    return (text or "",) if isinstance(text, str | None) else tuple(text)


def places(texts: Sequence[str]) -> set[str]:
    """The names that are filled in when ``texts`` are shown."""
    return {name for text in texts for name in PLACE.findall(text)}


@pytest.mark.parametrize("language", TRANSLATED)
def test_every_sentence_that_is_marked_for_translation_has_one(language: str) -> None:
    have = translations(language)
    wanted = marked()
    assert wanted
    assert sorted((file, message) for message, file in wanted.items() if message not in have) == []


@pytest.mark.parametrize("language", TRANSLATED)
def test_a_translation_is_filled_in_at_the_same_places_as_its_sentence(language: str) -> None:
    assert [
        message for message, translated in translations(language).items() if places(message) != places(translated)
    ] == []


@pytest.mark.parametrize("language", TRANSLATED)
def test_a_thing_is_called_by_its_one_word(language: str) -> None:
    said = [text for translated in translations(language).values() for text in translated]
    assert [
        (text, f"say {word}") for text in said for form, word in NOT_SAID[language].items() if re.search(form, text)
    ] == []


def test_the_search_finds_sentences_in_code_in_templates_and_in_problems() -> None:
    assert {Path(file).suffix for file in marked().values()} == {".py", ".html"}
    assert ("The file is empty.",) in marked()
