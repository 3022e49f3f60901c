"""Making and changing sources: what ``iam apply`` and the pages have in common, and the commands of the pages.

``said`` is what may be said of a source, ``settings`` what can be wrong with its connector's settings and its column
matching, ``files`` which files of the server a page may name, ``commands`` what is done. ``sample`` reads some rows of
a source before it is in use, ``choices`` are what its columns may mean, ``likeness`` suggests which. Must not import
the runner.
"""
