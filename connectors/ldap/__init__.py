"""LDAP directories (RFC 4511): persons, groups and who is in them, what changed, and sign-in by bind.

``ldap3`` is imported in this package only. Nothing is sent before the server has proved who it is, no referral is
followed, and every operation has a deadline that closes the socket, because a server that drips bytes outlasts every
socket timeout.

Kinds: ``person`` and ``group`` with their entryUUID (RFC 4530) or objectGUID (Active Directory) as key, and
``membership`` with the key ``group/person``, nested groups expanded. A directory with neither cannot be read.

Flow: ``settings`` → ``session`` (connect, verify, bind; ``failure``) → ``server`` (which one, its time) →
``entries`` (paging; ``wire.found`` decodes them) → ``parts`` (a large OpenLDAP, by processes) → ``ranges``
(groups given in parts) → ``membership`` (``names`` compared as RFC 4514 says, logins) → ``rows`` (``times`` as ISO
8601) → ``connector``. Changes come by modifyTimestamp since the ``checkpoint``, which rests on clocks and never on an
entry; what is gone or new is told by a sweep of all ids and ``sketch``. In Active Directory (``objectGUID``) they come
by uSNChanged of the one server that answers, and what is gone beyond a sketch by what is deleted (``departures``).
"""

from connectors.ldap.connector import LdapConnector
from connectors.ldap.settings import LdapSettings

__all__ = ["LdapConnector", "LdapSettings"]
