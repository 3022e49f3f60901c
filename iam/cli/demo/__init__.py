"""``iam demo run``: the whole demonstration in one process, and what it tells once it serves; ``iam simulate``: systems
that sources are read from, with the demonstration's people."""
