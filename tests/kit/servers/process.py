"""One server as a child process: started in its own session, awaited, and stopped by its process id."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import IO, Self

READY_TRIES = 600
STOP_TRIES = 200
PAUSE = 0.05
"""Seconds between two tries: a server has 30 s to get ready and 10 s to stop."""


class ServerFailed(RuntimeError):
    """A server ended or was not ready in time; the message ends with the last lines of its log."""


class Server:
    """Base of every test server. A subclass says ``command`` and ``ready``; ``prepare`` runs before each start.

    The server gets a session and process group of its own, and the kernel ends it when the thread that started it ends,
    so start servers from the main thread. ``folder`` is its temporary folder, made here and removed by ``stop``.
    """

    name = "server"
    stop_signal = signal.SIGTERM
    user: str | None = None
    """The account to run as when the tests run as root; None means the tests' own."""

    def __init__(self) -> None:
        self.folder = Path()
        self._child: subprocess.Popen[bytes] | None = None

    def prepare(self) -> None:
        """Write what the server needs into ``folder``."""

    def command(self) -> list[str]:
        """The program and its arguments; it must stay in the foreground."""
        raise NotImplementedError

    def environment(self) -> Mapping[str, str]:
        """The environment of the process."""
        return os.environ

    def ready(self) -> bool:
        """Whether the server answers now; never raises for a server that does not answer yet."""
        raise NotImplementedError

    @property
    def pid(self) -> int:
        """The process id, which is also its session's and group's; ``RuntimeError`` while it is stopped."""
        if self._child is None:
            raise RuntimeError(f"{self.name} is not started")
        return self._child.pid

    @property
    def started(self) -> bool:
        """Whether ``start`` was called and ``stop`` was not."""
        return self._child is not None

    @property
    def account(self) -> str | None:
        """The account that the server must be switched to: ``user`` when the tests run as root."""
        return self.user if os.geteuid() == 0 else None

    def start(self) -> Self:
        """Start and wait until ready. Raises ``ServerFailed``, leaving nothing behind, when it ends or takes over 30
        s."""
        if self._child is not None:
            raise RuntimeError(f"{self.name} is already started")
        self._make_folder()
        try:
            self.prepare()
            with self._log().open("ab") as log:
                self._child = self._spawn(log)
            self._await_ready()
        except BaseException:
            self.stop()
            raise
        return self

    def stop(self) -> None:
        """End the process and all of its group, and remove the folder; may be called at any time, more than once."""
        if self._child is not None:
            self._end(self._child)
            self._child = None
        if self.folder != Path():
            shutil.rmtree(self.folder, ignore_errors=True)
            self.folder = Path()

    def pause(self) -> None:
        """Freeze the process: it keeps its connections and answers nothing until ``resume``."""
        os.kill(self.pid, signal.SIGSTOP)

    def resume(self) -> None:
        """Let a paused process go on; harmless when it is not paused."""
        os.kill(self.pid, signal.SIGCONT)

    def log_tail(self, lines: int = 40) -> str:
        """The last lines of what the server wrote."""
        if not self._log().exists():
            return ""
        return "\n".join(self._log().read_text(errors="replace").splitlines()[-lines:])

    def run_first(self, command: list[str], *, seconds: int = 60) -> None:
        """Run a preparing command to its end, as the server's account; ``ServerFailed`` when it fails; it may take
        ``seconds``."""
        done = subprocess.run(
            command,
            check=False,
            cwd=self.folder,
            user=self.account,
            group=self.account,
            extra_groups=[] if self.account else None,
            capture_output=True,
            text=True,
            timeout=seconds,
        )
        if done.returncode != 0:
            raise ServerFailed(f"{self.name}: {command[0]} ended with {done.returncode}\n{done.stdout}{done.stderr}")

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.stop()

    def _make_folder(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix=f"avain-{self.name}-"))
        if self.account is not None:
            shutil.chown(self.folder, self.account)

    def _log(self) -> Path:
        return self.folder / "log"

    def _spawn(self, log: IO[bytes]) -> subprocess.Popen[bytes]:
        # setpriv replaces itself with the command, so the process id stays ours; the death signal reaches the server
        # even when the tests are killed and no fixture gets to clean up.
        return subprocess.Popen(
            ["setpriv", "--pdeathsig", signal.Signals(self.stop_signal).name.removeprefix("SIG"), *self.command()],
            cwd=self.folder,
            env=dict(self.environment()),
            user=self.account,
            group=self.account,
            extra_groups=[] if self.account else None,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )

    def _await_ready(self) -> None:
        for _ in range(READY_TRIES):
            if _has_ended(self.pid):
                raise ServerFailed(f"{self.name} ended before it was ready\n{self.log_tail()}")
            if self.ready():
                return
            time.sleep(PAUSE)
        raise ServerFailed(f"{self.name} was not ready in {READY_TRIES * PAUSE:.0f} s\n{self.log_tail()}")

    def _end(self, child: subprocess.Popen[bytes]) -> None:
        if not _has_ended(child.pid):
            os.kill(child.pid, self.stop_signal)
            os.kill(child.pid, signal.SIGCONT)
        for _ in range(STOP_TRIES):
            if _has_ended(child.pid):
                break
            time.sleep(PAUSE)
        # The leader is not reaped yet, so the group's number can be nobody else's.
        os.killpg(child.pid, signal.SIGKILL)
        child.wait()
        # A signal is sent before it has done its work: children are awaited too, so that nothing writes into a folder
        # that goes.
        for _ in range(STOP_TRIES):
            if not processes_of_session(child.pid):
                return
            time.sleep(PAUSE)
        raise ServerFailed(f"{self.name}: its children did not end in {STOP_TRIES * PAUSE:.0f} s")


def processes_of_session(leader: int) -> set[int]:
    """Ids of the live processes in the session that ``leader`` leads or led."""
    listed = subprocess.run(["ps", "-eo", "pid=,sid=,stat="], capture_output=True, text=True, check=True).stdout
    rows = (line.split() for line in listed.splitlines())
    return {int(pid) for pid, session, state in rows if int(session) == leader and not state.startswith("Z")}


def _has_ended(pid: int) -> bool:
    """Whether this child has ended, without reaping it."""
    return os.waitid(os.P_PID, pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None
