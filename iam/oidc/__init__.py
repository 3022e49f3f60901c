"""The OpenID provider, on Authlib: clients, the authorization flow, grants, claims, logout, discovery.

Flow: ``endpoints.validation`` (``asking``: in the address, pushed or signed; ``server``: client, redirect URI, PKCE, scope) ->
``interaction.next_step`` (pure: login, factor, capacity, inform, refuse, issue) -> a page that only ever returns to authorize -> ``tokens.one_shot`` -> redirect. ``endpoints.token`` -> client
authentication -> ``one_shot.consume`` or ``grant.rotate`` -> directory and access -> ``claims`` (pure) -> ``tokens.jose`` signs ->
one audit event in the same transaction. Must not import sources, pages or the command line.
"""
