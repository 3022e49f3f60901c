"""Accounts, their usernames and factors as stored, their login sessions, and who may give somebody a person's account.

``ending`` ends login sessions with all they gave; ``session_policy`` says how long they last; ``reset_standing`` who
may give an account, alone or with whose help.
"""
