"""Speeds, as multiples of floors measured in the same run (``make bench``). Never tests: nothing here passes or fails.

``meter`` measures wall time and the CPU of this process and of the database's; ``floors`` the things nothing can go
below; ``feed`` a large source's runs; ``derivation`` rights in bulk and for one person; ``signing_in`` sign-in, token,
userinfo and introspection.
"""
