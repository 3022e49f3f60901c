"""What is wrong with the settings of a school system is told before it is asked."""

from __future__ import annotations

from pathlib import Path

import pytest

from connectors.contract import Refused
from connectors.oneroster.rest.settings import OneRosterRestSettings, client_secret, problems

SOUND = {
    "url": "https://koulut.mansikkala.example/ims/oneroster/rostering/v1p2",
    "token_url": "https://tunnus.mansikkala.example/token",
    "client_id": "avain",
    "client_secret": "a-secret-value",
}


def settings(**values: object) -> OneRosterRestSettings:
    return OneRosterRestSettings.model_validate({**SOUND, **values})


@pytest.mark.parametrize("url", [SOUND["url"], "http://127.0.0.1:8/a", "http://localhost:8/a", "http://[::1]:8/a"])
def test_https_is_sound_and_so_is_this_computer_itself(url: str) -> None:
    assert problems(settings(url=url)) == []


@pytest.mark.parametrize(
    "url",
    [
        "http://koulut.mansikkala.example/a",
        "http://127.0.0.1.evil.example/a",
        "ftp://127.0.0.1/a",
        "https://user:word@koulut.example/a",
        "https://koulut.example/a?b=c",
        "https://koulut.example/a#b",
        "https://koulut.example:0/a",
        "https://koulut.example:x/a",
        "https:///a",
        "https://koulut.example/a b",
        "https://koulut.example/a\r\nX: 1",
        "",
    ],
)
@pytest.mark.parametrize("field", ["url", "token_url"])
def test_another_address_is_a_problem_of_its_own_field(field: str, url: str) -> None:
    (problem,) = problems(settings(**{field: url}))
    assert problem.field == field
    assert problem.remedy


@pytest.mark.parametrize("secrets", [{"client_secret": None}, {"client_secret": ""}, {"client_secret_file": "/a"}])
def test_there_is_one_secret_and_it_is_not_empty(secrets: dict[str, object]) -> None:
    (problem,) = problems(settings(**secrets))
    assert problem.field == "client_secret"


def test_a_secret_is_read_from_its_file_and_a_missing_or_empty_one_is_told(tmp_path: Path) -> None:
    file = tmp_path / "secret"
    made = settings(client_secret=None, client_secret_file=file)
    for text in (None, "", "\n"):
        if text is not None:
            file.write_text(text)
        with pytest.raises(Refused):
            client_secret(made)
    file.write_text("salaisuus\n")
    assert client_secret(made) == "salaisuus"


def test_the_secret_is_not_shown() -> None:
    assert "a-secret-value" not in repr(settings())
