"""Commands: the only writers of facts. Each takes sets, opens versions under a change, and ends what a leaver had.

``states`` computes a person's state, purely; ``persons`` and ``organisations`` write what administrators declare;
``feed`` writes what a source's run staged (``feed_persons``: of persons) by the one comparison of ``facts``,
``name_words`` by which words both are found; ``leave`` is *End now* and its undo;
``by_hand`` what an administrator does to one person. Must not import plans, sources, signin, or anything with Flask.
"""
