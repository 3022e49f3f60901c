"""The port by which mail leaves: sealed before a word is said, to one address, and in plain words when it fails."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import SecretStr, ValidationError

from iam import settings
from iam.delivery import mail
from iam.delivery.mail import Mail, MailRefused, Smtp
from iam.errors import Invalid, Unavailable
from iam.settings import Settings
from tests.kit.peers.mail import MailServer
from tests.kit.servers.certificates import Authority
from tests.kit.servers.ports import HOST, free_port

LETTER = Mail("aino.esimerkki@marjala.example", "Kertakoodisi: Marjala – ä", "Päivää\n\n    7KMPQ-R3XYZ\n.\n..piste\n")


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("authority"))


def carrier(server: MailServer, security: str, ca_file: Path | None = None, **values: object) -> Smtp:
    given = {"host": HOST, "port": server.port, "security": security, "sender": "avain@marjala.example"}
    return Smtp(settings.Mail.model_validate(given | values), ca_file)


@pytest.mark.parametrize("security", ["starttls", "tls"])
def test_a_mail_goes_over_tls_to_a_server_that_the_authority_vouches_for(authority: Authority, security: str) -> None:
    with MailServer(authority.issue(f"good-{security}", HOST), security) as server:
        server.password = "salaisuus"
        signed_in = {"login": "avain", "password": SecretStr("salaisuus")}
        carrier(server, security, authority.ca_file, **signed_in).send(LETTER)
        (got,) = server.took(1)
    assert (got.sealed, got.login) == (True, "avain")
    assert got.sender.startswith("FROM:<avain@marjala.example>")
    assert got.recipients == ["TO:<aino.esimerkki@marjala.example>"]
    assert got.text == LETTER.text
    said = got.message
    assert (said["To"], said["From"], said["Subject"]) == (LETTER.to, "avain@marjala.example", LETTER.subject)
    assert said["Auto-Submitted"] == "auto-generated"
    assert said["Message-ID"].endswith("@marjala.example>")
    assert said["Date"]


def test_nothing_is_said_to_a_server_that_nobody_vouches_for_or_that_is_another(authority: Authority) -> None:
    with MailServer(authority.issue("stranger", "mail.other.example"), "starttls") as server:
        for ca_file in (None, authority.ca_file):
            with pytest.raises(Unavailable, match=r"cannot be trusted: SSLCertVerificationError"):
                carrier(server, "starttls", ca_file, login="avain", password=SecretStr("x")).send(LETTER)
        assert server.mails == []
        assert {line.split(" ")[0] for line in server.said} == {"ehlo", "STARTTLS"}


def test_a_server_that_offers_no_seal_is_told_nothing() -> None:
    with MailServer() as server:
        with pytest.raises(Unavailable, match="IAM_MAIL__SECURITY"):
            carrier(server, "starttls", login="avain", password=SecretStr("salaisuus")).send(LETTER)
        assert server.said == ["ehlo marjala.example"]


def test_a_listed_loopback_address_may_be_spoken_to_in_clear() -> None:
    with MailServer() as server:
        server.farewell = False
        carrier(server, "none-for-loopback").send(LETTER)
        assert [got.sealed for got in server.took(1)] == [False]


@pytest.mark.parametrize(
    ("changes", "error", "words"),
    [
        ({"recipient": "550 nobody"}, MailRefused, "status 550"),
        ({"recipient": "450 later"}, Unavailable, "status 450"),
        ({"data": "554 no"}, MailRefused, "status 554"),
        ({"data": "451 later"}, Unavailable, "status 451"),
    ],
)
def test_a_mail_that_is_not_taken_says_so_and_whether_trying_again_may_help(
    changes: dict[str, str], error: type[Unavailable], words: str
) -> None:
    with MailServer() as server:
        for name, value in changes.items():
            setattr(server, name, value)
        with pytest.raises(Unavailable, match=words) as caught:
            carrier(server, "none-for-loopback").send(LETTER)
    assert type(caught.value) is error
    assert "aino" not in str(caught.value)


def test_a_wrong_password_and_a_server_that_is_down_are_told_in_words() -> None:
    with MailServer() as server:
        server.password = "right"
        with pytest.raises(Unavailable, match=r"refuses our login.*IAM_MAIL__PASSWORD"):
            carrier(server, "none-for-loopback", login="avain", password=SecretStr("wrong")).send(LETTER)
    server.port = free_port()
    with pytest.raises(Unavailable, match="ConnectionRefusedError"):
        carrier(server, "none-for-loopback").send(LETTER)


@pytest.mark.parametrize(
    "to",
    [
        "",
        "aino",
        "@marjala.example",
        "aino@",
        "aino@a@b",
        "a@x.example, b@x.example",
        "a@x.example;b@x.example",
        "Aino <aino@marjala.example>",
        "aino@marjala.example\r\nBcc: b@x.example",
        "aino\n@marjala.example",
        "aino@marjala.example\x00",
        "aino@marjala.example\u2028",
        '"a b"@x.example',
        "a" * 250 + "@x.fi",
    ],
)
def test_a_mail_goes_to_one_plain_address_or_does_not_exist(to: str) -> None:
    assert not mail.is_address(to)
    with pytest.raises(Invalid, match="one e-mail address"):
        Mail(to, "subject", "text")


def test_a_subject_is_one_line() -> None:
    for subject in ("x\nBcc: b@x.example", "x\r", "x\x00", "x\u2029y", "\ud800"):
        with pytest.raises(Invalid, match="one line"):
            Mail("aino@marjala.example", subject, "text")


@pytest.mark.parametrize(
    ("given", "hosts", "why"),
    [
        ({"host": "127.0.0.1", "security": "none-for-loopback"}, [], "loopback address that egress.hosts lists"),
        ({"host": "192.0.2.1", "security": "none-for-loopback"}, ["192.0.2.1"], "loopback"),
        ({"host": "mail.example", "security": "none-for-loopback"}, ["mail.example"], "loopback"),
        ({"host": "mail.example", "sender": ""}, [], "sender"),
        ({"host": "mail.example", "sender": "a@x.example\nBcc: b@x.example"}, [], "sender"),
        ({"host": "mail.example", "sender": "Avain <a@x.example>, b@x.example"}, [], "sender"),
        ({"host": "mail.example", "login": "avain"}, [], "both login and password"),
        ({"host": "mail.example", "security": "none"}, [], "none-for-loopback"),
    ],
)
def test_settings_that_would_let_mail_leave_in_clear_or_from_nobody_stop_the_start(
    given: dict[str, str], hosts: list[str], why: str
) -> None:
    with pytest.raises(ValidationError, match=why):
        Settings.model_validate({"mail": {"sender": "avain@marjala.example"} | given, "egress": {"hosts": hosts}})


def test_without_a_host_there_is_no_carrier() -> None:
    assert mail.carrier(Settings()) is None
    sender = {"host": HOST, "port": 25, "security": "none-for-loopback", "sender": "avain@marjala.example"}
    given = Settings.model_validate({"mail": sender, "egress": {"hosts": [f"{HOST}:25"]}})
    assert mail.carrier(given) == Smtp(given.mail, None)
