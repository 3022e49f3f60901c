"""What can go wrong, by name, and when: after so many requests for a collection, each time or once."""

from __future__ import annotations

from dataclasses import dataclass

FAULTS = {
    "busy": "429 with Retry-After, every second request",
    "always-busy": "429 with Retry-After, every request",
    "gateway": "502, every second request",
    "slow": "each answer drips, byte by byte",
    "cut": "the connection ends in the middle of a body",
    "repeat": "the first page is given again in the place of every later one",
    "lying-total": "X-Total-Count says more than there is",
    "short-total": "X-Total-Count says one less than there is",
    "moving-total": "X-Total-Count grows from page to page",
    "no-total": "no X-Total-Count and no Link",
    "page-of-errors": "an error page, as text/html, with status 200",
    "not-json": "JSON that ends too early, in a body that is whole",
    "not-a-list": "JSON without the collection's list",
    "expired": "the token is not taken any more, once",
    "refused": "no token is taken",
    "forbidden": "403 for every collection",
    "twice": "the first object of a collection comes again at its end",
    "no-filter": "a filter is refused",
    "redirect": "every answer leads to another host",
    "endless": "a body that does not end",
}
"""The name of each fault, and what it does."""
ONCE = frozenset({"expired"})
EVERY_SECOND = frozenset({"busy", "gateway"})


@dataclass
class Fault:
    """A fault that is set: it strikes once ``after`` requests for collections were answered well."""

    name: str
    after: int = 0
    struck: int = 0

    def strikes(self) -> bool:
        """Count one request; say whether the fault strikes this one."""
        if self.after > 0:
            self.after -= 1
            return False
        self.struck += 1
        if self.name in ONCE:
            return self.struck == 1
        return self.name not in EVERY_SECOND or self.struck % 2 == 1
