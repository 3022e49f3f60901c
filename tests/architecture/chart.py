"""A reader of our own Helm chart: as much of the template language as its few templates use, and nothing more."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from typing import Any

import yaml

from tests.architecture.tree import TOP

CHART = TOP / "deploy" / "helm"
_RANGE = re.compile(r"(?ms)^ *\{\{- range \$name, \$value := (\S+) \}\}\n(.*?)^ *\{\{- end \}\}\n")
_ACTION = re.compile(r"( *)\{\{-? (.+?) \}\}")


def values() -> dict[str, Any]:
    """The chart's own values."""
    loaded: dict[str, Any] = yaml.safe_load((CHART / "values.yaml").read_text())
    return loaded


def objects(given: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Every Kubernetes object that the chart makes of the values ``given``; ``ValueError`` for an action it does not
    know."""
    found: list[dict[str, Any]] = []
    for path in sorted((CHART / "templates").iterdir()):
        found += yaml.safe_load_all(_rendered(path.read_text(), {"Values": given, "Release": {"Name": "avain"}}))
    return found


def _rendered(template: str, context: Mapping[str, Any]) -> str:
    def repeat(match: re.Match[str]) -> str:
        body = match[2].replace("{{ $name }}", "%(name)s").replace("{{ $value | quote }}", '"%(value)s"')
        return "".join(body % {"name": name, "value": value} for name, value in _value(match[1], context).items())

    def replace(match: re.Match[str]) -> str:
        text = _evaluated(match[2], context)
        return text if "nindent" in match[2] else match[1] + text

    return _ACTION.sub(replace, _RANGE.sub(repeat, template))


def _evaluated(action: str, context: Mapping[str, Any]) -> str:
    """The text of one action: a value or a call, perhaps through one filter."""
    expression, _, filtered = (part.strip() for part in action.partition(" | "))
    if expression.startswith("toYaml "):
        text = yaml.safe_dump(_value(expression.split()[1], context))
    else:
        text = str(_value(expression, context))
    return _filtered(text, filtered)


def _filtered(text: str, name: str) -> str:
    if name == "":
        return text
    if name == "quote":
        return f'"{text}"'
    if name == "sha256sum":
        return hashlib.sha256(text.encode()).hexdigest()
    if name.startswith("nindent "):
        return "\n" + "\n".join(" " * int(name.split()[1]) + line for line in text.splitlines())
    raise ValueError(f"the chart uses a filter that its tests do not know: {name}")


def _value(path: str, context: Mapping[str, Any]) -> Any:
    if not path.startswith("."):
        raise ValueError(f"the chart uses an action that its tests do not know: {path}")
    value: Any = context
    for name in path.removeprefix(".").split("."):
        value = value[name]
    return value
