"""Sources made on pages: the form that is made of a connector's settings, what is beside a field, and what is never
shown."""

from __future__ import annotations

from collections.abc import Callable

from tests.kit.worlds.admin import Reader, World


def test_the_connectors_that_read_a_system_are_offered_in_words(world: World, reader: Callable[[str], Reader]) -> None:
    page = reader("paula").get("/admin/new-source").text
    assert "Payroll or HR file" in page
    assert "/admin/new-source/claims" not in page
