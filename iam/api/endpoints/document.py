"""The document of the API (OpenAPI 3.1), made of the routes and their shapes."""

from __future__ import annotations

import json
from typing import Any

from apiflask import APIFlask
from apiflask.exceptions import HTTPError
from flask import Response, current_app

from connectors.problem import Problem
from iam.access.administration import PERMISSIONS
from iam.access.client_asker import CLIENT_PERMISSIONS
from iam.api.endpoints.answering import SCHEME, blueprint
from iam.api.endpoints.repeated import HEADER, PATTERN
from iam.api.shapes.base import ProblemDetails
from iam.texts import N_
from iam.web import errors, extension, guard

VERSION = "1"
_KEY = {
    "name": HEADER,
    "in": "header",
    "required": False,
    "description": "Makes a request that is sent again be done once; a new one for each, kept for a day.",
    "schema": {"type": "string", "pattern": PATTERN},
}


def init(app: APIFlask) -> None:
    """Tell the application what its document says beside the routes, and how what is wrong in a request is answered."""
    issuer = extension.parts_of(app).settings.issuer
    app.title, app.version = "Avain", VERSION
    app.config.update(
        OPENAPI_VERSION="3.1.0",
        AUTO_200_RESPONSE=False,
        AUTO_404_RESPONSE=False,
        AUTO_AUTH_ERROR_RESPONSE=False,
        AUTO_VALIDATION_ERROR_RESPONSE=False,
        AUTO_SERVERS=False,
        SERVERS=[{"url": issuer}],
        SECURITY_SCHEMES={SCHEME: _scheme(issuer)},
    )
    # Its own decorator would take the errors of pages, too.
    app.error_callback = _wrong
    app.spec_processor(_with_problem)


@blueprint.get("/openapi.json")
@blueprint.doc(hide=True)
@guard.public
@guard.read_only
def openapi() -> Response:
    """Return the document."""
    app: Any = current_app
    return Response(json.dumps(app.spec), content_type="application/json")


def _scheme(issuer: str) -> dict[str, Any]:
    return {
        "type": "oauth2",
        "flows": {
            "authorizationCode": {
                "authorizationUrl": f"{issuer}/oauth2/authorize",
                "tokenUrl": f"{issuer}/oauth2/token",
                "scopes": PERMISSIONS,
            },
            "clientCredentials": {
                "tokenUrl": f"{issuer}/oauth2/token",
                "scopes": {name: words for name, words in PERMISSIONS.items() if name in CLIENT_PERMISSIONS},
            },
        },
    }


def _with_problem(spec: Any) -> Any:
    spec["components"]["schemas"][ProblemDetails.__name__] = ProblemDetails.model_json_schema()
    for path in spec["paths"].values():
        for method, operation in path.items():
            if method == "post":
                operation.setdefault("parameters", []).append(_KEY)
            for told in operation["responses"].values():
                # APIFlask gives every answer a content; one without a body has none.
                if not told.get("content"):
                    told.pop("content", None)
    return spec


def _wrong(error: HTTPError) -> Response:
    """Answer what a request has wrong in it, field by field."""
    named = {name for told in error.detail.values() for name in told} if isinstance(error.detail, dict) else set()
    what, remedy = (
        N_("This is missing, or it is nothing that this field takes."),
        N_("See what the document of the API says."),
    )
    problems = [Problem(what, remedy, field=name) for name in sorted(named)]
    return errors.answer(error.status_code, "invalid", problems)
