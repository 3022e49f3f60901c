"""What the head of an administration page offers."""

from __future__ import annotations

import re
from pathlib import Path

import admin_ui

TEMPLATES = Path(admin_ui.__file__).parent / "templates"
ACTIONS = re.compile(r"\{% block actions %\}(.*?)\{% endblock %\}", re.DOTALL)


def test_no_page_offers_a_file_beside_its_heading() -> None:
    heads = {path.name: ACTIONS.findall(path.read_text(encoding="utf-8")) for path in TEMPLATES.rglob("*.html")}
    assert len([name for name, found in heads.items() if found]) > 5
    assert [name for name, found in heads.items() if "export_link" in "".join(found)] == []
