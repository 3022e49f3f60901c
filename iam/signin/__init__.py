"""Who is this, right now: accounts, passwords, directory binds, one-time codes, throttling, and the browser's login session.

Flow: ``endpoints`` (pages) -> ``throttle`` -> ``password`` or ``directory_bind`` -> ``flow`` starts a login session ->
back to where the person came from (only ever a path of our own). Knows nothing of OAuth; must not import oidc or sources.
"""
