"""A mail that was given up: who sees that, what it tells, sending it again while somebody waits for it; and what the
doctor says."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from iam import clock
from iam.cli.operating import worker
from iam.delivery.mail import Smtp
from iam.delivery.outbox import Message
from iam.errors import Unavailable
from iam.settings import Mail
from iam.web import extension
from tests.flows.test_forgotten import ALIKE, CODE
from tests.kit.browser import Browser, hidden
from tests.kit.peers.mail import MailServer
from tests.kit.servers.certificates import Authority
from tests.kit.servers.ports import HOST, free_port
from tests.kit.worlds import admin as office
from tests.kit.worlds.admin import Reader, World, administer, employ, person
from tests.unit.admin_ui.trace.test_sign_in_trace import told
from tests.unit.cli.test_cli import Cli

HERE, ADDRESS = "/admin/undelivered", "aino.esimerkki@marjala.example"
MINUTE = timedelta(minutes=1)
Again = Callable[[str], Reader]


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture
def post(authority: Authority) -> Iterator[MailServer]:
    with MailServer(authority.issue("mail", HOST), "starttls") as server:
        yield server


@pytest.fixture
def world(database_url: str, tmp_path: Path, post: MailServer, authority: Authority) -> Iterator[World]:
    """The consortium with a mail server, and Aino, a teacher of KOIVU with an address."""
    mail = {"host": HOST, "port": post.port, "sender": "avain@marjala.example"}
    made = office.build(database_url, tmp_path, mail=mail, egress={"ca_file": authority.ca_file})
    person(made, "aino", "Esimerkki", email=ADDRESS)
    employ(made, "aino", "KOIVU", "Opettaja")
    yield made
    made.engine.dispose()


@pytest.fixture
def paula(world: World) -> Reader:
    """The administrator of everything."""
    return Reader(world, "paula").enter()


def work(world: World) -> dict[str, int]:
    """Let the worker send what is due."""
    parts = extension.parts_of(world.app)
    return worker.make(parts.settings, parts.vault, world.engine).deliver()


def asked(world: World, login: str = "aino") -> None:
    """Somebody asks for a code by mail."""
    browser = Browser(world.app)
    page = browser.post("/forgotten", hidden(browser.get("/forgotten"), "/forgotten") | {"login": login})
    assert ALIKE in page.text


def given_up(
    world: World, post: MailServer, answer: str = "550 no mailbox aino.esimerkki@marjala.example here"
) -> Message:
    """A mail to Aino that the server refused."""
    asked(world)
    post.recipient = answer
    assert work(world) == {"delivered": 0, "failed": 0, "given_up": 1}
    post.recipient = "250 yes"
    return mails(world)[-1]


def mails(world: World) -> list[Message]:
    with Session(world.engine) as session:
        return list(session.scalars(select(Message).order_by(Message.created_at)))


def again(message: Message) -> str:
    return f"{HERE}/mails/{message.id}/again"


def shown(reader: Reader) -> str:
    page = reader.get(HERE)
    assert page.status_code == 200
    return page.text.partition("<main")[2]


def test_a_mail_that_was_refused_is_listed_with_its_person_and_reason_and_never_its_address(
    world: World, post: MailServer, paula: Reader
) -> None:
    message = given_up(world, post)
    page = shown(paula)
    assert f'<a href="/admin/persons/{world.ids["aino"]}">Aino Esimerkki</a>' in page
    assert "One-time code by e-mail" in page
    assert "The mail server did not take the mail: status 550." in page
    file = paula.get(f"{HERE}.csv").text
    assert "Aino Esimerkki" in file
    for text in (page, file, json.dumps(message.payload), str(message.last_error)):
        assert ADDRESS not in text
        assert "marjala.example" not in text


def test_it_is_sent_again_with_a_new_code_while_somebody_waits(world: World, post: MailServer, paula: Reader) -> None:
    message = given_up(world, post)
    done = paula.post(again(message), HERE)
    assert (done.status_code, done.location) == (303, HERE)
    assert "The code is being sent again." in told(paula.get(HERE).text)
    assert work(world) == {"delivered": 1, "failed": 0, "given_up": 0}
    (mail,) = post.took(1)
    assert mail.message["To"] == ADDRESS
    assert CODE.search(mail.text)
    assert "Everything has been delivered." in shown(paula)
    (event,) = world.events("outbox:message:retried")
    assert (event.actor_id, event.subject_id) == (world.ids["paula"], world.ids["aino"])
    assert event.envelope == {"message": str(message.id), "target": "mail server"}
    assert paula.force(again(message)).status_code == 404


def test_a_mail_whose_code_would_have_ended_is_not_sent_again(world: World, post: MailServer, paula: Reader) -> None:
    message = given_up(world, post)
    world_at = clock.now()
    with clock.fixed(world_at + 14 * MINUTE):
        assert again(message) in shown(paula)
    with clock.fixed(world_at + 16 * MINUTE):
        page = shown(paula)
        assert again(message) not in page
        assert "The person can ask for a new code." in page
        assert paula.force(again(message)).status_code == 404
    assert mails(world)[0].given_up_at is not None
    assert world.events("outbox:message:retried") == []


def test_a_mail_is_not_sent_again_once_the_person_asked_anew(world: World, post: MailServer, paula: Reader) -> None:
    message = given_up(world, post)
    asked(world)
    assert work(world)["delivered"] == 1
    assert again(message) not in shown(paula)
    assert paula.force(again(message)).status_code == 404
    assert len(post.took(1)) == 1


def test_a_mail_that_came_too_late_says_why_the_server_had_not_taken_it(world: World, post: MailServer) -> None:
    asked(world)
    post.recipient = "450 later"
    begun = clock.now()
    for minutes in (0, 1, 4):
        with clock.fixed(begun + minutes * MINUTE):
            assert work(world)["failed"] == 1
    with clock.fixed(begun + 80 * MINUTE):
        assert work(world)["given_up"] == 1
        page = shown(Reader(world, "paula").enter())
    assert (
        "It could not be sent before the person stopped waiting. The mail server did not take the mail: status 450."
        in page
    )


def failures(server: MailServer, authority: Authority, folder: Path) -> Iterator[str]:
    """What the port for mail says when it fails, of each kind."""
    server.password = "salaisuus"
    signed_in = {"login": "avain", "password": "wrong"}
    for values, ca_file in (
        (signed_in, authority.ca_file),
        ({}, authority_of_nobody(folder)),
        ({"port": free_port()}, authority.ca_file),
    ):
        given = {"host": HOST, "port": server.port, "sender": "avain@marjala.example", **values}
        with pytest.raises(Unavailable) as caught:
            Smtp(Mail.model_validate(given), ca_file).greet()
        yield str(caught.value)
    yield from ("error KeyError", "too late: the person waits no longer")


def test_every_reason_is_told_in_the_readers_words(
    world: World, post: MailServer, authority: Authority, tmp_path: Path
) -> None:
    given_up(world, post)
    paula, shown_ = Reader(world, "paula", "fi").enter(), []
    for words in failures(post, authority, tmp_path):
        with Session(world.engine) as session, session.begin():
            session.execute(update(Message).values(last_error=words))
        page = shown(paula)
        shown_.append([text for text in FINNISH if text in page])
    assert shown_ == [[text] for text in FINNISH]


FINNISH = (
    "Postipalvelin ei hyväksy tunnustamme.",
    "Postipalvelimeen ei voi luottaa: SSLCertVerificationError.",
    "Postipalvelin ei vastaa niin kuin pitäisi: ConnectionRefusedError.",
    "Postipalvelin ei vastaa niin kuin pitäisi: KeyError.",
    "Sitä ei voitu lähettää ennen kuin henkilö lakkasi odottamasta.",
)


def test_who_may_not_see_the_person_reads_no_name_and_outside_the_part_there_is_nothing(
    world: World, post: MailServer
) -> None:
    message = given_up(world, post)
    for login, place, permissions in (
        ("anna", "KOIVU", ["applications.read"]),
        ("ville", "KUUSI", ["applications.read", "applications.write", "persons.read", "codes.issue"]),
    ):
        administer(world, login, place, *permissions)
    anna, ville = Reader(world, "anna").enter(), Reader(world, "ville").enter()
    page = shown(anna)
    assert "Somebody whose data you may not see" in page
    assert "One-time code by e-mail" in page
    for text in (page, anna.get(f"{HERE}.csv").text, shown(ville), ville.get(f"{HERE}.csv").text):
        assert "Esimerkki" not in text
        assert str(world.ids["aino"]) not in text
    assert "Everything has been delivered." in shown(ville)
    for reader in (anna, ville):
        assert reader.force(again(message)).status_code == 404
    administer(world, "anna", "KOIVU", "codes.issue")
    assert anna.post(again(message), HERE).status_code == 303


def test_a_login_that_nobody_has_leaves_nothing_to_be_seen(world: World, post: MailServer, paula: Reader) -> None:
    asked(world, "nobody.at.all")
    with Session(world.engine) as session, session.begin():
        session.execute(update(Message).values(given_up_at=clock.now(), last_error="error X"))
    assert "Everything has been delivered." in shown(paula)


def test_the_list_takes_as_many_statements_for_50_mails_as_for_5(world: World, post: MailServer, paula: Reader) -> None:
    first = given_up(world, post)

    def more(count: int) -> None:
        values: dict[str, Any] = {
            "kind": "mail",
            "target": first.target,
            "payload": first.payload,
            "created_at": first.created_at,
            "due_at": first.due_at,
            "given_up_at": first.given_up_at,
            "attempts": 1,
            "last_error": "x",
        }
        world.write(*(Message(**values) for _ in range(count)))

    def counted() -> int:
        with world.counted() as sent:
            shown(paula)
        return len([one for one in sent if not one.startswith(("BEGIN", "COMMIT"))])

    more(4)
    few = counted()
    more(45)
    assert counted() == few
    assert shown(paula).count("Aino Esimerkki</a>") == 50


@pytest.fixture
def iam(database_url: str, tmp_path: Path, post: MailServer, authority: Authority) -> Cli:
    """The command line with the mail server."""
    return Cli(
        {
            "IAM_DATABASE__URL": database_url,
            "IAM_VAULT__KEY_FILE": str(tmp_path / "vault.key"),
            "LC_ALL": "C",
            "IAM_MAIL__HOST": HOST,
            "IAM_MAIL__PORT": str(post.port),
            "IAM_MAIL__SENDER": "avain@marjala.example",
            "IAM_EGRESS__CA_FILE": str(authority.ca_file),
        }
    )


def finding(iam: Cli, check: str, **settings: str) -> tuple[bool, str]:
    """What the doctor says of one thing."""
    found = {one["check"]: one for one in json.loads(iam("doctor", "--json", **settings).stdout)}
    return found[check]["ok"], found[check]["words"]


def test_the_doctor_goes_as_far_as_a_mail_would_and_sends_none(
    world: World, iam: Cli, post: MailServer, tmp_path: Path
) -> None:
    place = f"{HOST}:{post.port}, starttls: "
    assert finding(iam, "mail server") == (True, f"{place}answers")
    assert post.mails == []
    assert {line.split(" ")[0].upper() for line in post.said} == {"EHLO", "STARTTLS", "QUIT"}
    post.password = "salaisuus"
    login = {"IAM_MAIL__LOGIN": "avain", "IAM_MAIL__PASSWORD": "salaisuus"}
    assert finding(iam, "mail server", **login) == (True, f"{place}answers and takes our login")
    for changed, words in (
        ({**login, "IAM_MAIL__PASSWORD": "wrong"}, "refuses our login"),
        ({"IAM_EGRESS__CA_FILE": str(authority_of_nobody(tmp_path))}, "cannot be trusted: SSLCertVerificationError"),
        ({"IAM_MAIL__SECURITY": "tls"}, "cannot be trusted"),
        ({"IAM_MAIL__PORT": str(free_port())}, "does not answer as it should: ConnectionRefusedError"),
    ):
        ok, said = finding(iam, "mail server", **changed)
        assert (ok, words in said) == (False, True), said
        assert "salaisuus" not in said


def authority_of_nobody(folder: Path) -> Path:
    """Another authority's certificate."""
    (folder / "other").mkdir()
    return Authority(folder / "other").ca_file


def test_the_doctor_says_when_no_mail_is_sent_and_when_a_setting_is_missing(world: World, iam: Cli) -> None:
    plain = Cli({name: value for name, value in iam.environment.items() if not name.startswith("IAM_MAIL__")})
    assert finding(plain, "mail server")[0]
    ok, words = finding(plain, "mail server", IAM_MAIL__SENDER="avain@marjala.example")
    assert (ok, "IAM_MAIL__HOST is missing" in words) == (False, True)
    refused = iam("doctor", IAM_MAIL__SENDER="")
    assert refused.exit_code != 0
    assert "sender must be an e-mail address" in refused.output


def test_the_doctor_counts_mails_that_were_given_up_and_those_that_wait_too_long(
    world: World, iam: Cli, post: MailServer
) -> None:
    assert finding(iam, "mails") == (True, "0 have waited longer than an hour; 0 were given up in the last 7 days")
    given_up(world, post)
    asked(world)
    ok, words = finding(iam, "mails")
    assert (ok, words) == (
        True,
        "0 have waited longer than an hour; 1 were given up in the last 7 days, see /admin/undelivered",
    )
    old = clock.now() - timedelta(minutes=61)
    with Session(world.engine) as session, session.begin():
        session.execute(update(Message).where(Message.given_up_at.is_(None)).values(created_at=old))
        session.execute(
            update(Message).where(Message.given_up_at.is_not(None)).values(given_up_at=clock.now() - timedelta(days=8))
        )
    assert finding(iam, "mails") == (False, "1 have waited longer than an hour; 0 were given up in the last 7 days")
