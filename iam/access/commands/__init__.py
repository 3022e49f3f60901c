"""Commands on definitions and on rights by hand: the only writers of roles, rules, code lists and administrators'
grants.

All take sets. ``publish`` brings everybody's rights in line with a rule, ``taken_out`` is for emergencies, and
``effects`` tells who gains and who loses what by a change once it is written and derived.
"""
