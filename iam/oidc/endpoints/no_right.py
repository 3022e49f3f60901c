"""The page for whoever may not enter an application: why, and whom to ask in one's own organisation."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from flask import Response

from iam import clock
from iam.access.right import Capacity
from iam.oidc.authorization import no_right as why_not
from iam.oidc.authorization.interaction import NoRight, SignInState
from iam.oidc.authorization.no_right import WhyNot
from iam.oidc.clients.registered import RegisteredClient
from iam.oidc.endpoints.page import position_of
from iam.signin.federation import reach
from iam.texts import N_, in_language
from iam.tokens.session import LoginSession
from iam.web import context, pages

_IN_SCHOOL = ("student",)


def show(
    step: NoRight,
    standing: SignInState,
    client: RegisteredClient,
    login: LoginSession,
    back_url: str | None,
    handle: str,
) -> Response:
    """Say that nothing opens the application, why, and whom to ask; ``handle`` leads back here after signing in as
    somebody else."""
    texts, at = context.texts(), clock.now()
    held = [one for one, _ in standing.capacities if one.valid_from <= at < one.valid_to]
    whole = reach.whole(context.db(), login)
    found = why_not.read(context.db(), client, login.person_id, held, at, whole=whole)
    return pages.page(
        "provider/no_right.html",
        403,
        client_name=client.name(texts.language),
        reasons=_reasons(step, found),
        ask=_ask(held, found),
        back_url=back_url,
        switch_action="/logout",
        flow=handle,
    )


def _reasons(step: NoRight, found: WhyNot) -> list[str]:
    texts = context.texts()
    coming, ended = N_("Your position %(position)s starts on %(day)s."), N_("Your position %(what)s ended on %(day)s.")
    unused = N_("%(organisation)s has not taken this service into use.")
    without = N_("Your position %(what)s gives no right to this service.")
    right = N_("Your right %(role)s in %(organisation)s ended on %(day)s.")
    said = [
        *(
            texts.gettext(coming) % {"position": position_of(one), "day": texts.first_day(one.valid_from)}
            for one in step.coming
        ),
        *(
            texts.gettext(right)
            % {
                "role": _in_words(one.role.name),
                "organisation": one.scope.name(texts.language),
                "day": texts.day(one.end),
            }
            for one in found.rights
        ),
        *(
            texts.gettext(unused) % {"organisation": name}
            for name in dict.fromkeys(_organisation(one) for one in found.closed)
        ),
        *(texts.gettext(without) % {"what": _where(one)} for one in found.without),
    ]
    if found.last is not None:
        said.append(texts.gettext(ended) % {"what": _where(found.last), "day": texts.day(found.last.valid_to)})
    return said or [texts.gettext(N_("You have no position in any organisation just now."))]


def _ask(held: Sequence[Capacity], found: WhyNot) -> list[dict[str, Any]]:
    texts, help_url = context.texts(), context.settings().help_url
    names = [texts.gettext(N_("Your manager: %(name)s")) % {"name": name} for name in found.managers]
    names += [_office(one) for one in [*held, *([found.last] if found.last else [])]]
    ask: list[dict[str, Any]] = [{"name": name, "contact": None, "url": None} for name in dict.fromkeys(names)]
    return [*ask, *([{"name": texts.gettext(N_("Help")), "contact": None, "url": help_url}] if help_url else [])]


def _office(capacity: Capacity) -> str:
    """Return whom to ask about a position. A guardian's tells no school: it would tell where a child is."""
    texts = context.texts()
    if capacity.organisation_id is None:
        return texts.gettext(N_("The office of the child's school"))
    office = N_("The office: %(organisation)s")
    who = office if capacity.kind in _IN_SCHOOL else N_("Your manager or the office: %(organisation)s")
    return texts.gettext(who) % {"organisation": _organisation(capacity)}


def _where(capacity: Capacity) -> str:
    return " · ".join(part for part in (position_of(capacity), _organisation(capacity)) if part)


def _organisation(capacity: Capacity) -> str:
    return _in_words(capacity.organisation_names)


def _in_words(names: Mapping[str, Any]) -> str:
    return in_language(names, context.texts().language)
