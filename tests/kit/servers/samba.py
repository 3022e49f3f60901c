"""A real domain controller of Active Directory: Samba's, with LDAP alone, an authority of its own, and a small
municipality in it.

Its ports are fixed (389, 636, 3268, 3269), so that it has a loopback address of its own, and runs as root.
"""

from __future__ import annotations

import fcntl
import shutil
import subprocess
from base64 import b64encode
from itertools import count
from pathlib import Path

from tests.kit.servers.certificates import Authority
from tests.kit.servers.ports import answers, free_address
from tests.kit.servers.process import Server, ServerFailed

SUFFIX = "DC=mansikkala,DC=example"
READER, DELETED_READER = f"CN=avain,CN=Users,{SUFFIX}", f"CN=arkistoavain,CN=Users,{SUFFIX}"
"""Whom the service binds as: accounts like any other, of which only the second may read what is deleted."""
PASSWORD = "Kissa-ja-koira-7"
"""The password of everyone in the directory."""

ENABLED, DISABLED, LOCKED = 0x200, 0x202, 0x210
"""The ``userAccountControl`` of a person; a domain controller keeps being locked elsewhere, and may be given it."""

_ADMINISTRATOR = f"CN=Administrator,CN=Users,{SUFFIX}"
_LDAP, _LDAPS = 389, 636
_CONFIGURATION = """\
[global]
netbios name = DC1
realm = MANSIKKALA.EXAMPLE
workgroup = MANSIKKALA
server role = active directory domain controller
server services = ldap
interfaces = {address}/8
bind interfaces only = yes
private dir = {folder}/private
state directory = {folder}/state
cache directory = {folder}/cache
lock directory = {folder}/lock
pid directory = {folder}/lock
ncalrpc dir = {folder}/ncalrpc
binddns dir = {folder}/bind-dns
log file = {folder}/samba.log
tls certfile = {folder}/server.pem
tls keyfile = {folder}/server.key
tls cafile = {folder}/ca.pem
tls dh params file =

[sysvol]
path = {folder}/state/sysvol

[netlogon]
path = {folder}/state/sysvol
"""
_PROVISION = (
    "samba-tool domain provision --realm=mansikkala.example --domain=MANSIKKALA --server-role=dc --dns-backend=NONE "
    "--host-name=dc1 --quiet"
)

_OPENED = """\
import sys, uuid, ldb
from samba.auth import system_session
from samba.dcerpc import security
from samba.ndr import ndr_pack, ndr_unpack
from samba.param import LoadParm
from samba.samdb import SamDB
configuration = LoadParm()
configuration.load(sys.argv[1] + "/smb.conf")
db = SamDB(session_info=system_session(configuration), lp=configuration)
def replace(dn, attribute, value, controls):
    change = ldb.Message(dn)
    change[attribute] = ldb.MessageElement(value, ldb.FLAG_MOD_REPLACE, attribute)
    db.modify(change, controls=controls)
"""
_ACCOUNTS = f"""\
{_OPENED}
for name in ("avain", "arkistoavain"):
    db.newuser(name, sys.argv[2])
found = db.search(sys.argv[3], ldb.SCOPE_BASE, attrs=["objectSid"])
reader = ndr_unpack(security.dom_sid, found[0]["objectSid"][0])
deleted, domain = "CN=Deleted Objects," + db.domain_dn(), security.dom_sid(db.get_domain_sid())
controls = ["show_deleted:1", "sd_flags:1:4"]
found = db.search(deleted, ldb.SCOPE_BASE, attrs=["nTSecurityDescriptor"], controls=controls)
rights = ndr_unpack(security.descriptor, found[0]["nTSecurityDescriptor"][0]).as_sddl(domain)
rights = rights.replace("(", f"(A;;LCRP;;;{{reader}})(", 1)
given = security.descriptor.from_sddl(rights, domain)
replace(found[0].dn, "nTSecurityDescriptor", ndr_pack(given), controls)
"""
_RESTORED = f"""\
{_OPENED}
replace(ldb.Dn(db, db.get_dsServiceName()), "invocationId", uuid.uuid4().bytes_le, ["relax:0"])
"""
"""What Samba's own Python does to a domain that is not started: the rights are those of ``dsacls … /G name:LCRP``."""


def person(login: str, given_name: str, surname: str, unit: str, *, control: int = ENABLED, more: str = "") -> str:
    """Return a person of ``unit`` as LDIF to add; ``more`` are further lines, each ended."""
    password = b64encode(f'"{PASSWORD}"'.encode("utf-16-le")).decode("ascii")
    entry = nameless(login, unit, f"unicodePwd:: {password}\nuserAccountControl: {control}\n{more}")
    return f"{entry}givenName: {given_name}\nsn: {surname}\nmail: {login}@mansikkala.example\n"


def nameless(login: str, unit: str, more: str = "") -> str:
    """Return a person without a name, and without a password unless ``more`` gives one; that is made much faster."""
    return f"\ndn: CN={login},{unit}\nobjectClass: user\nsAMAccountName: {login}\n{more}"


def group(name: str, unit: str, *members: str) -> str:
    """Return a group of ``unit`` as LDIF to add; ``members`` are names of entries of that unit."""
    lines = "".join(f"member: CN={member},{unit}\n" for member in members)
    return f"\ndn: CN={name},{unit}\nobjectClass: group\nsAMAccountName: {name}\n{lines}"


class Samba(Server):
    """A domain controller with nobody but its own accounts and the two readers; ``ldaps_url`` verifies against
    ``ca_file``.

    The domain is made once in the folder ``kept``, which parallel workers may share. One that is a ``copy_of`` another
    is as that one was just then: ``restored`` as a backup should be, with a new invocation id, or as the image of a
    disk that was put back.
    """

    name = "samba"

    def __init__(self, copy_of: Samba | None = None, *, kept: Path | None = None, restored: bool = False) -> None:
        super().__init__()
        self.address = free_address(_LDAP, _LDAPS)
        self._copied = copy_of
        self._restored = restored
        self._kept = kept
        self._units = count(1)

    @property
    def url(self) -> str:
        """Where it listens for LDAP, on which nobody may bind unless TLS was begun."""
        return f"ldap://{self.address}"

    @property
    def ldaps_url(self) -> str:
        """Where it listens for LDAPS."""
        return f"ldaps://{self.address}"

    @property
    def ca_file(self) -> Path:
        """The certificate of the authority that made the server's."""
        return self.folder / "ca.pem"

    def prepare(self) -> None:
        """Make the domain, or copy it, and write certificates and configuration."""
        self._configuration.write_text(_CONFIGURATION.format(folder=self.folder, address=self.address))
        Authority(self.folder).issue("server", self.address).key.chmod(0o600)
        if self._copied is not None:
            self._copy(self._copied)
        elif self._kept is not None:
            self._make_once(self._kept)
        else:
            self._make()

    def command(self) -> list[str]:
        """See ``Server``."""
        alone = ["--interactive", "--model=single", "--no-process-group", "--debug-stdout"]
        return ["samba", f"--configfile={self._configuration}", *alone]

    def ready(self) -> bool:
        """See ``Server``."""
        return answers(_LDAP, self.address) and answers(_LDAPS, self.address)

    def unit(self) -> str:
        """Make a new unit, for the entries of one test; return its name."""
        name = f"OU=yksikko{next(self._units)},{SUFFIX}"
        self.add(f"dn: {name}\nobjectClass: organizationalUnit\n")
        return name

    def apply(self, ldif: str) -> None:
        """Apply changes (``changetype: modify | delete | add``) as the administrator."""
        self._ask("ldapmodify", stdin=ldif)

    def search(self, base: str, wanted: str) -> str:
        """Return what the administrator finds, as LDIF, with the references to other servers."""
        return self._ask("ldapsearch", "-LLL", "-b", base, wanted)

    def add(self, *ldif: str) -> None:
        """Add entries."""
        entries = (entry.strip() for each in ldif for entry in each.split("\n\n"))
        self.apply("\n\n".join(entry.replace("\n", "\nchangetype: add\n", 1) for entry in entries if entry) + "\n")

    def delete(self, *names: str) -> None:
        """Delete the entries of these names."""
        self.apply("\n".join(f"dn: {name}\nchangetype: delete\n" for name in names))

    def replace(self, name: str, attribute: str, value: str) -> None:
        """Give an entry another value of an attribute."""
        self.apply(f"dn: {name}\nchangetype: modify\nreplace: {attribute}\n{attribute}: {value}\n")

    def leave(self, group_name: str, member: str) -> None:
        """Take a member out of a group, by their names."""
        self.apply(f"dn: {group_name}\nchangetype: modify\ndelete: member\nmember: {member}\n")

    def join(self, group_name: str, member: str) -> None:
        """Put a member into a group, by their names."""
        self.apply(f"dn: {group_name}\nchangetype: modify\nadd: member\nmember: {member}\n")

    def move(self, name: str, unit: str) -> None:
        """Move an entry, with all below, under ``unit``."""
        own = name.partition(",")[0]
        self.apply(f"dn: {name}\nchangetype: modrdn\nnewrdn: {own}\ndeleteoldrdn: 1\nnewsuperior: {unit}\n")

    @property
    def _configuration(self) -> Path:
        return self.folder / "smb.conf"

    def _make(self) -> None:
        given = [f"--configfile={self._configuration}", f"--adminpass={PASSWORD}", f"--host-ip={self.address}"]
        self.run_first([*_PROVISION.split(), *given], seconds=180)
        self._run(_ACCOUNTS, PASSWORD, DELETED_READER)

    def _make_once(self, kept: Path) -> None:
        kept.mkdir(exist_ok=True)
        with (kept / "lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if (kept / "made").exists():
                _copy_domain(kept, self.folder)
            else:
                self._make()
                _copy_domain(self.folder, kept)
                (kept / "made").touch()

    def _copy(self, other: Samba) -> None:
        other.pause()
        try:
            _copy_domain(other.folder, self.folder)
        finally:
            other.resume()
        if self._restored:
            self._run(_RESTORED)

    def _run(self, script: str, *arguments: str) -> None:
        self.run_first(["/usr/bin/python3", "-c", script, str(self.folder), *arguments])

    def _ask(self, program: str, *arguments: str, stdin: str = "") -> str:
        done = subprocess.run(
            [program, "-x", "-H", self.ldaps_url, "-D", _ADMINISTRATOR, "-w", PASSWORD, *arguments],
            check=False,
            input=stdin,
            env={**self.environment(), "LDAPTLS_CACERT": str(self.ca_file)},
            text=True,
            capture_output=True,
            timeout=60,
        )
        if done.returncode != 0:
            raise ServerFailed(f"{program} ended with {done.returncode}: {done.stderr}")
        return done.stdout


def _copy_domain(folder: Path, to: Path) -> None:
    for part in ("private", "state"):
        shutil.copytree(folder / part, to / part, ignore=shutil.ignore_patterns("ldapi*"))
