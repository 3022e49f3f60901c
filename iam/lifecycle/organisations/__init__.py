"""Organisations: what they are, where they stand by date, how they relate, and which sources of others are open to
them.

``tree`` is the dated tree, purely; ``commands`` and ``openings`` write; ``closing`` tells what ending an opening takes.
"""
