"""The other side, played: programs that answer as a system does that a connector speaks to, well and badly.

A simulator is a second reading of the same specification, so it shares no code with the connector it is for: what both
got wrong in the same way would never be seen. It holds invented people only, listens on loopback, and is started by
``iam simulate``.
"""
