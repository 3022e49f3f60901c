"""Avain knows and decides: dated facts come in, rules turn them into rights, rights go out.

Imports inside this package only go down: app, cli, demo > oidc, sources, apply > signin > web > plans > lifecycle >
access > tokens > directory > jobs > vault, audit, ephemeral, texts, egress > change, outbox, destination > database >
settings > errors, clock. Each package's note says what it owns, its flow, and what it must not import. ``iam`` never
names a connector or a page: both register by entry point.
"""
