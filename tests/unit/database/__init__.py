"""Tests of the database itself: its schema and its migrations."""
