"""Kinds of people and what is said of them by hand: local persons, logins, groups, administrators, confirmed
guardians.
"""
