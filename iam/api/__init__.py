"""The administration API under ``/api/v1``: what the pages show and do, for programs.

Flow of a request: ``endpoints.caller`` takes the bearer access token, an administrator's own or that of a client with
grants of its own, and lets in who it stands for, narrowed to the permissions that the token's scope names ->
``web.guard``, as for a page -> a view -> ``reading``, which asks the same queries as the pages ->
``endpoints.answering`` (JSON, ETag, the next page; ``repeated`` around what is sent twice). ``shapes`` say what comes
in and goes out; the document at ``/api/v1/openapi.json`` is made of them. It knows no page and writes nothing
itself: changes go through the commands that pages call. Must not import admin_ui.
"""
