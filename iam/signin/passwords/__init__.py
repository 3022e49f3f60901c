"""Passwords: verified in the same time for known and unknown people, here or by a directory, within budgets of
failures.

``throttle`` counts the failures of an account, ``network`` those of a network and of the installation; ``turns`` lets
as many passwords be checked at once as there are processors.
"""
