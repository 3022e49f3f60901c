"""A real LDAP server: OpenLDAP's slapd with LDAP, StartTLS and LDAPS, an authority of its own, and a small municipality
in it.

Its schema knows Active Directory's ``accountExpires`` and an ``employedUntil``, both of the class ``employed``.
"""

from __future__ import annotations

import subprocess
from pathlib import Path

from tests.kit.servers.certificates import Authority
from tests.kit.servers.ports import HOST, answers, free_port
from tests.kit.servers.process import Server

SUFFIX = "dc=mansikkala,dc=example"
READER = f"cn=avain,{SUFFIX}"
READER_PASSWORD = "reader-secret"
"""Whom the service binds as, and the password."""

PASSWORD = "Kissa-ja-koira-7"
"""The password of everyone in the directory."""

_MODULES = Path("/usr/lib/ldap")
_CONFIGURATION = """\
include /etc/ldap/schema/core.schema
include /etc/ldap/schema/cosine.schema
include /etc/ldap/schema/inetorgperson.schema
include /etc/ldap/schema/nis.schema
attributetype ( 1.2.840.113556.1.4.159 NAME 'accountExpires' SINGLE-VALUE
  EQUALITY integerMatch SYNTAX 1.3.6.1.4.1.1466.115.121.1.27 )
attributetype ( 1.3.6.1.4.1.32473.1.1 NAME 'employedUntil' SINGLE-VALUE
  EQUALITY generalizedTimeMatch SYNTAX 1.3.6.1.4.1.1466.115.121.1.24 )
objectclass ( 1.3.6.1.4.1.32473.2.1 NAME 'employed' AUXILIARY MAY ( accountExpires $ employedUntil ) )
pidfile "{folder}/pid"
modulepath {modules}
moduleload back_mdb
TLSCACertificateFile "{ca}"
TLSCertificateFile "{certificate}"
TLSCertificateKeyFile "{key}"
TLSVerifyClient never
sizelimit 50
database mdb
maxsize 1073741824
suffix "{suffix}"
rootdn "cn=root,{suffix}"
rootpw {root_password}
directory "{folder}/db"
limits dn.exact="{reader}" size={most} size.prtotal={most}
access to attrs=userPassword by anonymous auth by * none
access to * by dn.exact="{reader}" read by * none
index entryUUID,objectClass,uid,modifyTimestamp eq
"""

_BASE = f"""\
dn: {SUFFIX}
objectClass: dcObject
objectClass: organization
dc: {SUFFIX.split(",")[0].removeprefix("dc=")}
o: Mansikkala

dn: ou=people,{SUFFIX}
objectClass: organizationalUnit
ou: people

dn: ou=groups,{SUFFIX}
objectClass: organizationalUnit
ou: groups

dn: {READER}
objectClass: organizationalRole
objectClass: simpleSecurityObject
cn: avain
userPassword: {READER_PASSWORD}
"""


def person(uid: str, given_name: str, surname: str, *, more: str = "", password: str = PASSWORD) -> str:
    """Return a person as LDIF; ``more`` are further lines, each ended; a further mail comes first."""
    return f"""
dn: uid={uid},ou=people,{SUFFIX}
objectClass: inetOrgPerson
uid: {uid}
cn: {given_name} {surname}
givenName: {given_name}
sn: {surname}
mail: {uid}@mansikkala.example
{more}userPassword: {password}
"""


def group(cn: str, *members: str, more: str = "") -> str:
    """Return a group as LDIF; ``members`` are names within the suffix, as in ``uid=aino,ou=people``."""
    lines = "\n".join(f"member: {member},{SUFFIX}" for member in members)
    return f"\ndn: cn={cn},ou=groups,{SUFFIX}\nobjectClass: groupOfNames\ncn: {cn}\n{lines}\n{more}"


def posix_group(cn: str, *logins: str, number: int = 5000, more: str = "") -> str:
    """Return a group of RFC 2307 as LDIF; ``logins`` are its ``memberUid``."""
    lines = "".join(f"memberUid: {login}\n" for login in logins)
    return f"\ndn: cn={cn},ou=groups,{SUFFIX}\nobjectClass: posixGroup\ncn: {cn}\ngidNumber: {number}\n{lines}{more}"


PEOPLE = (
    person("aino", "Aino", "Esimerkki", more="mail: aino.esimerkki@koivu.example\n"),
    person("eero", "Eero", "Malli"),
    person("oma", "Oma", "Nimi"),
)
GROUPS = (
    group("koivu-opettajat", "uid=aino,ou=people", more="description: Koivurinteen opettajat\n"),
    group("opettajat", "cn=koivu-opettajat,ou=groups", "uid=eero,ou=people"),
    group("piiri-a", "cn=piiri-b,ou=groups", "uid=oma,ou=people"),
    group("piiri-b", "cn=piiri-a,ou=groups"),
)
"""Nested: opettajat holds koivu-opettajat; piiri-a and piiri-b hold each other."""


class Slapd(Server):
    """slapd with ``ldif`` under ``SUFFIX``; by default three persons and four groups, nested and in a circle.

    ``url`` is for StartTLS or, as it is on loopback, for plain LDAP; ``ldaps_url`` for LDAPS; both verify against
    ``ca_file``.
    """

    name = "slapd"

    def __init__(
        self, *ldif: str, certificate_names: tuple[str, ...] = ("localhost", HOST), most: str = "unlimited"
    ) -> None:
        """``most`` is how many entries the reader may get, in all pages together."""
        super().__init__()
        self.port, self.ldaps_port = free_port(), free_port()
        self._ldif = ldif or (*PEOPLE, *GROUPS)
        self._names = certificate_names
        self._most = most
        self._root_password = "root-secret"

    @property
    def url(self) -> str:
        """Where it listens for LDAP."""
        return f"ldap://{HOST}:{self.port}"

    @property
    def ldaps_url(self) -> str:
        """Where it listens for LDAPS."""
        return f"ldaps://{HOST}:{self.ldaps_port}"

    @property
    def ca_file(self) -> Path:
        """The certificate of the authority that made the server's."""
        return self.folder / "ca.pem"

    def prepare(self) -> None:
        """Write certificates, configuration and database."""
        made = Authority(self.folder).issue("server", *self._names)
        (self.folder / "db").mkdir()
        self._configuration.write_text(
            _CONFIGURATION.format(
                folder=self.folder,
                modules=_MODULES,
                ca=self.ca_file,
                certificate=made.certificate,
                key=made.key,
                suffix=SUFFIX,
                reader=READER,
                most=self._most,
                root_password=self._root_password,
            )
        )
        ldif = self.folder / "data.ldif"
        ldif.write_text("\n".join((_BASE, *self._ldif)))
        self.run_first(["/usr/sbin/slapadd", "-q", "-f", str(self._configuration), "-l", str(ldif)])

    def command(self) -> list[str]:
        """See ``Server``."""
        urls = f"{self.url} {self.ldaps_url}"
        return ["/usr/sbin/slapd", "-f", str(self._configuration), "-h", urls, "-d", "stats"]

    def ready(self) -> bool:
        """See ``Server``."""
        return answers(self.port) and answers(self.ldaps_port)

    def apply(self, ldif: str) -> None:
        """Apply changes (``changetype: modify | delete | add``) as the root of the directory."""
        root = ["-x", "-H", self.url, "-D", f"cn=root,{SUFFIX}", "-w", self._root_password]
        done = subprocess.run(
            ["ldapmodify", *root], check=False, input=ldif, text=True, capture_output=True, timeout=20
        )
        if done.returncode != 0:
            raise RuntimeError(f"ldapmodify ended with {done.returncode}: {done.stderr}")

    def add(self, ldif: str) -> None:
        """Add entries."""
        entries = (entry.strip() for entry in ldif.split("\n\n"))
        self.apply("\n\n".join(entry.replace("\n", "\nchangetype: add\n", 1) for entry in entries if entry) + "\n")

    def delete(self, name: str) -> None:
        """Delete the entry ``name`` within the suffix, as in ``uid=aino,ou=people``."""
        self.apply(f"dn: {name},{SUFFIX}\nchangetype: delete\n")

    def log(self) -> str:
        """Everything that slapd wrote about its connections and operations."""
        return (self.folder / "log").read_text(errors="replace")

    @property
    def _configuration(self) -> Path:
        return self.folder / "slapd.conf"
