"""Whole flows against real servers; nothing here is mocked."""
