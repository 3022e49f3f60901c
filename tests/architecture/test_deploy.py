"""The ways of deploying: each parses, and agrees with the program's commands, settings and ports, and with the
others."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator
from typing import Any

import click
import pytest
import yaml
from pydantic import BaseModel

from iam.cli import main
from iam.settings import Listen, Settings
from tests.architecture import chart
from tests.architecture.tree import TOP, texts

DEPLOY = TOP / "deploy"
UNITS = ("iam-web.service", "iam-worker.service", "iam-migrate.service")
SERVICES = ("web", "worker", "migrate")
PORTS = {Listen().port, Listen().management_port}
USER = 10001
STATE = "/var/lib/iam"


def dockerfile() -> list[tuple[str, str]]:
    """Instruction and argument of each line of the Dockerfile, continued lines joined, from the last stage on."""
    text = re.sub(r"(?m)^#.*\n", "", (DEPLOY / "Dockerfile").read_text()).replace("\\\n", " ")
    lines = [line.partition(" ") for line in text.splitlines() if line]
    last = max(number for number, (word, _, _) in enumerate(lines) if word == "FROM")
    return [(word, rest.strip()) for word, _, rest in lines[last:]]


def compose() -> dict[str, Any]:
    """The Compose file."""
    loaded: dict[str, Any] = yaml.safe_load((DEPLOY / "compose.yaml").read_text())
    return loaded


def unit(name: str) -> dict[str, list[str]]:
    """Every directive of a systemd unit with its values; sections do not matter here."""
    found: dict[str, list[str]] = defaultdict(list)
    for line in (DEPLOY / "systemd" / name).read_text().splitlines():
        if line and not line.startswith(("#", "[")):
            key, _, value = line.partition("=")
            found[key].append(value)
    return found


def chart_objects() -> dict[str, dict[str, Any]]:
    """The chart's objects by kind; the worker's deployment, a second of its kind, as "Worker"."""
    found = chart.objects(chart.values() | {"settings": {"IAM_LOG_LEVEL": "info"}})
    return {"Worker" if made["metadata"]["name"].endswith("-worker") else made["kind"]: made for made in found}


def containers() -> dict[str, dict[str, Any]]:
    """The chart's containers by name."""
    pods = [made["spec"]["template"]["spec"] for made in chart_objects().values() if "template" in made.get("spec", {})]
    return {container["name"]: container | {"pod": pod} for pod in pods for container in pod["containers"]}


def is_command(words: list[str]) -> bool:
    """Whether ``iam`` followed by ``words`` is a command of the program, as far as the words name commands."""
    command: click.Command = main
    for word in words:
        if not isinstance(command, click.Group):
            break
        if word not in command.commands:
            return False
        command = command.commands[word]
    return True


def setting_names(model: type[BaseModel] = Settings, prefix: str = "IAM_") -> Iterator[str]:
    """Every environment variable that the program reads."""
    for name, field in model.model_fields.items():
        if isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel):
            yield from setting_names(field.annotation, f"{prefix}{name.upper()}__")
        else:
            yield f"{prefix}{name.upper()}"
            if "SecretStr" in str(field.annotation):
                yield f"{prefix}{name.upper()}_FILE"


def test_every_way_of_deploying_runs_commands_that_exist() -> None:
    image = dict(dockerfile())
    assert image["ENTRYPOINT"] == '["iam"]'
    called = [yaml.safe_load(image["CMD"])]
    called += [compose()["services"][name]["command"] for name in SERVICES]
    called += [container["args"] for container in containers().values()]
    called += [unit(name)["ExecStart"][0].split()[1:] for name in UNITS]
    assert sorted(set(map(tuple, called))) == [("migrate",), ("serve",), ("worker",)]
    assert [words for words in called if not is_command(words)] == []


def test_every_command_that_a_page_names_exists() -> None:
    named = re.compile(r"(?:^|`)(?:\.venv/bin/)?iam ((?:[a-z][a-z-]*(?: |\b))+)", re.MULTILINE)
    found = {(path, match) for path, text in texts() if path.endswith(".md") for match in named.findall(text)}
    assert found
    assert sorted((path, words) for path, words in found if not is_command(words.split())) == []


def test_every_setting_that_a_page_or_a_deployment_names_exists() -> None:
    known = set(setting_names()) | {"IAM_DATABASE_PASSWORD"}  # the last one is the Compose file's own
    pages = [(path, text) for path, text in texts() if path.startswith("deploy/") or path.endswith(".md")]
    named = {(path, name) for path, text in pages for name in re.findall(r"\bIAM_[A-Z_]+[A-Z]\b", text)}
    assert named
    assert sorted((path, name) for path, name in named if name not in known) == []


def test_every_way_of_deploying_listens_on_the_programs_two_ports() -> None:
    assert {int(port) for port in dict(dockerfile())["EXPOSE"].split()} == PORTS
    assert {int(port.rsplit(":", 1)[1]) for port in compose()["services"]["web"]["ports"]} == PORTS
    assert {port["containerPort"] for port in containers()["web"]["ports"]} == PORTS
    assert [port["port"] for port in chart_objects()["Service"]["spec"]["ports"]] == [Listen().port]


def test_health_is_asked_on_the_management_port_only() -> None:
    assert f"127.0.0.1:{Listen().management_port}/healthz" in dict(dockerfile())["HEALTHCHECK"]
    web = containers()["web"]
    names = {port["name"]: port["containerPort"] for port in web["ports"]}
    asked = {kind: web[f"{kind}Probe"]["httpGet"] for kind in ("startup", "liveness", "readiness")}
    assert {names[probe["port"]] for probe in asked.values()} == {Listen().management_port}
    assert {kind: probe["path"] for kind, probe in asked.items()} == {
        "startup": "/healthz",
        "liveness": "/healthz",
        "readiness": "/readyz",
    }


def test_nothing_runs_as_root_or_writes_outside_its_state() -> None:
    assert dict(dockerfile())["USER"] == f"{USER}:{USER}"
    for container in containers().values():
        assert container["pod"]["securityContext"]["runAsUser"] == USER
        assert container["securityContext"]["readOnlyRootFilesystem"] is True
        writable = {mount["mountPath"] for mount in container["volumeMounts"] if not mount.get("readOnly")}
        assert writable == {STATE, "/tmp"}
    for name in SERVICES:
        service = compose()["services"][name]
        assert (service["read_only"], service["volumes"], service["tmpfs"]) == (True, [f"state:{STATE}"], ["/tmp"])


@pytest.mark.parametrize("name", UNITS)
def test_a_systemd_unit_shuts_the_process_in(name: str) -> None:
    directives = unit(name)
    assert directives["User"] == ["iam"]
    assert directives["StateDirectory"] == [STATE.rsplit("/", 1)[1]]
    assert directives["CapabilityBoundingSet"] == [""]
    hardened = ("NoNewPrivileges", "ProtectHome", "PrivateTmp", "PrivateDevices", "RestrictNamespaces")
    assert {key: directives[key] for key in hardened} == {key: ["yes"] for key in hardened}
    assert directives["ProtectSystem"] == ["strict"]


def test_the_web_process_starts_only_after_the_migrations() -> None:
    assert "iam-migrate.service" in unit("iam-web.service")["After"][0].split()
    assert unit("iam-web.service")["Requires"] == ["iam-migrate.service"]
    assert compose()["services"]["web"]["depends_on"] == {"migrate": {"condition": "service_completed_successfully"}}
    assert chart_objects()["Job"]["metadata"]["annotations"]["helm.sh/hook"] == "pre-install,pre-upgrade"


def test_the_web_process_leaves_to_the_worker_what_a_worker_beside_it_does() -> None:
    web, worker = (compose()["services"][name]["environment"] for name in ("web", "worker"))
    assert (web["IAM_WORKER__INSIDE"], worker.get("IAM_WORKER__INSIDE")) == ("false", None)
    assert {"name": "IAM_WORKER__INSIDE", "value": "false"} in containers()["web"]["env"]
    assert "IAM_WORKER__INSIDE=false" in unit("iam-web.service")["Environment"]
    assert "iam-worker.service" in unit("iam-web.service")["Wants"][0].split()
    assert unit("iam-worker.service")["Requires"] == ["iam-migrate.service"]
    assert compose()["services"]["worker"]["depends_on"] == compose()["services"]["web"]["depends_on"]


def test_the_chart_passes_further_settings_on_as_text() -> None:
    made = {
        made["kind"]: made for made in chart.objects(chart.values() | {"settings": {"IAM_TOKENS__CODE_SECONDS": 30}})
    }
    assert made["ConfigMap"]["data"]["IAM_TOKENS__CODE_SECONDS"] == "30"
    assert made["ConfigMap"]["data"]["IAM_ISSUER"] == "https://id.example"


def test_the_chart_finds_its_secret_and_its_pods_by_the_same_names() -> None:
    made = chart_objects()
    web, worker = (made[name]["spec"]["template"]["metadata"]["labels"] for name in ("Deployment", "Worker"))
    assert made["Deployment"]["spec"]["selector"]["matchLabels"].items() <= web.items()
    assert made["Worker"]["spec"]["selector"]["matchLabels"].items() <= worker.items()
    assert made["Service"]["spec"]["selector"].items() <= web.items()
    assert not made["Service"]["spec"]["selector"].items() <= worker.items()
    for container in containers().values():
        assert container["envFrom"][0]["configMapRef"]["name"] == made["ConfigMap"]["metadata"]["name"]
        mounts = {mount["name"]: mount["mountPath"] for mount in container["volumeMounts"]}
        assert made["ConfigMap"]["data"]["IAM_DATABASE__URL_FILE"].startswith(mounts["secret"] + "/")
