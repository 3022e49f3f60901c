"""Connectors and their settings in words: what a connector is called and reads, and what each setting is."""

from __future__ import annotations

from connectors.contract import Connector
from iam.texts import N_
from iam.web import context

CONNECTORS = {
    "hr": (
        N_("Payroll or HR file"),
        N_("Reads who works where, and until when, from a CSV file, a spreadsheet or lines of fixed width."),
    ),
    "ldap": (
        N_("Directory (LDAP, Active Directory)"),
        N_("Reads persons, groups and memberships from a directory, and can check passwords by it."),
    ),
    "oneroster": (
        N_("School system (OneRoster)"),
        N_("Reads schools, pupils, teachers, classes and guardians from a OneRoster 1.1 or 1.2 bundle."),
    ),
    "oneroster-rest": (
        N_("School system (OneRoster, over the network)"),
        N_("Asks a OneRoster 1.2 service for schools, pupils, teachers, classes and guardians."),
    ),
    "sds": (
        N_("School system (School Data Sync)"),
        N_("Reads schools, pupils, teachers, classes and guardians from files made for Microsoft School Data Sync."),
    ),
}
GROUPS = frozenset({"sftp", "trailer"})
"""Settings that are groups of settings."""
LABELS = {
    "path": N_("File or folder"),
    "folder": N_("Folder whose newest file is read"),
    "sftp": N_("Folder of another server (SFTP)"),
    "sftp.host": N_("Server"),
    "sftp.port": N_("Port"),
    "sftp.username": N_("Signs in as"),
    "sftp.folder": N_("Folder on that server"),
    "sftp.host_key": N_("The server's public key"),
    "sftp.private_key": N_("Private key"),
    "sftp.private_key_file": N_("File with the private key"),
    "sftp.password": N_("Password"),
    "sftp.password_file": N_("File with the password"),
    "sftp.deadline_seconds": N_("Longest wait in seconds"),
    "pattern": N_("Names of the files"),
    "marker": N_("Marker of a whole file"),
    "settle_seconds": N_("Seconds for which a file must have stood still"),
    "oldest_days": N_("Days that the newest file may be old"),
    "url": N_("Address"),
    "bind_dn": N_("Reads as"),
    "base_dn": N_("Reads under"),
    "bind_password": N_("Password"),
    "bind_password_file": N_("File with the password"),
    "connection": N_("Listens to sign-ins by"),
    "claim": N_("Reads the claim"),
    "groups": N_("What a value stands for"),
    "days": N_("Days for which it is believed"),
    "columns": N_("Names of the columns"),
    "key_of": N_("The number of an employment is made of"),
    "day_form": N_("How days are written"),
    "sheet": N_("Sheet"),
    "encoding": N_("Encoding"),
    "fixed_width": N_("Fields of a line"),
    "line_length": N_("Signs of a line"),
    "trimmed": N_("Lines lack the blanks at their ends"),
    "head": N_("The first line begins with"),
    "trailer": N_("The last line, with the number of rows"),
    "trailer.mark": N_("It begins with"),
    "trailer.start": N_("The number begins at sign"),
    "trailer.length": N_("Signs of the number"),
    "starttls": N_("Begin TLS before anything is sent"),
    "plaintext": N_("Do without TLS"),
    "ca_file": N_("File of the authorities to trust"),
    "person_filter": N_("Which entries are persons"),
    "group_filter": N_("Which entries are groups"),
    "person_attributes": N_("Attributes of a person"),
    "login_attribute": N_("Attribute of the username"),
    "id_attribute": N_("Attribute that stays"),
    "page_size": N_("Entries asked at a time"),
    "processes": N_("Processes that read at once"),
    "token_url": N_("Address that gives tokens"),
    "client_id": N_("Client"),
    "client_secret": N_("Client secret"),
    "client_secret_file": N_("File with the client secret"),
    "scope": N_("Scope"),
    "total_seconds": N_("Longest reading in seconds"),
    "retry_seconds": N_("Wait before another try in seconds"),
    "full_every_days": N_("Everything is read every so many days"),
    "deadline_seconds": N_("Longest wait in seconds"),
}
_HINTS = (
    N_("The file (CSV, .xlsx, .xls, .ods, fixed width), as an absolute path on the server."),
    N_("In place of one file: a folder whose newest file is read."),
    N_("A folder of another server. It needs all of these but the port, one key or password, and file names."),
    N_("The server's name or address."),
    N_("Whom the service signs in as."),
    N_("The folder on that server whose newest file is read."),
    N_("The server's public key as one line, or its fingerprint: SHA256:… Ask its keeper."),
    N_("The key that the service signs in with, whole."),
    N_("A file with the key, in place of it."),
    N_("In place of a key."),
    N_("For everything, to the last byte."),
    N_("What this line begins with, and no row does."),
    N_("Where the number of rows begins."),
    N_("What file names are like: hr_*.csv."),
    N_("Read only what such a file says is whole: .ok."),
    N_("How long a file must have stood still."),
    N_("How old it may be; 0: it is of today."),
    N_("Our columns that tell one employment from another, where no number does."),
    N_("How days are written, where one could be two."),
    N_("The sheet of a spreadsheet; without it, the first one seen."),
    N_("The encoding of a text file; without it, it is found out."),
    N_("The fields of a line, by our columns' names, where the file has neither header nor CSV."),
    N_("Signs of a line; without it, to its last field."),
    N_("Whether lines lack the blanks at their ends."),
    N_("What a first line begins with that is no row."),
    N_("The last line, which tells the number of rows."),
    N_("The bundle: a folder or a zip file, as an absolute path on the server."),
    N_("ldaps://host[:port], or ldap://host[:port] with StartTLS."),
    N_("Begin TLS on an ldap:// connection before anything is sent."),
    N_("Do without TLS; only to this computer itself."),
    N_("Authorities to trust, PEM; without it the system's."),
    N_("Whom the service binds as to search."),
    N_("A file with the password, in place of it."),
    N_("Under which persons and groups are."),
    N_("What an entry is known by over renamings: objectGUID in Active Directory."),
    N_("For connecting, and for every page."),
    N_("The service's address, up to and with /ims/oneroster/rostering/v1p2."),
    N_("Where a token is asked for (OAuth 2.0 client credentials)."),
    N_("A file with the secret, in place of it."),
    N_("For every answer, to its last byte."),
    N_("For a whole reading."),
    N_("Before the second try; doubled before each next."),
    N_("How often everything is read; 0: every time."),
)
"""What our connectors' own descriptions of their settings say, so that it is translated."""


def named(name: str, connector: type[Connector]) -> tuple[str, str]:
    """Return what a connector is called and what it reads; of one that is not ours its name and its own words."""
    if name in CONNECTORS:
        called, reads = CONNECTORS[name]
        return context.texts().gettext(called), context.texts().gettext(reads)
    return name, (connector.__doc__ or "").strip().partition("\n")[0]


def label(setting: str) -> str:
    """Return what a setting is called; one of a connector that is not ours by its name."""
    return context.texts().gettext(LABELS[setting]) if setting in LABELS else setting


def hint(description: str | None) -> str | None:
    """Return a setting's description in the reader's language, where it is one of ours."""
    return context.texts().gettext(description) if description else None
