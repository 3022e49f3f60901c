"""The frame of the endpoints that programs call: OAuth's own errors, nothing stored by anybody, no stack trace to
anybody."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

import structlog
from authlib.oauth2 import OAuth2Error
from flask import Response
from sqlalchemy.exc import OperationalError, TimeoutError
from werkzeug.exceptions import HTTPException

from iam.errors import Unavailable
from iam.oidc.server import provider
from iam.web import context, extension, guard
from iam.web.forms.csrf import csrf_exempt

_log = structlog.get_logger("avain.oidc")


def protocol(view: Callable[..., Response]) -> Callable[..., Response]:
    """Mark a view as a protocol endpoint: it authenticates its callers itself, and whatever fails is answered as OAuth
    says.

    A refusal is committed (a code that was taken stays taken); anything unexpected leaves nothing behind: 503 when the
    database does not answer, else 500.
    """

    @csrf_exempt
    @guard.public
    @wraps(view)
    def answer(**place: str) -> Response:
        try:
            response = view(**place)
            context.db().commit()
        except OAuth2Error as error:
            return provider().handle_error_response(None, error)
        except HTTPException as error:
            return _error(error.code or 400, "invalid_request", "The request could not be read.")
        except (OperationalError, TimeoutError, Unavailable) as error:
            _log.error("the database does not answer", exc_info=error)
            return _error(503, "temporarily_unavailable", "Nothing was changed.")
        except Exception as error:  # noqa: BLE001 - the last resort: logged, and answered without a word of it
            _log.error("unexpected error", exc_info=error)
            return _error(500, "server_error", "Nothing was changed.")
        return response

    return answer


def _error(status: int, error: str, description: str) -> Response:
    extension.abandon()
    body: dict[str, Any] = {"error": error, "error_description": description}
    return provider().handle_response(status, body, [("Content-Type", "application/json")])
