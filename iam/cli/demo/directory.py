"""OpenLDAP's slapd with the demonstration's staff, where it is installed: on loopback, with a folder of its own."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

from iam.cli.demo.beside import HOST
from iam.demo.feeds.ldif import BASE

READER, PASSWORD = f"cn=avain,{BASE}", "esittelyn-hakemisto-vain-talle-koneelle"
"""Whom the source binds as, and the password."""
_SCHEMAS = (Path("/etc/ldap/schema"), Path("/etc/openldap/schema"))
_MODULES = (Path("/usr/lib/ldap"), Path("/usr/lib/openldap"), Path("/usr/lib64/openldap"))
_SECONDS = 30
_CONFIGURATION = """\
{includes}
pidfile "{folder}/pid"
{modules}
database mdb
maxsize 1073741824
suffix "{base}"
rootdn "{reader}"
rootpw {password}
directory "{folder}/db"
access to attrs=userPassword by anonymous auth by * none
access to * by * none
index objectClass,entryUUID,uid,modifyTimestamp eq
"""


def program() -> str | None:
    """Return where slapd is, None where it is not installed."""
    return _found("slapd") if _found("slapadd") and _schemas() else None


def command(slapd: str, folder: Path, port: int) -> list[str]:
    """Return how slapd is run in the foreground over what ``prepare`` made."""
    return [slapd, "-f", str(folder / "slapd.conf"), "-h", f"ldap://{HOST}:{port}", "-d", "0"]


def prepare(folder: Path, ldif: Path) -> bool:
    """Make the database of an LDIF in ``folder``, once: entries keep their ids. Say whether it is there."""
    configuration = folder / "slapd.conf"
    if configuration.exists():
        return True
    shutil.rmtree(folder, ignore_errors=True)
    (folder / "db").mkdir(parents=True)
    trial = folder / "trial.conf"
    trial.touch(mode=0o600)
    trial.write_text(_configuration(folder.resolve()), encoding="utf-8")
    made = subprocess.run(  # noqa: S603  # found on this machine, with names of our own
        [str(_found("slapadd")), "-q", "-f", str(trial), "-l", str(ldif)],
        check=False,
        capture_output=True,
        timeout=_SECONDS,
    )
    if made.returncode:
        return False
    trial.replace(configuration)
    return True


def _configuration(folder: Path) -> str:
    names = ("core", "cosine", "inetorgperson")
    modules = next((one for one in _MODULES if [*one.glob("back_mdb*")]), None)
    return _CONFIGURATION.format(
        includes="\n".join(f"include {_schemas()}/{name}.schema" for name in names),
        modules=f"modulepath {modules}\nmoduleload back_mdb" if modules else "",
        folder=folder,
        base=BASE,
        reader=READER,
        password=PASSWORD,
    )


def _schemas() -> Path | None:
    return next((one for one in _SCHEMAS if (one / "inetorgperson.schema").exists()), None)


def _found(name: str) -> str | None:
    return shutil.which(name) or shutil.which(name, path="/usr/sbin:/usr/libexec:/usr/local/sbin")
