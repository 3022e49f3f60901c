"""Kinds of what everything else hangs on: organisations where they stand, and their relations besides the tree."""
