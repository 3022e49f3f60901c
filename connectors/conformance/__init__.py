"""The suite that every connector passes, as plain functions: one check each, chosen by the capabilities its class has.

A connector's author writes an ``exhibit.Exhibit`` and runs ``suite.checks(ConnectorClass)``, each as one test. A check
that belongs to a capability that the class does not have is not in the list at all, so nothing is ever skipped.

A module a capability: ``settings`` (of every connector), ``testing``, ``reading``, ``continuing``, ``changing`` and
``signing_in``. They put their questions by ``asking`` and say what breaks the contract by ``verdict``.
"""
