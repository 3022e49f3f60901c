"""The items of a declaration as they are written, one model a kind; unknown settings are errors, values never shown in
them.

``item`` is what all have in common; ``tree``, ``inbound``, ``applications``, ``agreements`` and ``people`` hold the
kinds, and ``kinds`` names them as they are named in a file. Lists whose order means nothing are kept sorted, so that
two declarations of the same thing are equal. What an item names is looked up by the checks, never here.
"""
