"""Where the demonstration keeps its state, with which settings, and that commands find it when there is nothing
else."""

from __future__ import annotations

from pathlib import Path

from pydantic import SecretStr

from iam.settings import Database, Settings, Signin, VaultSettings
from iam.signin.factors import levels

PORT = 8080
ISSUER, RELYING = f"http://localhost:{PORT}", f"http://localhost:{PORT + 1}"
_DATABASE, _ADDRESS = "demo.db", "demo.address"
FILES = (_DATABASE, f"{_DATABASE}-wal", f"{_DATABASE}-shm", "demo.key", _ADDRESS)
"""What starting over forgets, besides the feeds."""


def settings_for(state: Path, issuer: str = ISSUER) -> Settings:
    """Return the demonstration's settings: everything under ``state``, the issuer on localhost (its port is the one to
    listen on)."""
    state.mkdir(parents=True, exist_ok=True)
    return Settings(
        issuer=issuer,
        consortium="Marjala",
        state_dir=state,
        vault=VaultSettings(key_file=state / "demo.key"),
        database=Database(url=SecretStr(f"sqlite:///{database(state)}")),
        signin=Signin(administrators=levels.PASSWORD),
    )


def database(state: Path) -> Path:
    """Return the file of the demonstration's database."""
    return (state / _DATABASE).resolve()


def remember(state: Path, issuer: str) -> None:
    """Remember at which address the demonstration was served last."""
    file = state / _ADDRESS
    if not file.exists() or file.read_text(encoding="utf-8") != issuer:
        file.write_text(issuer, encoding="utf-8")


def instead_of(given: Settings) -> Settings | None:
    """Return the demonstration's settings where nobody said which database is meant, the usual one is not there, and
    this one is."""
    if "url" in given.database.model_fields_set or not database(given.state_dir).exists():
        return None
    usual = given.database.url.get_secret_value().removeprefix("sqlite:///")
    if Path(usual).exists():
        return None
    file = given.state_dir / _ADDRESS
    return settings_for(given.state_dir, file.read_text(encoding="utf-8") if file.exists() else ISSUER)
