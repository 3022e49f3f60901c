"""Who may use which route. Every view says so with one mark; an application with an unmarked route does not start
(AC-01)."""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Any, TypeVar
from urllib.parse import urlencode
from uuid import UUID

from flask import Flask, current_app, g, request
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from connectors.problem import Problem
from iam.access.administration import NOTHING, PERMISSIONS, Part
from iam.access.asker import NOBODY, Asker, asker_of
from iam.audit import log
from iam.errors import AvainError, Denied, NotFound
from iam.tokens.session import LoginSession
from iam.web import context, extension, flow
from iam.web.forms import csrf, kept
from iam.web.redirect import see_other

View = TypeVar("View", bound=Callable[..., Any])
_MARK, _READS, _RECENT = "avain_access", "avain_read_only", "avain_recent"
_DECIDES = "avain_decides"
_PUBLIC, _SIGNED_IN, _ADMINISTERS = "public", "signed in", "administers"
_STEP_UP, _WITHIN = "avain-step-up", "avain-within"


class NotSignedIn(AvainError):
    """Nobody is signed in; a browser is taken to the sign-in page."""

    code = "not-signed-in"
    status = 401


class TooWeak(Denied):
    """The sign-in is not as sure as the page asks."""

    code = "step-up-needed"


class NotRecent(NotSignedIn):
    """What was asked needs a fresh proof of who asks."""

    code = "step-up-needed"


class UndeclaredRoute(RuntimeError):
    """A route that does not say who may use it."""


def permission_of(view: Callable[..., Any]) -> str | None:
    """Return the permission that a view is marked with; None when it asks for none."""
    mark = getattr(view, _MARK, _PUBLIC)
    return mark if mark in PERMISSIONS else None


def public(view: View) -> View:
    """Mark a view that anybody may use, or that authenticates its callers itself (protocol endpoints)."""
    setattr(view, _MARK, _PUBLIC)
    return view


def signed_in(view: View) -> View:
    """Mark a view for whoever is signed in, about themselves."""
    setattr(view, _MARK, _SIGNED_IN)
    return view


def requires(permission: str) -> Callable[[View], View]:
    """Mark a view for administrators with ``permission`` over some part; the view narrows what it shows with ``part``.

    Raises ``KeyError`` for a permission that does not exist. To everybody else the page does not exist.
    """
    PERMISSIONS[permission]

    def mark(view: View) -> View:
        setattr(view, _MARK, permission)
        return view

    return mark


def decides(permission: str) -> Callable[[View], View]:
    """Mark a view for those who decide what waits: ``requires``, with ``plans.approve`` as good as the permission."""

    def mark(view: View) -> View:
        setattr(view, _DECIDES, True)
        return requires(permission)(view)

    return mark


def administers(view: View) -> View:
    """Mark a view for whoever administers anything at all; to everybody else the page does not exist."""
    setattr(view, _MARK, _ADMINISTERS)
    return view


def recent(back: str | Callable[[], str], *, act: str = "") -> Callable[[View], View]:
    """Mark an administrator's act that needs a fresh proof of who asks (security SE-06).

    ``back`` is the path to go on to once it was given, with places for the view's own values
    (``/admin/persons/{person_id}``), or tells it. With ``act``, only a form that was sent with this ``act`` needs the
    proof.
    """

    def mark(view: View) -> View:
        setattr(view, _RECENT, (back, act))
        return view

    return mark


def read_only(view: View) -> View:
    """Mark a view that writes nothing and does not ask who is signed in: on SQLite it waits for no writer."""
    setattr(view, _READS, True)
    return view


def own_login() -> LoginSession:
    """Return the login session of a view that is marked ``signed_in``; raises ``NotSignedIn`` when there is none any
    more."""
    login = context.login()
    if login is None:
        raise NotSignedIn
    return login


def asker() -> Asker:
    """Return who asks, with what they may: read once a request; nobody when nobody is signed in."""
    if "asker" not in g:
        login = context.login()
        g.asker = asker_of(context.db(), login.person_id, _within(login)) if login else NOBODY
    found: Asker = g.asker
    return found


def narrow(permissions: Collection[str]) -> None:
    """Let who asks do no more in this request than these permissions allow, of those they hold."""
    g.asker = asker().only(permissions)


def let_in(program: Asker, *, fresh: bool) -> None:
    """Let a program in that proved itself and asks for nobody; ``fresh``: it did so lately, as ``recent`` asks."""
    g.asker, g.program_is_fresh = program, fresh


def part() -> Part:
    """Return the part of the tree over which the signed-in administrator holds the view's permission; empty outside
    one."""
    found: Part = g.get("part", NOTHING)
    return found


Within = Callable[[Session, LoginSession], Collection[UUID] | None]


def _within(login: LoginSession) -> Collection[UUID] | None:
    within: Within | None = current_app.extensions[_WITHIN]
    return within(context.db(), login) if within else None


def init(
    app: Flask,
    reaches: Callable[[str, str], bool],
    unproved: Callable[[LoginSession, str], str | None],
    within: Within | None = None,
) -> None:
    """Ask before every view of ``app``.

    ``reaches`` tells whether one level of sign-in is enough where another is asked; ``unproved`` by which way
    (``Flow.proves``) a session must prove that level anew where a recent proof is asked, None when it did lately;
    ``within`` over which organisations a session opens what its person was granted (None: all).
    """
    app.extensions[_STEP_UP] = reaches, unproved
    app.extensions[_WITHIN] = within
    app.before_request(_admit)


def to_factor(path: str, least: str, *, fresh: bool = False, proves: str = "", why: str = "") -> Response:
    """Send a browser to prove more (``/factor``), and from there to ``path``; ``fresh``: although it was proved some
    time ago.

    ``proves`` names the one way by which it must have been proved lately, ``why`` (``Flow.why``) why it is asked.
    """
    going = flow.Flow(path, fresh=fresh, least=least, proves=proves, why=why)
    return see_other("/factor?" + urlencode({"flow": flow.start(going)}))


def to_prove(path: str) -> str:
    """Return where a session that another's word began is given something of the person's own, on the way to
    ``path``."""
    return "/login?" + urlencode({"flow": flow.start(flow.Flow(_with_form(path), fresh=True, adds=True))})


def recently(path: str, least: str, proves: str = "") -> Response:
    """Answer an act that needs a fresh proof: a browser proves it and goes on to ``path``; raises ``NotRecent`` to a
    program.

    A form that was sent is kept, and stands on the page at ``path`` again.
    """
    if not context.wants_page():
        raise NotRecent(Problem("This needs a fresh sign-in.", "Sign in again and repeat it within five minutes."))
    back = _with_form(path)
    return to_factor(back, least, fresh=True, proves=proves, why=_kept("recent", back))


def check(app: Flask) -> None:
    """Raise ``UndeclaredRoute`` when a route of ``app`` has no mark. Flask's own static files are public."""
    public(app.view_functions["static"])
    bare = sorted(name for name, view in app.view_functions.items() if not hasattr(view, _MARK))
    if bare:
        raise UndeclaredRoute(f"these routes do not say who may use them: {', '.join(bare)}")


def denied(error: AvainError) -> None:
    """Write the audit event of a refusal inside an administration view, in a transaction of its own."""
    permission = getattr(_view(), _MARK, _PUBLIC)
    if permission in (_PUBLIC, _SIGNED_IN):
        return
    actor = context.actor()
    extension.abandon()
    with Session(extension.database.engine) as session, session.begin():
        envelope = {"permission": permission, "endpoint": request.endpoint, "result": error.code}
        log.write(session, "admin:request:denied", actor, envelope=envelope)


def _view() -> Any:
    return current_app.view_functions.get(request.endpoint or "")


def _admit() -> Response | None:
    view = _view()
    if view is None:
        return None
    if getattr(view, _READS, False):
        context.read_only()
    mark = getattr(view, _MARK)
    if mark == _PUBLIC:
        return None
    if "program_is_fresh" in g:
        _admit_program(view, mark)
        return None
    login = context.login()
    if login is None:
        return _to_sign_in()
    if mark == _SIGNED_IN:
        return None
    if not _admitted(asker(), mark):
        return _prove_or_not_found(login, mark)
    g.part = _part_of(asker(), mark) if mark != _ADMINISTERS else NOTHING
    return _ask_for_more(login, getattr(view, _RECENT, None))


def _admit_program(view: Any, mark: str) -> None:
    """Let a program do what it was granted, and decide nothing that waits for a second person; raises ``NotFound`` and
    ``NotRecent``."""
    if mark not in PERMISSIONS or getattr(view, _DECIDES, False) or not asker().part(mark):
        raise NotFound(Problem("There is no such page, or it is outside your part."))
    if getattr(view, _RECENT, None) is not None and not g.program_is_fresh:
        raise NotRecent(
            Problem("This needs a fresh access token.", "Get a new token, and repeat it within five minutes.")
        )
    g.part = asker().part(mark)


def _admitted(one: Asker, mark: str) -> bool:
    return bool(one.held if mark == _ADMINISTERS else _part_of(one, mark))


def _part_of(one: Asker, permission: str) -> Part:
    return one.decides(permission) if getattr(_view(), _DECIDES, False) else one.part(permission)


def _prove_or_not_found(login: LoginSession, mark: str) -> Response:
    """Lead to proving more whom that would let in; raises ``NotFound`` for everybody else."""
    within = _within(login) is not None
    if within and _asks_for_a_page() and _admitted(asker_of(context.db(), login.person_id), mark):
        return see_other(to_prove(request.full_path.rstrip("?")))
    raise NotFound(Problem("There is no such page, or it is outside your part."))


def _ask_for_more(login: LoginSession, recent: tuple[str | Callable[[], str], str] | None) -> Response | None:
    """Return the way to prove more, when the pages ask for more than this session has; raises ``TooWeak`` or
    ``NotRecent``."""
    reaches, unproved = current_app.extensions[_STEP_UP]
    least = context.settings().signin.administrators
    if not reaches(login.acr, least):
        if not context.wants_page():
            raise TooWeak(Problem("This page asks for a second factor.", "Open the page again and prove it."))
        return to_factor(here(), least, why="level")
    way = unproved(login, least) if recent is not None else None
    if recent is None or way is None:
        return None
    back, act = recent
    if act and request.form.get("act") != act:
        return None
    return recently(_back(back), least, way)


def _back(back: str | Callable[[], str]) -> str:
    """Return where to go on after a proof: the page that the form stood on, where it says so, else what the view
    says."""
    if callable(back):
        return back()
    named = kept.named_page()
    return named if named != "/" else back.format(**(request.view_args or {}))


def _with_form(path: str) -> str:
    return path if request.method in csrf.SAFE else kept.keep(path)


def _asks_for_a_page() -> bool:
    return request.method in ("GET", "HEAD") and context.wants_page()


def _to_sign_in() -> Response:
    if not context.wants_page():
        raise NotSignedIn(Problem("You are not signed in.", "Sign in and try again."))
    path = here()
    why = _kept("ended", path) if context.cookie_name() in request.cookies else ""
    return see_other("/login?" + urlencode({"flow": flow.start(flow.Flow(path, why=why))}))


def _kept(why: str, path: str) -> str:
    """Return the reason, as it is told when a form was kept at ``path``."""
    return f"{why}-kept" if f"{kept.AGAIN}=" in path else why


def here() -> str:
    """Return the address that was asked for; for a form that was sent, its page with what brings the form back."""
    if request.method in csrf.SAFE:
        return request.full_path.rstrip("?")
    return kept.keep(kept.page())
