"""Tests of the facts and of what is asked of them."""
