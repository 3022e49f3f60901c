"""One suite per interface, run by every implementation."""
