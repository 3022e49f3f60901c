"""What people are told before they go on to a client, as its pages show it and as the form asks for it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from werkzeug.datastructures import MultiDict

from iam.oidc.clients import controllers as controllers_words
from iam.texts import N_
from iam.web import context

LABELS = {
    "purpose": {"fi": N_("Purpose, in Finnish"), "sv": N_("Purpose, in Swedish"), "en": N_("Purpose, in English")},
    "legal_basis": {
        "fi": N_("Legal basis, in Finnish"),
        "sv": N_("Legal basis, in Swedish"),
        "en": N_("Legal basis, in English"),
    },
}
"""What is told, in each language, as a field of the form is called."""
Told = list[tuple[str, str, str, str]]
"""(field, label, language, text)."""


def of_client(metadata: Mapping[str, Any]) -> Told:
    """Return what is told of a client."""
    return _laid_out(controllers_words.words(metadata))


def given(form: MultiDict[str, str]) -> dict[str, dict[str, str]]:
    """Return the texts of a form, by name and language."""
    return {name: {one: form.get(f"{name}-{one}", "") for one in labels} for name, labels in LABELS.items()}


def as_given(form: MultiDict[str, str]) -> Told:
    """Return a form as it was sent, to be corrected."""
    return _laid_out(given(form))


def _laid_out(words: controllers_words.Words) -> Told:
    t = context.texts().gettext
    return [
        (f"{name}-{one}", t(label), one, words[name].get(one, ""))
        for name, labels in LABELS.items()
        for one, label in labels.items()
    ]
