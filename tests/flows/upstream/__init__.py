"""Signing in by an upstream OpenID provider, a real one over HTTP, with a real application on a real database: OI-07 and
what goes with it."""
