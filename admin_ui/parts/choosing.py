"""Another organisation is chosen on a page by its name or its key: a country has too many for a list to choose from."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import or_

from connectors.problem import Problem
from iam.access.administration import Part
from iam.directory.organisation import Organisation
from iam.directory.pages import listing
from iam.texts import N_
from iam.web import context

_TOLD = 6


def chosen(part: Part, text: str, problems: list[Problem], field: str = "other") -> Organisation | None:
    """Return the organisation of the part with this key or name; else note what is wrong and return None."""
    o = Organisation
    named = or_(o.key == text, o.name_fi == text, o.name_sv == text, o.name_en == text)
    found: Sequence[Organisation] = (
        context.db().scalars(listing.organisations(part).where(named).order_by(o.key).limit(_TOLD)).all()
    )
    exact = [one for one in found if one.key == text] or found
    if len(exact) == 1:
        return exact[0]
    if exact:
        keys = ", ".join(one.key for one in exact)
        problems.append(
            Problem(N_("Several have this name: %(keys)s."), N_("Write the key."), field=field, params={"keys": keys})
        )
        return None
    problems.append(
        Problem(N_("No organisation has this name or key."), N_("Choose one of those offered."), field=field)
    )
    return None
