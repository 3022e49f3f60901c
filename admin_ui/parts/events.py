"""Audit event types in words that the people in the log understand."""

from __future__ import annotations

from iam.texts import N_
from iam.web import context

WORDS = {
    "signin:password:accepted": N_("Signed in with a password"),
    "signin:password:refused": N_("A password did not match"),
    "signin:password:throttled": N_("Sign-in was slowed after many wrong tries"),
    "signin:ldap:accepted": N_("Signed in through the organisation's directory"),
    "signin:ldap:refused": N_("The organisation's directory refused the sign-in"),
    "signin:code:issued": N_("A one-time code was given"),
    "signin:code:used": N_("A one-time code was used"),
    "signin:code:refused": N_("A one-time code did not work"),
    "signin:password:set": N_("The password was changed"),
    "signin:session:started": N_("A sign-in began"),
    "signin:session:refused": N_("A sign-in was refused because the access has ended"),
    "signin:session:ended": N_("A sign-in ended"),
    "oidc:authorization:granted": N_("Went on to a service"),
    "oidc:authorization:refused": N_("Was not let into a service"),
    "oidc:token:issued": N_("A service received the person's rights"),
    "oidc:token:refused": N_("A service was refused the person's rights"),
    "oidc:token:replayed": N_("A used key was tried again; what it had given was ended"),
    "oidc:token:revoked": N_("A service gave its access back"),
    "oidc:userinfo:disclosed": N_("A service received the person's data"),
    "oidc:session:logout": N_("Signed out from a service"),
    "source:person:decided": N_("It was decided whose record an unclear one is"),
    "right:hand:granted": N_("A right was granted by hand"),
    "right:hand:ended": N_("A right granted by hand was ended"),
    "person:access:ended": N_("The access was ended at once"),
    "person:access:restored": N_("The ending of the access was undone"),
    "person:help:asked": N_("Other administrators were asked to agree to helping with the account"),
    "person:help:pressed": N_("An administrator agreed to helping with the account"),
    "person:page:opened": N_("The person's page was opened"),
    "person:code:shown": N_("The personal identity code was shown"),
    "person:code:searched": N_("The person was found by the personal identity code"),
    "person:account:created": N_("The person got a username"),
    "person:list:exported": N_("A list was saved as a file"),
    "admin:grant:given": N_("Was made an administrator"),
    "admin:grant:ended": N_("Ceased to be an administrator"),
    "admin:grant:altered": N_("Is an administrator until another day"),
    "admin:grant:proposed": N_("A change of what they administer waits for a second person"),
    "admin:grant:accepted": N_("A change of what they administer was accepted"),
    "admin:grant:refused": N_("A change of what they administer was refused"),
    "admin:grant:reminded": N_("Was told that being an administrator ends soon"),
    "admin:request:denied": N_("An administrator was refused"),
    "admin:log:searched": N_("The log was searched"),
}
"""Those that can have a person as their subject; another type is shown as it is written."""


def word(type_: str) -> str:
    """Return the sentence for a type in the reader's language."""
    return context.texts().gettext(WORDS[type_]) if type_ in WORDS else type_
