"""Claims: what is said of a person, under which subject, and which of it an application asks for one by one.

``compose`` and ``requested`` are pure: what is said comes in as values. Imports nothing of the provider but ``model``.
"""
