"""A mail server on loopback that keeps what it is given: plain, with STARTTLS or with TLS, and as unwilling as a test
wants it."""

from __future__ import annotations

import socketserver
import ssl
from base64 import b64decode
from dataclasses import dataclass
from email import message_from_bytes, policy
from email.message import EmailMessage
from threading import Condition, Thread
from types import TracebackType
from typing import Self, cast

from tests.kit.servers.certificates import Certificate
from tests.kit.servers.ports import HOST, free_port


@dataclass(frozen=True)
class Received:
    """A mail as it arrived: the envelope, whether it came over TLS, who signed in, and the message."""

    sender: str
    recipients: list[str]
    sealed: bool
    login: str | None
    message: EmailMessage

    @property
    def text(self) -> str:
        """The message's text."""
        return str(self.message.get_content()).replace("\r\n", "\n")


class _Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True


class MailServer:
    """A server up inside the block. ``mails`` holds what it took, ``said`` every line that clients sent, in order.

    ``security`` is none, starttls or tls. ``recipient`` and ``data`` are its answers to a recipient and to a whole
    mail; ``password`` is what it asks of a client that signs in; ``farewell`` False: it hangs up instead of saying
    goodbye.
    """

    def __init__(self, certificate: Certificate | None = None, security: str = "none") -> None:
        self.port, self.security, self.certificate = free_port(), security, certificate
        self.recipient, self.data, self.password, self.farewell = "250 yes", "250 taken", "", True
        self.mails: list[Received] = []
        self.said: list[str] = []
        self.arrived = Condition()
        self._server: _Server | None = None

    @property
    def place(self) -> str:
        """Host and port."""
        return f"{HOST}:{self.port}"

    def context(self) -> ssl.SSLContext:
        """What it shows of itself."""
        assert self.certificate is not None
        made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        made.load_cert_chain(self.certificate.certificate, self.certificate.key)
        return made

    def took(self, count: int) -> list[Received]:
        """Wait (at most 30 s) for so many mails and return all."""
        with self.arrived:
            assert self.arrived.wait_for(lambda: len(self.mails) >= count, 30), f"{len(self.mails)} of {count} mails"
            return list(self.mails)

    def __enter__(self) -> Self:
        self._server = _Server((HOST, self.port), _handler(self))
        Thread(target=self._server.serve_forever, args=(0.01,), daemon=True).start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        if self._server is not None:
            self._server.shutdown()
            self._server.server_close()
            self._server = None


def _handler(server: MailServer) -> type[socketserver.BaseRequestHandler]:
    class Handler(_Conversation):
        owner = server

    return Handler


class _Conversation(socketserver.StreamRequestHandler):
    """One client, from greeting to farewell (RFC 5321; STARTTLS RFC 3207; AUTH PLAIN RFC 4954)."""

    owner: MailServer

    def handle(self) -> None:
        """Talk."""
        self.sealed, self.sender, self.login = False, "", cast("str | None", None)
        self.recipients: list[str] = []
        try:
            if self.owner.security == "tls":
                self._seal()
            self._say("220 mail.example ready")
            while (line := self.rfile.readline()) and self._answer(line.decode().rstrip("\r\n")):
                pass
        except (ssl.SSLError, OSError):
            return

    def _answer(self, line: str) -> bool:
        self.owner.said.append(line)
        verb, _, rest = line.partition(" ")
        match verb.upper():
            case "EHLO" | "HELO":
                offered = ["STARTTLS"] if self.owner.security == "starttls" and not self.sealed else []
                offered += ["AUTH PLAIN"] if self.owner.password else []
                for name in ["mail.example", *offered]:
                    self._say(f"250-{name}")
                self._say("250 SIZE")
            case "STARTTLS":
                self._say("220 go ahead")
                self._seal()
            case "AUTH":
                _, login, password = b64decode(rest.removeprefix("PLAIN ")).decode().split("\0")
                self.login = login if password == self.owner.password else None
                self._say("235 welcome" if self.login else "535 no")
            case "MAIL":
                self.sender = rest
                self._say("250 yes")
            case "RCPT":
                self.recipients.append(rest)
                self._say(self.owner.recipient)
            case "DATA":
                self._say("354 go on")
                self._take()
            case "QUIT":
                if self.owner.farewell:
                    self._say("221 bye")
                return False
            case _:
                self._say("250 yes")
        return True

    def _take(self) -> None:
        lines = []
        while (line := self.rfile.readline()) and line != b".\r\n":
            lines.append(line.removeprefix(b"."))
        if self.owner.data.startswith("250"):
            message = message_from_bytes(b"".join(lines), policy=policy.default)
            with self.owner.arrived:
                self.owner.mails.append(Received(self.sender, self.recipients, self.sealed, self.login, message))
                self.owner.arrived.notify_all()
        self._say(self.owner.data)

    def _seal(self) -> None:
        self.connection = self.owner.context().wrap_socket(self.connection, server_side=True)
        self.rfile, self.wfile = self.connection.makefile("rb"), self.connection.makefile("wb", buffering=0)
        self.sealed = True

    def _say(self, line: str) -> None:
        self.wfile.write(f"{line}\r\n".encode())
