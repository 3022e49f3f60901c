"""``iam demo run``: the whole demonstration in one process, and what it tells once it serves."""
