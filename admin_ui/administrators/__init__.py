"""Administrators: who administers what, and appointing, another end and ending, each with what the person may do
afterwards and how many people that is about.

Everything is written by ``iam.deciding.appointing``, which decides what an administrator may give and what waits for a
second person.
"""
