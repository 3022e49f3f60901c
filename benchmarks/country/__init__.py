"""The size of a country: ``python -m benchmarks.country N [CASE …]`` makes a directory of N persons in towns of 3,126
and measures what must not grow with it.

Flow: ``seed`` sets one town up by the product's own commands -> ``cloning`` makes the other towns of it in SQL, each
with a source whose file (``town``) it can read again -> the cases (``feeds``, ``deriving``, ``definitions``, ``pages``,
``people``) -> ``table``. A folder (KEEP) keeps what was made for the next time.
"""
