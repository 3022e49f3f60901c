"""The one HTTP edge: sessions and transactions, who asks, what they may, errors, headers, forms, pages, logs and
measures.

Flow of a request: ``door`` (all of it is here, and whose ``address`` it is) -> ``limits`` -> ``logging`` gives it an id
-> ``guard`` (declared access, login, permission) -> ``csrf`` -> the view -> ``errors`` when it raised -> ``extension``
commits before the response is sent -> ``headers`` -> ``metrics``. Views of every package ask ``context`` for the
session, the settings, the actor and the texts. Must not import signin, oidc, sources or pages.
"""
