"""The settings of a client as its pages show them: those whose description has a label, in the reader's words."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from admin_ui.parts.words import word
from iam.oidc.fields.columns import COLUMNS
from iam.oidc.fields.field import Field
from iam.oidc.model import Client
from iam.texts import N_
from iam.web import context

AUTHS = {
    "client_secret_basic": N_("a secret, in the header"),
    "client_secret_post": N_("a secret, in the form"),
    "private_key_jwt": N_("a key of its own"),
    "none": N_("none: it runs on the person's own device"),
}
PKCE = {"required": N_("required (S256)"), "optional": N_("optional")}


@dataclass(frozen=True, slots=True)
class SettingRow:
    """A setting: its name, what it is in words where it has some, and what is written in the application to the
    letter."""

    label: str
    words: str
    codes: Sequence[str]


def rows(client: Client) -> list[SettingRow]:
    """Return the settings of a client that are shown, as they are described; one that is not stated is left out."""
    stated = [(field, field.of(client)) for field in COLUMNS.values() if field.label]
    return [_row(field, value) for field, value in stated if value not in (None, {})]


def _row(field: Field, value: Any) -> SettingRow:
    words, codes = _FORMS.get(field.name, _plainly)(value)
    return SettingRow(context.texts().gettext(field.label), words, codes)


def _plainly(value: Any) -> tuple[str, Sequence[str]]:
    return "", value if isinstance(value, list) else [str(value)] if value != "" else []


def _mapper(mapper: Mapping[str, Any]) -> tuple[str, Sequence[str]]:
    inside = context.texts().gettext(N_("inside objects"))
    return "", [
        f"{claim} → {rule.get('name') or claim}"
        + (f" ({inside})" if rule.get("nested") else "")
        + (f" ({rule['format']})" if rule.get("format") else "")
        for claim, rule in mapper.items()
    ]


_FORMS: Mapping[str, Callable[[Any], tuple[str, Sequence[str]]]] = {
    "auth": lambda value: (word(AUTHS, value), [value]),
    "grants": lambda value: ("", [" ".join(value)]),
    "pkce": lambda value: (word(PKCE, value), []),
    "mapper": _mapper,
}
"""Settings that are shown otherwise than by their values alone."""
