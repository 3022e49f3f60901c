"""Who is this, right now: accounts, passwords, directory binds, upstream providers, one-time codes, throttling, and the
browser's login session.

Rooms, each importing only those before it: ``accounts``, ``passwords``, ``addresses``, ``federation`` and ``factors``,
``codes``, ``usernames``, ``endpoints``. ``flow`` and ``step_up`` stand between factors and codes.

Flow: ``endpoints`` (pages) -> ``passwords.throttle`` -> ``passwords.password`` or ``directory_bind`` -> ``flow`` starts
a login session -> back to where the person came from (only ever a path of our own). A door that asks for more
(``factors.policy``) leads through ``/factor``: ``totp``, ``passkey`` or ``recovery`` -> ``step_up`` gives the session a
new secret; ``replacement`` takes in what was lost. Of OAuth it knows the client's side only (``federation.upstream``);
must not import oidc or sources.
"""
