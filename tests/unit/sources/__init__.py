"""Tests of the sources' parts."""
