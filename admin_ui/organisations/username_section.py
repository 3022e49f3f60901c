"""What an organisation's page shows of usernames: what it says of each kind of people, what those above say, who waits
for one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from admin_ui.parts import frame, words
from iam.access.administration import may_touch
from iam.access.standing import may_be_given
from iam.directory.person import Person
from iam.signin.accounts import username, username_rules
from iam.signin.usernames import give as usernames
from iam.texts import N_
from iam.web import context, guard

FORMS = {username.NAMES: N_("firstname.surname"), username.NONE: N_("No username")}


def of_organisation(session: Session, organisation_id: UUID) -> Mapping[str, Any] | None:
    """Return the section of usernames; None for who may not decide that."""
    if not may_touch(session, frame.part_of("codes.issue"), organisation_id):
        return None
    own, above = username_rules.stated(session).get(organisation_id, {}), username_rules.above(session, organisation_id)
    ready = session.scalar(select(func.count()).select_from(given(organisation_id).order_by(None).subquery()))
    return {
        "rows": [
            {
                "name": f"usernames_{kind}",
                "kind": words.word(words.AFFILIATIONS, kind),
                "value": own.get(kind, ""),
                "above": _above(above.get(kind)),
            }
            for kind in username.KINDS
        ],
        "forms": words.options(FORMS),
        "stated": bool(own),
        "ready": ready,
    }


def given(organisation_id: UUID) -> Select[UUID]:
    """Select the people of an organisation who would get a username now, as far as the reader stands over all of
    them."""
    waiting = usernames.waiting(usernames.people_of(organisation_id))
    return waiting.where(may_be_given(guard.asker(), "codes.issue", Person.id))


def _above(form: str | None) -> str:
    texts = context.texts()
    if form is None:
        return texts.gettext(N_("no rule"))
    return texts.gettext(N_("as above: %(form)s")) % {"form": words.word(FORMS, form)}
