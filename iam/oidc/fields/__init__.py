"""What can be said of a client: one description a setting, and everything else is made from it.

``field`` says what a description holds, ``values`` what a setting may be. ``columns`` describes the settings with a
column of their own in ``iam.oidc.model.Client``, ``members`` those kept together under ``metadata``. The registration
documents of RFC 7591 (``clients.documents``), the schema of ``iam apply``, its comparison, the settings on a client's
page and the tables of docs/declaring.md read these, so a new setting is a new description. The lowest room: imports no
other of the provider.
"""
