"""What is written with its effects first: told with ``?preview=true``, done, or waiting for a second person, as the
page of the same does it (``stated``)."""

from __future__ import annotations

from iam.api.endpoints.writing import members, organisations, people, roles, rules, usernames

__all__ = ["members", "organisations", "people", "roles", "rules", "usernames"]
