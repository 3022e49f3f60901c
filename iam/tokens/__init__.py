"""Keys, signatures, and every secret that stands for a sign-in: codes, refresh families, login sessions.

Owns ``signing_key``, ``past_key``, ``one_shot``, ``grant_`` and ``login_session``. Flow of a code: ``one_shot.issue``
-> the application -> ``one_shot.consume`` (one atomic statement) -> ``grant.store`` -> ``jose.sign`` with
``keys.current``. A login session ends by ``sign_out``, which leaves word for its applications in the outbox. Secrets
are stored hashed and carry a prefix that tells their kind. Tokens that others signed are read by ``foreign``, with keys
that ``key_set`` takes. Knows no OAuth library, no rule and no page; must not import access, signin or oidc.
"""
