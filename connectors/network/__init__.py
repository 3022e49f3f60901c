"""What connectors share that speak to servers: a hard end for an operation, and one request over http with such an end.

``deadline`` ends what has no end of its own; ``link`` asks once, verified, and never follows anybody elsewhere.
"""
