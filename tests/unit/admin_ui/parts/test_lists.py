"""What may be looked for in a list: any text at all, in every list that can be searched."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable
from urllib.parse import quote

from tests.kit.factories import consortium
from tests.kit.worlds.admin import Reader, World

LISTS = ("persons", "organisations", "roles", "rules", "agreements", "applications/wilma/organisations")


def test_every_list_takes_any_text_and_tells_the_same_as_its_file(reader: Callable[[str], Reader]) -> None:
    paula = reader("paula")
    for name in LISTS:
        for text in ("\x00", "a\x00b", "%", "_", "'", "\\", " ", "x" * 5000, "\ud7ff\U0010ffff"):
            for path in (f"/admin/{name}", f"/admin/{name}.csv"):
                assert paula.get(f"{path}?q={quote(text)}").status_code == 200, (path, text)


def test_what_is_looked_for_has_no_spaces_around_it(reader: Callable[[str], Reader]) -> None:
    paula = reader("paula")
    for text in ("opettaja", "  opettaja ", "opettaja\x00"):
        assert len(paula.get(f"/admin/roles.csv?q={quote(text)}").text.splitlines()) == 2, text
    assert len(paula.get("/admin/roles.csv?q=rehtori").text.splitlines()) == 1


def test_what_is_looked_for_is_found_however_its_letters_were_typed(
    world: World, reader: Callable[[str], Reader]
) -> None:
    consortium.organisation(world, "AANE", "school", "MANSIKKALA", name="Äänekoski")
    paula = reader("paula")
    for text in ("Äänekoski", unicodedata.normalize("NFD", "äänekoski")):
        assert len(paula.get(f"/admin/organisations.csv?q={quote(text)}").text.splitlines()) == 2, text
