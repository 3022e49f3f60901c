"""What waits for a second person, whatever it is, and deciding it: one list, one way to approve and to refuse.

Flow: ``waiting`` lists held source runs and proposals of rules, agreements and declarations -> ``decide`` hands the
decision to the room whose it is, which applies it at once. ``telling`` writes to those who may decide, ``deputies``
says who is told while one is away. Shown by ``iam plan`` and the overview. Must not import the command line.
"""
