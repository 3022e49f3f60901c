"""Applications and their clients: settings, secrets, what people are told, what a token would hold, and what could not
be delivered.
"""
