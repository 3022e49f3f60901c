"""What the API takes and tells, as models: the document is made of them, and what comes in is checked by them.

``valid_to`` is the first moment at which something holds no more; null is without end, as null ``valid_from`` is since
ever. Names are by language (fi, sv, en).
"""
