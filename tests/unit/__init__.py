"""Tests of single modules; the tree mirrors the code."""
