"""The routes of the API: a view each, which reads the request and says what is told. What is stated, by hand or as a
declaration, is in ``writing``."""

from __future__ import annotations

from iam.api.endpoints import catalogue, feeds, groups, organisations, persons, rights, writing
from iam.api.endpoints.answering import blueprint

__all__ = ["blueprint", "catalogue", "feeds", "groups", "organisations", "persons", "rights", "writing"]
