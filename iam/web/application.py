"""Flask for us: every view and hook is an ordinary function, and the form cookie's signer is made once.

It is an APIFlask so that the administration API can write its document; pages are plain Flask and not in it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from apiflask import APIFlask
from flask import Flask, request
from flask.sessions import SecureCookieSessionInterface
from itsdangerous import URLSafeTimedSerializer

from iam.database.taken import is_taken
from iam.web import extension

_DOCUMENTED = "enable_openapi"
"""APIFlask asks it of every blueprint, and only its own have it."""


class _FormCookie(SecureCookieSessionInterface):
    """Flask's signed cookie; its signer is made once instead of twice a request."""

    def __init__(self) -> None:
        self._signer: URLSafeTimedSerializer | None = None

    def get_signing_serializer(self, app: Flask) -> URLSafeTimedSerializer | None:
        """See Flask; the key does not change while the application lives."""
        if self._signer is None:
            self._signer = super().get_signing_serializer(app)
        return self._signer


class Application(APIFlask):
    """The web application."""

    session_interface: SecureCookieSessionInterface

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        own: dict[str, Any] = {"spec_path": None, "docs_path": None, "json_errors": False}
        super().__init__(*args, **(kwargs | own))
        self.session_interface = _FormCookie()

    def dispatch_request(self) -> Any:
        """See Flask. Where somebody else made one of the same key at the same moment, everything is taken back and
        done once more: the view finds theirs now, and says so beside the field."""
        try:
            return self._answered()
        except Exception as error:
            if request.method != "POST" or not is_taken(error):
                raise
            extension.abandon()
            return self._answered()

    def _answered(self) -> Any:
        answer = super().dispatch_request()
        extension.settle()
        return answer

    def register_blueprint(self, blueprint: Any, **options: Any) -> None:
        """See Flask; only APIFlask's own blueprints are in the document."""
        if not hasattr(blueprint, _DOCUMENTED):
            setattr(blueprint, _DOCUMENTED, False)
        super().register_blueprint(blueprint, **options)

    def ensure_sync(self, func: Callable[..., Any]) -> Callable[..., Any]:
        """Return the function: none of ours is a coroutine, so no request asks a dozen times."""
        return func
