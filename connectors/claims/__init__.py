"""The claims connector: what an OpenID provider tells of a person when they sign in by it. It reads no records; it
listens."""

from connectors.claims.connector import ClaimsConnector, ClaimsSettings

__all__ = ["ClaimsConnector", "ClaimsSettings"]
