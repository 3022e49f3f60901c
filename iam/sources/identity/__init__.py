"""Whose record it is: one person, none yet, ambiguous, or contradicting itself, and what a human decided about it."""
