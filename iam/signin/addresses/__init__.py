"""Addresses: where a person is reached, by whose word, and what they are told by mail.

``change`` is the command: the first address counts at once, another waits and the old one is told. ``sources`` says who
may name one, ``worker`` compares what is told with what is in force.
"""
