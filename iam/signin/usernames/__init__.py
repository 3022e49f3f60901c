"""Usernames are given: to many at once by rule, or to one person by hand."""
