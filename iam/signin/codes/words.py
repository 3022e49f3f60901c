"""What a person reads beside a one-time code: the mail, and the letter on paper, each in the person's own language."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from iam import web
from iam.delivery.mail import Mail
from iam.settings import Settings
from iam.signin.addresses import person_mail
from iam.signin.codes.first_code import Issued
from iam.texts import N_, Texts

_WEB = Path(web.__file__).parent
_MAIL = (
    N_("Hello, %(name)s."),
    N_("Somebody, probably you, told us that the password of the username %(login)s is forgotten."),
    N_("Your one-time code:"),
    "    %(code)s",
    N_("Type it, with your username, on this page: %(page)s"),
    N_("It works once, until %(time)s. After it you choose a new password."),
    N_("If you did not ask for it, do nothing: your password stays as it is. Give the code to nobody, whoever asks."),
)
_SUBJECT = N_("Your one-time code for %(service)s")


@dataclass(frozen=True, slots=True)
class Slip:
    """Whose code it is: the name as the person uses it, the username, the language they chose (None: the first of
    ours), the code."""

    name: str
    login: str
    language: str | None
    issued: Issued


def page_address(settings: Settings) -> str:
    """Return the address of the page on which a code is typed: of the settings' issuer, and without any secret."""
    return f"{settings.issuer}/first-code"


def mail(slip: Slip, to: str, settings: Settings) -> Mail:
    """Return the mail with a code, to be sent to the address ``to``; raises ``Invalid`` as ``Mail`` does."""
    texts = person_mail.texts_in(slip.language, settings)
    values = {
        "name": slip.name or slip.login,
        "login": slip.login,
        "code": slip.issued.code,
        "page": page_address(settings),
        "time": texts.moment(slip.issued.expires_at),
    }
    return person_mail.compose(texts, settings, to, _SUBJECT, _MAIL, values)


def letter(slip: Slip, settings: Settings) -> Markup:
    """Return a letter with a code, as a part of a page; its look is in ``static/letter.css``."""
    texts = person_mail.texts_in(slip.language, settings)
    made = (
        _environment(texts)
        .get_template("sign_in/_letter.html")
        .render(
            slip=slip,
            language=texts.language,
            consortium=settings.consortium,
            page=page_address(settings),
            help_url=settings.help_url,
            until=texts.moment(slip.issued.expires_at),
        )
    )
    return Markup(made)  # noqa: S704 - rendered by a template that escapes what it is given


def letters(slips: Iterable[Slip], settings: Settings, reader: Texts) -> Iterable[str]:
    """Yield a file of letters piece by piece, a sheet of paper each: HTML that needs nothing else; its title is in
    ``reader``'s language."""
    style = Markup((_WEB / "static" / "letter.css").read_text(encoding="utf-8"))  # noqa: S704 - ours
    begun = (
        _environment(reader)
        .get_template("sign_in/letters.html")
        .render(language=reader.language, consortium=settings.consortium, style=style)
    )
    yield begun
    for slip in slips:
        yield f"{letter(slip, settings)}\n"
    yield "</body>\n</html>\n"


@lru_cache(maxsize=8)
@lru_cache(maxsize=8)
def _environment(texts: Texts) -> Environment:
    made = Environment(
        loader=FileSystemLoader(_WEB / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        extensions=["jinja2.ext.i18n"],
    )
    install = getattr(made, "install_gettext_callables")  # noqa: B009 - the extension adds it
    install(texts.gettext, texts.ngettext, newstyle=True)
    return made
