"""What holds of every connector: its settings are strict, it checks them offline, and it shows no secret."""

from __future__ import annotations

import inspect

from pydantic import ValidationError

from connectors.conformance.exhibit import Check, Exhibit
from connectors.conformance.verdict import Nonconforming, expect
from connectors.contract import Authenticates, ReadsAfter, ReadsAll, ReadsChanges


def an_unknown_setting_is_an_error(exhibit: Exhibit) -> None:
    """The settings model refuses what it does not know, and does not repeat it."""
    try:
        type(exhibit.connector()).settings_model.model_validate({"no_such_setting": "a-secret-value"})
    except ValidationError as error:
        expect("a-secret-value" not in str(error), "an error in the settings repeats no value")
        expect("no_such_setting" in str(error), "an unknown setting is an error that names it")
    else:
        raise Nonconforming("an unknown setting is an error")


def sound_settings_validate_without_problems(exhibit: Exhibit) -> None:
    """``validate`` is content with sound settings."""
    expect(exhibit.connector().validate() == [], "validate finds no problem in sound settings")


def no_secret_is_shown(exhibit: Exhibit) -> None:
    """The connector's own representation holds no secret."""
    connector = exhibit.connector()
    shown = f"{connector!r} {connector} {vars(connector)}"
    expect(not any(secret in shown for secret in exhibit.secrets), "no secret is shown by repr or str")


def the_capabilities_take_what_the_contract_says(exhibit: Exhibit) -> None:
    """A method of a capability that exists has the contract's parameters."""
    connector = exhibit.connector()
    methods: tuple[tuple[type, str], ...] = (
        (ReadsAll, "read"),
        (ReadsAfter, "read_after"),
        (ReadsChanges, "changes"),
        (Authenticates, "authenticate"),
    )
    for capability, method in methods:
        if isinstance(connector, capability):
            expected = list(inspect.signature(getattr(capability, method)).parameters)[1:]
            found = list(inspect.signature(getattr(connector, method)).parameters)
            expect(found == expected, f"{method} takes {expected}")


def validate_does_not_touch_the_system(exhibit: Exhibit) -> None:
    """``validate`` is content with the settings of a system that is not there: it looks offline."""
    expect(exhibit.unreachable().validate() == [], "validate does not touch the system")


CHECKS: tuple[Check, ...] = (
    an_unknown_setting_is_an_error,
    sound_settings_validate_without_problems,
    no_secret_is_shown,
    the_capabilities_take_what_the_contract_says,
    validate_does_not_touch_the_system,
)
