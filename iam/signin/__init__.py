"""Who is this, right now: accounts, passwords, directory binds, upstream providers, one-time codes (by hand, mail, letter), throttling, and the
browser's login session.

Flow: ``endpoints`` (pages) -> ``throttle`` -> ``password`` or ``directory_bind`` -> ``flow`` starts a login session ->
back to where the person came from (only ever a path of our own). A door that asks for more (``policy``) leads through ``/factor``:
``totp``, ``passkey`` or ``recovery`` -> ``step_up`` gives the session a new secret; ``replacement`` takes in what was lost. ``addresses``
says where codes by mail go, ``reach`` for whom a proof counts. Of OAuth it knows the client's side only
(``upstream``); must not import oidc or sources.
"""
