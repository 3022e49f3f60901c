"""Organisations: the tree in nested lists, one organisation's page with who administers it, what is done to one (added,
renamed, moved, merged, closed: shown first, then declared), and what is opened to the sources of others."""
