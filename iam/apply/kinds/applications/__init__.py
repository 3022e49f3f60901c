"""Kinds of what relies on us: applications, and within them their roles and their clients."""
