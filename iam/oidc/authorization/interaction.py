"""The next step of an authorization request, decided in one pure function: sign in, choose a capacity, refuse, or
issue."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from iam.access.right import Capacity, Right
from iam.signin.factors import levels


@dataclass(frozen=True, slots=True)
class Ask:
    """What the request asks of the person: ``prompts`` (OIDC Core section 3.1.2.1), ``max_age``, and when it first
    came.

    ``essential``: levels of sign-in of which one must be reached; ``wished``: levels that are asked for and may be
    missed.
    """

    prompts: frozenset[str] = frozenset()
    max_age: timedelta | None = None
    asked_at: datetime | None = None
    essential: tuple[str, ...] = ()
    wished: tuple[str, ...] = ()

    @property
    def silent(self) -> bool:
        """Whether no page may be shown."""
        return "none" in self.prompts


@dataclass(frozen=True, slots=True)
class SignInState:
    """Where the person stands: signed in since, capacities with whether each may enter, and what was chosen before and
    now.

    ``other_person``: the request was for somebody else (``id_token_hint``). ``without_capacity``: may enter as nobody
    in particular (the administration pages). ``acr``: how the person signed in; ``least_acr``: how it must at least be
    done here. ``informed``: has been told, or has agreed, what this application receives. ``capacities`` are those that
    the session's proofs open; ``more``: something of the person's own would open more here.
    """

    auth_time: datetime | None
    capacities: Sequence[tuple[Capacity, bool]] = ()
    remembered: UUID | None = None
    chosen: UUID | None = None
    asks_capacity: bool = True
    other_person: bool = False
    without_capacity: bool = False
    acr: str = ""
    least_acr: str | None = None
    informed: bool = True
    more: bool = False


@dataclass(frozen=True, slots=True)
class SignIn:
    """Send the person to sign in; ``again`` although there is a session."""

    again: bool


@dataclass(frozen=True, slots=True)
class StepUp:
    """Ask the signed-in person for more, until ``least`` is reached (RFC 9470)."""

    least: str


@dataclass(frozen=True, slots=True)
class Inform:
    """Tell the person what the application receives, or ask for consent, before going on in this capacity."""

    capacity: Capacity


@dataclass(frozen=True, slots=True)
class Choose:
    """Ask in which capacity the person continues; ``ended`` when what was chosen does not hold any more, ``more`` when
    a further proof of the person opens others."""

    capacities: tuple[Capacity, ...]
    coming: tuple[Capacity, ...]
    preselected: UUID | None
    ended: bool = False
    more: bool = False


@dataclass(frozen=True, slots=True)
class NoRight:
    """Tell the person that nothing opens this application now; ``coming`` is what starts later."""

    has_capacity: bool
    coming: tuple[Capacity, ...]


@dataclass(frozen=True, slots=True)
class Refuse:
    """Answer the application with an error (OIDC Core section 3.1.2.6)."""

    error: str


@dataclass(frozen=True, slots=True)
class Issue:
    """Hand over a code for this capacity; ``remember`` it when the person chose it."""

    capacity: Capacity | None
    remember: bool = False


Step = SignIn | StepUp | Choose | Inform | NoRight | Refuse | Issue


def next_step(ask: Ask, standing: SignInState, at: datetime) -> Step:
    """Return what comes next for an authorization request whose client, redirect URI and scope have been validated."""
    if not _fresh_enough(ask, standing, at):
        signed_in_for_this = (
            standing.auth_time is not None and ask.asked_at is not None and standing.auth_time >= ask.asked_at
        )
        if ask.silent or (standing.other_person and signed_in_for_this):
            return Refuse("login_required")
        return SignIn(again=standing.auth_time is not None)
    stronger = _stronger(ask, standing)
    if stronger is not None:
        return stronger
    fitting = tuple(c for c, enters in standing.capacities if enters and c.valid_from <= at < c.valid_to)
    if not fitting:
        return _nothing_fits(ask, standing, at)
    step = _with_capacity(ask, standing, fitting, at)
    if isinstance(step, Issue) and step.capacity is not None and not standing.informed:
        return Refuse("consent_required") if ask.silent else Inform(step.capacity)
    return step


def _fresh_enough(ask: Ask, standing: SignInState, at: datetime) -> bool:
    """Whether the sign-in is as fresh as asked. One made since the request came is fresh enough for anything."""
    if standing.auth_time is None or standing.other_person:
        return False
    if ask.asked_at is not None and standing.auth_time >= ask.asked_at:
        return True
    too_old = ask.max_age is not None and at - standing.auth_time > ask.max_age
    return "login" not in ask.prompts and not too_old


def _stronger(ask: Ask, standing: SignInState) -> Step | None:
    """What to do when the person must sign in more strongly; None when it was done strongly enough."""
    known = [level for level in levels.LEVELS if level in ask.essential]
    if ask.essential and not known:
        return Refuse("unmet_authentication_requirements")
    least = next(iter([*known, *_wished(ask)]), None)
    if standing.least_acr is not None:
        least = levels.stronger(standing.least_acr, least or standing.least_acr)
    if least is None or levels.reaches(standing.acr, least):
        return None
    return Refuse("interaction_required") if ask.silent else StepUp(least)


def _wished(ask: Ask) -> list[str]:
    """The weakest level wished for. Where no page may be shown a wish is let go (OIDC Core section 5.5.1.1)."""
    return [] if ask.silent else [level for level in levels.LEVELS if level in ask.wished][:1]


def _nothing_fits(ask: Ask, standing: SignInState, at: datetime) -> Step:
    if standing.without_capacity:
        return Issue(None)
    if ask.silent:
        return Refuse("interaction_required" if standing.more else "access_denied")
    if standing.more:
        return Choose((), _coming(standing, at), None, more=True)
    now = any(c.valid_from <= at < c.valid_to for c, _ in standing.capacities)
    return NoRight(now, _coming(standing, at))


def _with_capacity(ask: Ask, standing: SignInState, fitting: tuple[Capacity, ...], at: datetime) -> Step:
    if not standing.asks_capacity:
        return Issue(next((c for c in fitting if c.is_primary), fitting[0]))
    chosen = _by_id(fitting, standing.chosen)
    if chosen is not None:
        return Issue(chosen, remember=True)
    remembered = _by_id(fitting, standing.remembered)
    ended = standing.chosen is not None
    if not ended and "select_account" not in ask.prompts:
        if len(fitting) == 1 and not standing.more:
            return Issue(fitting[0])
        if remembered is not None:
            return Issue(remembered)
    if ask.silent:
        return Refuse("interaction_required")
    return Choose(fitting, _coming(standing, at), remembered.id if remembered else None, ended, standing.more)


def _coming(standing: SignInState, at: datetime) -> tuple[Capacity, ...]:
    return tuple(c for c, _ in standing.capacities if c.valid_from > at)


def _by_id(capacities: Iterable[Capacity], id_: UUID | None) -> Capacity | None:
    return next((c for c in capacities if c.id == id_), None)


def may_enter(entry: str, capacity: Capacity, rights: Iterable[Right], enabled: Collection[UUID]) -> bool:
    """Whether an application lets a person in, in this capacity.

    ``enabled`` are organisations at or under one that enabled the application: the capacity's must be among them, and
    where ``entry`` is ``role`` a role must be held in it. A guardian, whose capacity has no organisation, enters by a
    right in one of them.
    """
    mine = [right for right in rights if right.capacity_id == capacity.id]
    if capacity.organisation_id is None:
        return bool(told_of(capacity, mine, enabled))
    return capacity.organisation_id in enabled and (entry == "everyone" or bool(mine))


def told_of(capacity: Capacity, rights: Iterable[Right], enabled: Collection[UUID]) -> tuple[Right, ...]:
    """Return the rights that an application is told of a capacity that enters it: a guardian's only where it is
    enabled."""
    mine = (right for right in rights if right.capacity_id == capacity.id)
    return tuple(right for right in mine if capacity.organisation_id is not None or right.scope_id in enabled)
