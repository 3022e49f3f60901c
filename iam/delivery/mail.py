"""The one port by which e-mail leaves: what a mail is, who carries it, and the carrier over SMTP.

The connection is sealed (TLS 1.2 or newer, the server's certificate checked against its name) before anything is said;
only a loopback address that the settings list may be spoken to in clear. A mail goes to exactly one address, and
neither the address nor the subject can hold a line break: nobody adds a header or a recipient by way of a name (RFC
5321, RFC 5322).
"""

from __future__ import annotations

import re
import smtplib
import ssl
import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import format_datetime, make_msgid
from pathlib import Path
from typing import Protocol

from connectors.problem import Problem
from iam import clock, settings
from iam.errors import Invalid, Unavailable
from iam.settings import Settings

SECONDS = 10.0
"""How long one step of the conversation may take."""
LONGEST_ADDRESS = 254
"""Characters of an address (RFC 5321 section 4.5.3.1.3, less the brackets)."""
# One plain address: no list, no comment, no quoting, no route.
_ADDRESS = re.compile(r"[^\s@<>()\[\]\\,;:\"]+@[^\s@<>()\[\]\\,;:\"]+")
_FINAL = 500


def is_address(text: str) -> bool:
    """Whether a text is one plain e-mail address that a mail may go to."""
    return len(text) <= LONGEST_ADDRESS and not _has_controls(text) and _ADDRESS.fullmatch(text) is not None


@dataclass(frozen=True, slots=True)
class Mail:
    """A mail in plain text. Raises ``Invalid`` when ``to`` is not one plain address or a header would hold a control
    character."""

    to: str
    subject: str
    text: str

    def __post_init__(self) -> None:
        if not is_address(self.to):
            raise Invalid(Problem("This is not one e-mail address.", field="to"))
        if _has_controls(self.subject):
            raise Invalid(Problem("The subject of a mail is one line.", field="subject"))


class MailRefused(Unavailable):
    """The mail server will not take this mail, now or later."""

    code = "mail-refused"


class Carrier(Protocol):
    """Takes mails away."""

    def send(self, mail: Mail) -> None:
        """Hand a mail over for good; raises ``Unavailable`` when that failed, ``MailRefused`` when trying again would
        not help."""

    def greet(self) -> None:
        """Go as far as a mail needs to (sealed and signed in, where the settings say so) and leave; raises
        ``Unavailable``."""


@dataclass(frozen=True, slots=True)
class Smtp:
    """A carrier over SMTP (RFC 5321); ``ca_file`` is a further authority that the server's certificate may come
    from."""

    server: settings.Mail
    ca_file: Path | None = None

    def send(self, mail: Mail) -> None:
        """See ``Carrier``."""
        message = _message(mail, self.server.sender)
        with _in_words(), self._opened() as link:
            link.send_message(message, self.server.sender, [mail.to])

    def greet(self) -> None:
        """See ``Carrier``."""
        with _in_words(), self._opened() as link:
            link.ehlo_or_helo_if_needed()

    @contextmanager
    def _opened(self) -> Iterator[smtplib.SMTP]:
        """Connect, seal, sign in. What we are called there is the sender's domain: looking up our own name may take
        long."""
        host, port, name = self.server.host or "", self.server.port, _domain(self.server.sender)
        if self.server.security == "tls":
            link: smtplib.SMTP = smtplib.SMTP_SSL(host, port, name, timeout=SECONDS, context=self._trust())
        else:
            link = smtplib.SMTP(host, port, name, timeout=SECONDS)
        try:
            if self.server.security == "starttls":
                link.starttls(context=self._trust())
            if self.server.login is not None and self.server.password is not None:
                link.login(self.server.login, self.server.password.get_secret_value())
            yield link
            # The mail was taken: a bad farewell must not have it sent again.
            with suppress(smtplib.SMTPException, OSError):
                link.quit()
        finally:
            link.close()

    def _trust(self) -> ssl.SSLContext:
        context = ssl.create_default_context()
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        if self.ca_file is not None:
            context.load_verify_locations(self.ca_file)
        return context


@contextmanager
def _in_words() -> Iterator[None]:
    """Say what the conversation ended in, without the words of the server: they may name the address."""
    try:
        yield
    except smtplib.SMTPRecipientsRefused as error:
        raise _unsent(max(code for code, _ in error.recipients.values())) from None
    except smtplib.SMTPDataError as error:
        raise _unsent(error.smtp_code) from None
    except smtplib.SMTPNotSupportedError:
        raise Unavailable(Problem("The mail server lacks what IAM_MAIL__SECURITY or this mail needs.")) from None
    except smtplib.SMTPAuthenticationError:
        raise Unavailable(
            Problem("The mail server refuses our login.", "Check IAM_MAIL__LOGIN and IAM_MAIL__PASSWORD.")
        ) from None
    except ssl.SSLError as error:
        raise Unavailable(
            Problem("The mail server cannot be trusted: %(why)s.", params={"why": type(error).__name__})
        ) from None
    except (smtplib.SMTPException, OSError, UnicodeError) as error:
        raise Unavailable(
            Problem("The mail server does not answer as it should: %(why)s.", params={"why": type(error).__name__})
        ) from None


def carrier(given: Settings) -> Carrier | None:
    """Return the carrier that the settings name; None where no mail is sent."""
    return Smtp(given.mail, given.egress.ca_file) if given.mail.host else None


def _message(mail: Mail, sender: str) -> EmailMessage:
    message = EmailMessage()
    message["From"] = _one(sender)
    message["To"] = _one(mail.to)
    message["Subject"] = mail.subject
    message["Date"] = format_datetime(clock.now())
    message["Message-ID"] = make_msgid(domain=_domain(sender))
    # So that no holiday answer comes back (RFC 3834 section 5).
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(mail.text, cte="quoted-printable")
    return message


def _one(address: str) -> Address:
    name, _, domain = address.rpartition("@")
    return Address(username=name, domain=domain)


def _domain(address: str) -> str:
    return address.rpartition("@")[2]


def _has_controls(text: str) -> bool:
    return any(unicodedata.category(one) in ("Cc", "Cs", "Zl", "Zp") for one in text)


def _unsent(status: int) -> Unavailable:
    kind = MailRefused if status >= _FINAL else Unavailable
    return kind(Problem("The mail server did not take the mail: %(why)s.", params={"why": f"status {status}"}))
