"""Connectors speak to other systems and know nothing of a person.

A connector reads rows from one kind of system and hands them on as ``Record`` values: the source's own column names,
its own text. What a column *means* is decided above, in ``iam.sources.reading.columns``. A connector holds no database
session, keeps no state between runs but the opaque checkpoint it returned, and imports nothing from ``iam`` or
``admin_ui``.

Flow: settings -> ``validate`` (offline) -> ``test`` (online) -> ``read`` or ``changes`` -> records, then evidence of
completeness.

``contract`` is the agreement, ``memory`` its reference implementation, ``conformance`` the suite every connector
passes, and ``registry`` finds connectors by name. ``csv_file`` reads every CSV file; ``identity_code`` finds personal
identity codes where none belongs; ``network`` is what those share that speak to servers, ``roster`` what those share
that read a school system's bundle of files. ``simulators`` play the other side and know nothing of all this.
"""
