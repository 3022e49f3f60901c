"""Factors: what a person proves besides a password, where it is asked, and how one that was lost is replaced.

``policy`` says where a second factor is asked, ``levels`` what was really done; ``passkey``, ``totp`` and ``recovery``
verify; ``proof`` remembers it in the login session.
"""
