"""Tests of what waits for a second person, and of deciding it."""
