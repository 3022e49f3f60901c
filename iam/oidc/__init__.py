"""The OpenID provider, on Authlib: who asks, what they may learn of a person, and the tokens that say it.

Rooms, each importing only those before it: ``fields`` (what a client can be set to), ``wire`` and ``claims``,
``clients``, ``authorization``, ``issuing``, ``logout``, ``endpoints``.

Flow: ``endpoints.validation`` (``asking``: in the address, pushed or signed; ``server``: client, redirect URI, PKCE,
scope) -> ``authorization.interaction.next_step`` (pure: login, factor, capacity, inform, refuse, issue) -> a page that
only ever returns to authorize -> ``tokens.one_shot`` -> redirect. ``endpoints.token`` -> ``clients.authentication`` ->
``one_shot.consume`` or ``grant.rotate`` -> directory and access -> ``claims.compose`` (pure) -> ``tokens.jose`` signs
-> one audit event in the same transaction. Must not import sources, pages or the command line.
"""
