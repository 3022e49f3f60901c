"""Explanation: why a person holds a right and until when, why not, what ended lately, and a proof of all from the
facts.

Everything is read from the versions that assignments cite, for any date and any knowledge. ``telling`` keeps back what
a protected person's right would tell. ``proof`` shares nothing with the SQL that derived. Writes nothing.
"""
