"""Signing in by an upstream OpenID provider, whom of theirs we know, and for whom the word of another counts.

``upstream`` and ``upstream_metadata`` speak to the provider, ``id_token`` believes what holds, ``connections`` links
who came; ``reach`` says for whom a proof counts, ``claimed_groups`` which groups it states.
"""
