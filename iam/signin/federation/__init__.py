"""Signing in by an upstream OpenID provider: which of its accounts we know, and for whom its word counts.

``upstream`` and ``upstream_metadata`` speak to the provider, ``id_token`` believes what holds, ``connections`` links
who came; ``reach`` says for whom a proof counts, ``claimed_groups`` which groups it states.
"""
