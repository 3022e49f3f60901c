"""What can be set and what can happen is documented: the pages in docs/ are held to the code."""

from __future__ import annotations

from pathlib import Path

from iam.access.administration import PERMISSIONS
from iam.apply.schema.applications import Client
from iam.audit.event import TYPES
from iam.settings import documented

DOCS = Path(__file__).parents[2] / "docs"


def test_every_setting_is_documented_with_its_default_and_what_it_is_for() -> None:
    page = (DOCS / "configuration.md").read_text(encoding="utf-8")
    missing = [
        name
        for name, default, what in documented()
        if not what or f"| `{name}` | {default and f'`{default}`'} | {what} |" not in page
    ]
    assert missing == []


def test_every_audit_event_type_is_documented() -> None:
    page = (DOCS / "events.md").read_text(encoding="utf-8")
    assert [name for name, what in TYPES.items() if f"| `{name}` | {what} |" not in page] == []


def test_every_field_of_a_client_is_documented() -> None:
    page = (DOCS / "declaring.md").read_text(encoding="utf-8")
    assert [name for name in Client.model_fields if f"| `{name}` | " not in page] == []


def test_every_permission_is_documented() -> None:
    page = (DOCS / "permissions.md").read_text(encoding="utf-8")
    assert [name for name, what in PERMISSIONS.items() if f"| `{name}` | {what} |" not in page] == []
