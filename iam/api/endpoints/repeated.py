"""What is sent twice with one ``Idempotency-Key`` is done once (draft-ietf-httpapi-idempotency-key-header).

A refusal is not kept: nothing was done, so the same key may be tried again.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import wraps
from hashlib import sha256
from typing import Any

from flask import Response, request

from connectors.problem import Problem
from iam import clock
from iam.api.endpoints.caller import called_by, scope
from iam.errors import Invalid
from iam.tokens import keyed_request
from iam.tokens.keyed_request import Answer, Asked
from iam.web import context, extension

HEADER = "Idempotency-Key"
PATTERN = r'^"?[!#-\[\]-~]{1,200}"?$'
_KEPT = "Location", "ETag", "Content-Type"


class UnreadableKey(Invalid):
    """The key cannot be read (RFC 8941 section 3.3.3)."""

    code = "bad-request"
    status = 400


def done_once(view: Callable[..., Any]) -> Callable[..., Any]:
    """Return a view that answers a repeated request as it answered the first."""

    @wraps(view)
    def once(*args: Any, **values: Any) -> Any:
        if HEADER not in request.headers:
            return view(*args, **values)
        asked = _asked()
        told = keyed_request.take(context.db(), context.vault(), asked)
        return _again(told) if told is not None else _first(asked, lambda: view(*args, **values))

    return once


def _first(asked: Asked, do: Callable[[], Response]) -> Response:
    try:
        response = do()
    except Exception:
        # Where the view committed on its way, the key stands, although nothing was done.
        extension.abandon()
        keyed_request.give_back(context.db(), asked)
        context.db().commit()
        raise
    headers = {name: response.headers[name] for name in _KEPT if name in response.headers}
    keyed_request.keep(context.db(), context.vault(), asked, Answer(response.status_code, headers, response.get_data()))
    return response


def _again(told: Answer) -> Response:
    return Response(told.body, told.status, dict(told.headers))


def _asked() -> Asked:
    """Return how the request names itself; what its token lets it do is part of what it asks."""
    key = request.headers[HEADER].strip()
    if not re.fullmatch(PATTERN, key):
        problem = Problem("The Idempotency-Key is not understood.", "Send 1 to 200 visible characters.", field=HEADER)
        raise UnreadableKey(problem)
    what = [request.method, request.full_path, request.headers.get("If-Match", ""), *sorted(scope())]
    digest = sha256("\x00".join(what).encode() + b"\x00" + request.get_data()).digest()
    return Asked(called_by(), key.strip('"'), digest, clock.now())
