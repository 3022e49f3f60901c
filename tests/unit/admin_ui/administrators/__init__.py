"""Tests of the pages on administrators."""
