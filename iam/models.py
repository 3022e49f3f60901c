"""Every model, imported once, so that migrations and the drift check see the whole schema."""

from iam import change, ephemeral, sealed
from iam.access.model import agreement, assignment, proposal, role, rule
from iam.audit import log
from iam.delivery import outbox
from iam.directory import affiliation, occupation, organisation, person, source
from iam.oidc import model
from iam.plans import plan
from iam.signin.accounts import account, factor, session_policy, standing_request, username
from iam.signin.addresses import address
from iam.signin.federation import connection
from iam.tokens import grant, keyed_request, keys, one_shot, session

__all__ = [
    "account",
    "address",
    "affiliation",
    "agreement",
    "assignment",
    "change",
    "connection",
    "ephemeral",
    "factor",
    "grant",
    "keyed_request",
    "keys",
    "log",
    "model",
    "occupation",
    "one_shot",
    "organisation",
    "outbox",
    "person",
    "plan",
    "proposal",
    "role",
    "rule",
    "sealed",
    "session",
    "session_policy",
    "source",
    "standing_request",
    "username",
]
