"""Facts: what sources and people said, dated, on two time axes.

Owns organisations and their dated tree, persons, profiles, identifiers, affiliations, absences, relationships, groups
and memberships; and the sources, runs and records that facts cite. Reads live in ``queries`` and ``tree``; ``reach``
and ``entitled`` say whose word counts where and on whom, ``primary`` which affiliation comes first, ``name_words`` how
names are typed and ordered. Only ``lifecycle`` writes. Must not import access, tokens, or anything above; knows no
Flask.
"""
