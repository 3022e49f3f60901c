"""Issuing: a code, a refresh token or a client's own credentials become tokens, and tokens shown to us become answers.

``grants`` (Authlib's) -> ``redemption`` (one atomic statement, then the tokens and the event) -> ``mint``.
``grant_state`` is what a grant stands on now, ``disclosure`` what may be told of its person; ``bearer`` and
``introspection`` read tokens back. Imports ``authorization`` and what is below.
"""
