"""Acts for many people at once, at /admin/bulk: who is chosen, what is done, what follows from it, and what waits.

The people come by tick from a list, by its whole filter, by a paste or as those who hold a role; every step carries the
choice itself. ``choosing`` reads it, ``fields`` offers what an act asks, ``pages`` are the steps, ``waiting`` is what a
second person decides.
"""
