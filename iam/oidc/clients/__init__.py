"""Clients: what a registration must be, how it is read, written and kept, and how a client proves who it is.

``registered`` is a client as the provider knows it. A registration comes as a declaration, by a page (``by_page``,
``templates``) or from the client itself (``self_service`` with ``initial_tokens``, in the form of ``documents``);
``rules`` judges all three, ``write`` stores them. ``authentication``, ``assertions`` and ``keys`` tell at a request
whose it is. Imports ``wire`` and ``claims`` only.
"""
