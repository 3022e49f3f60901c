"""The page of one person: a module a tab, and what an administrator does to a person.

``page`` holds the tabs; ``facts``, ``rights``, ``timeline``, ``signin`` and ``log`` read one each, ``rights_file`` is
the rights as a file. ``acts``, ``help``, ``guardians`` and ``usernames`` command.
"""
