"""Token, userinfo, introspection and revocation endpoints (security 1.3 and 1.4)."""
