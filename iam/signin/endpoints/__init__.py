"""The pages of signing in: ``/login``, ``/factor``, ``/first-code``, ``/forgotten``, ``/logout``, ``/account``. Thin:
each asks ``flow`` and friends, then shows."""

from iam.signin.endpoints.routes import blueprint

__all__ = ["blueprint"]
