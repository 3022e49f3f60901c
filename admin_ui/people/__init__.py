"""People as lists show them, whose page one is on and what may be told of them there, and guardians who wait to be
confirmed.
"""
