"""Organisations: the tree level by level, one organisation's page, and what is opened to the sources of others."""
