"""What a browser would send of a form as a page shows it."""

from __future__ import annotations

from html.parser import HTMLParser
from typing import Any

_UNSENT = frozenset({"csrf_token", "from_page"})


class _Form(HTMLParser):
    """Collects the fields of the form with an action; a field of several values is a list."""

    def __init__(self, action: str) -> None:
        super().__init__()
        self.action, self.inside = action, False
        self.fields: dict[str, list[str]] = {}
        self._select = self._area = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        told = dict(attrs)
        name, value = told.get("name") or "", told.get("value") or ""
        if tag == "form":
            self.inside = told.get("action") == self.action
        elif not self.inside:
            return
        elif tag == "input" and (told.get("type") not in ("checkbox", "radio") or "checked" in told):
            self._add(name, value)
        elif tag == "textarea":
            self._area = name
            self._add(name, "")
        elif tag == "select":
            self._select = name
        elif tag == "option" and self._select and ("selected" in told or self._select not in self.fields):
            self.fields[self._select] = [value]

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self.inside = False
        elif tag == "textarea":
            self._area = ""
        elif tag == "select":
            self._select = ""

    def handle_data(self, data: str) -> None:
        if self._area:
            self.fields[self._area] = [self.fields[self._area][0] + data]

    def _add(self, name: str, value: str) -> None:
        if name and name not in _UNSENT:
            self.fields.setdefault(name, []).append(value)


def fields_of(page: str, action: str) -> dict[str, Any]:
    """Return the fields of the form that posts to ``action`` as they stand in a page: a text, or a list where several
    are sent under one name."""
    found = _Form(action)
    found.feed(page)
    return {name: values[0] if len(values) == 1 else values for name, values in found.fields.items()}
